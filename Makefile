# Everything runs in a virtual environment that these targets make: Python 3.11+ is all they need.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
SOURCES := pyproject.toml constraints.txt
# One process a core; a process that has done its tests takes over some of another's.
PARALLEL := -n auto --dist worksteal
LOWEST := tests/core $(addprefix tests/adapters/,io cli dask aum sklearn)

export EASINESS_DATA

.DEFAULT_GOAL := help
.PHONY: help demo test mutate fuzz stress test-evidence test-lowest test-package lint format docs picture tables cleaning mislabels label-errors scaling training training-data bench clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "easiness-core needs Python 3.11 or later; name one: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'

$(VENV)/.demo: $(BIN)/python $(SOURCES)
	$(PIP_INSTALL) -e '.[cli]'
	@touch $@

$(VENV)/.test: $(BIN)/python $(SOURCES)
	$(PIP_INSTALL) -e '.[cli,dask,sklearn,testing,torch]' --group test
	@touch $@

$(VENV)/.lint: $(VENV)/.test
	$(PIP_INSTALL) --group lint
	@touch $@

$(VENV)/.docs: $(VENV)/.test
	$(PIP_INSTALL) --group docs
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	$(PIP_INSTALL) --group bench
	@touch $@

demo: $(VENV)/.demo  ## score four classifiers on scikit-learn's digits; writes easiness-demo/
	$(BIN)/easiness demo --overwrite

# Coverage cannot see into compiled kernels, so their own tests run interpreted as well.
KERNEL_TESTS := $(addprefix tests/core/test_,accuracy.py kernels.py normal_tail.py scoring.py validation.py)

test: export OMP_NUM_THREADS = 1
test: $(VENV)/.test  ## all tests, also with interpreted kernels; at least 95 % of the core must be covered
	NUMBA_DISABLE_JIT=1 $(BIN)/pytest $(KERNEL_TESTS) -q $(PARALLEL) --cov --cov-report=
	$(BIN)/pytest tests easiness_core adapters --doctest-modules $(PARALLEL) \
	  --cov --cov-append --cov-report=term-missing:skip-covered --cov-fail-under=95

test-evidence: $(VENV)/.test  ## tests of the scripts behind the tables in the docs, and of the tables
	$(BIN)/pytest tests/evidence

test-package: $(VENV)/.test  ## build sdist and wheel; install them, and each extra alone, in empty environments (10 minutes)
	$(BIN)/pytest tests/package

# torch 2.5 is left out: its only builds for Linux on PyPI bring gigabytes of CUDA. Old releases warn
# of what newer ones replaced, so warnings are not errors here.
test-lowest: $(BIN)/python  ## tests of all but easiness_torch with the oldest versions allowed; needs Python 3.11
	$(PYTHON) -m venv $(VENV)/lowest
	$(VENV)/lowest/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-lowest.txt \
	  -e '.[cli,dask,sklearn,testing]' imbalanced-learn mpmath pandas polars pytest
	$(VENV)/lowest/bin/pytest -o filterwarnings=default $(LOWEST)

lint: $(VENV)/.lint  ## ruff, mypy and codespell
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell

format: $(VENV)/.lint  ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.docs  ## build the site into docs/_build/html; warnings are errors
	@rm -rf docs/reference/generated
	$(BIN)/sphinx-build -q -W --fresh-env --write-all docs docs/_build/html
	@echo 'open docs/_build/html/index.html'

mutate: $(VENV)/.test  ## put 60 small faults into the code, and count how many the tests catch (15 minutes)
	$(BIN)/python tests/mutate.py

fuzz: $(VENV)/.test  ## read damaged files of every format in child processes (10 minutes)
	$(BIN)/python tests/fuzz_readers.py --minutes 10

stress: $(VENV)/.test  ## interrupt calls in their first milliseconds, in 200 processes (5 minutes)
	$(BIN)/python tests/stress_interrupts.py --processes 200

picture: $(VENV)/.demo  ## redraw the pictures of the README and of docs/concepts.md
	$(BIN)/python examples/evidence/readme_picture.py
	$(BIN)/python examples/evidence/concept_pictures.py

bench: $(VENV)/.bench  ## time against other libraries (15 minutes, idle machine); writes docs/benchmarks.md
	$(BIN)/pytest tests/bench -o python_files='bench_*.py' -q --benchmark-json=$(VENV)/timings.json
	$(BIN)/python tests/bench/growth.py docs/img/growth.png
	$(BIN)/python tests/bench/write_report.py $(VENV)/timings.json docs/benchmarks.md

cleaning: $(VENV)/.bench  ## the comparison of docs/cleaning.md (20 minutes); needs EASINESS_DATA
	$(BIN)/python examples/evidence/cleaning/measure.py -o docs/cleaning.csv
	$(BIN)/python examples/evidence/cleaning/report.py docs

mislabels: $(VENV)/.bench  ## the figures of docs/mislabels_measured.md (an hour, one thread); needs EASINESS_DATA
	$(BIN)/python examples/evidence/aum_se/train.py $(VENV)/aum_records
	$(BIN)/python examples/evidence/aum_se/evaluate.py $(VENV)/aum_records -o $(VENV)/aum_se.csv --plot docs/img/aum_se.png --tradeoff docs/img/aum_se_tradeoff.png
	cp $(VENV)/aum_se.csv docs/aum_se.csv
	$(BIN)/python examples/evidence/aum_se/train.py $(VENV)/aum_records_3 --seed 3
	$(BIN)/python examples/evidence/aum_se/evaluate.py $(VENV)/aum_records_3 -o $(VENV)/aum_se_3.csv
	cp $(VENV)/aum_se_3.csv docs/aum_se_confirmation.csv
	$(BIN)/python examples/evidence/aum_se/train.py $(VENV)/aum_resnet --network resnet --noise next --rate 0.2
	$(BIN)/python examples/evidence/aum_se/evaluate.py $(VENV)/aum_resnet -o $(VENV)/aum_se_resnet.csv --plot docs/img/aum_se_resnet.png
	cp $(VENV)/aum_se_resnet.csv docs/aum_se_resnet.csv
	$(BIN)/python examples/evidence/aum_se/report.py docs

label-errors: $(VENV)/.bench  ## the tables of docs/label_errors_measured.md (10 minutes, one thread); needs EASINESS_DATA
	OMP_NUM_THREADS=1 $(BIN)/python examples/evidence/label_errors/measure.py docs/label_errors.csv
	$(BIN)/python examples/evidence/label_errors/report.py docs

scaling: $(VENV)/.test  ## the tables of docs/scaling.md (10 minutes, 7 GB of temporary files)
	OMP_NUM_THREADS=1 $(BIN)/python examples/evidence/scaling/measure.py docs/scaling.md
	OMP_NUM_THREADS=1 $(BIN)/python examples/evidence/scaling/memory.py docs/scaling.md

# A run that a table in RUNS holds is not run again: in a clean clone these lines draw what is
# committed, and RUNS=folder measures all of it anew. Hours are of one core.
RUNS ?= docs
TRAIN := OMP_NUM_THREADS=1 $(BIN)/python examples/evidence/set/train.py -o $(RUNS) --seeds
ONLY := --only classic SET "random, as SET" "RS2, as SET" "SEL-SET, sigma 1"
training: $(VENV)/.test  ## the figures of docs/set.md and docs/sel.md (about 12 hours, estimated, one thread); needs EASINESS_DATA
	$(TRAIN) 0 1 2 3 4 -- paper  # 1.7 hours
	$(TRAIN) 0 1 2 3 4 --size 4000 -- paper  # 0.8
	$(TRAIN) 0 1 2 3 4 --data cifar10 -- paper  # 2
	$(TRAIN) 0 1 2 3 4 $(ONLY) --size 40000 -- paper  # 0.8
	$(TRAIN) 0 1 2 3 4 $(ONLY) --data cifar10 --network resnet8 -- paper  # 1.2
	$(TRAIN) 10 11 -- robust_grid  # 0.5
	$(TRAIN) 0 1 2 3 4 -- robust rules  # 1.2
	$(TRAIN) 0 1 2 3 4 --data cifar10 -- robust rules  # 1.4
	$(TRAIN) 0 --only classic SET --data cifar10 --network cnn18m --size 2000 --epochs 10 -- networks  # 0.2
	$(TRAIN) 0 1 2 -- frontier levels noise imbalance finetune sel  # 3
	test -e $(RUNS)/set_figure_1.csv || $(BIN)/python examples/evidence/set/figure_1.py $(RUNS)
	$(BIN)/python examples/evidence/set/report.py $(RUNS)

training-data: $(VENV)/.test  ## Fashion-MNIST and CIFAR-10 from their public files, into the folder EASINESS_DATA
	$(BIN)/python examples/evidence/set/get_data.py $(EASINESS_DATA)

tables: $(VENV)/.demo  ## the tables of docs/numerics.md; needs EASINESS_DATA
	$(BIN)/python examples/evidence/numerics_tables.py

clean:  ## remove the environment and what the targets wrote
	rm -rf $(VENV) easiness-demo docs/_build docs/reference/generated .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
