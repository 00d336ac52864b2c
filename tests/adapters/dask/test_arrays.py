"""`easiness_dask.score`: Dask arrays, lazily, with the core's numbers."""

import dask
import dask.array as da
import numpy as np
import pytest
from easiness_dask import arrays, score

import easiness_core as ec

RNG = np.random.default_rng(2)
PROBS = RNG.dirichlet(np.full(5, 0.2), size=230)
LABELS = RNG.integers(0, 5, size=230)
EXPECTED = ec.score(PROBS, LABELS)
IN_50 = da.from_array(PROBS, chunks=(50, 5))


@pytest.fixture(autouse=True)
def _serial():
    with dask.config.set(scheduler="synchronous"):
        yield


def check(scores, expected=EXPECTED):
    names = list(arrays._COLUMNS)
    found = dask.compute(*(getattr(scores, name) for name in names), scores.summary)
    for name, values in zip(names, found, strict=False):
        np.testing.assert_array_equal(values, getattr(expected, name), strict=True)
    assert found[-1] == expected.summary


@pytest.mark.parametrize(
    ("chunks", "cut"),
    [((230, 5), None), ((230, 5), 60), ((50, 5), 230), ((7, 2), (100, 130)),
     (((1, 29, 200), (2, 3)), 60)],
)  # fmt: skip
def test_equals_the_core_however_it_is_cut(chunks, cut):
    labels = LABELS if cut is None else da.from_array(LABELS, chunks=cut)
    check(score(da.from_array(PROBS, chunks=chunks), labels))


@pytest.mark.parametrize("n_blocks", [1, 15, 16, 17, 257])
def test_any_number_of_blocks(n_blocks):
    probs, labels = np.tile(PROBS, (2, 1))[:n_blocks], np.tile(LABELS, 2)[:n_blocks]
    check(score(da.from_array(probs, chunks=(1, 5)), labels), ec.score(probs, labels))


def test_each_block_is_scored_once_serially_and_only_when_asked(monkeypatch):
    calls = []
    original = ec.score

    def noted(probs, labels, **options):
        calls.append((options["first_row"], len(probs), options["n_threads"]))
        return original(probs, labels, **options)

    monkeypatch.setattr(ec, "score", noted)
    scores = score(da.from_array(PROBS, chunks=(100, 5)), LABELS)
    assert calls == []
    check(scores)
    assert sorted(calls) == [(0, 100, 1), (100, 100, 1), (200, 30, 1)]
    # Arrays are optimized apart from the summary: none of them may swallow the scoring.
    for some in ([scores.level], [scores.level.sum()], [scores.loss[150:170], scores.level]):
        calls.clear()
        dask.compute(*some, scores.summary)
        assert len(calls) == 3


def test_the_graph_has_few_tasks_a_block():
    # Of Delayed objects it took milliseconds a block to build; the time is measured elsewhere.
    scores = score(da.from_array(PROBS, chunks=(1, 5)), LABELS)
    graphs = [getattr(scores, name).dask for name in arrays._COLUMNS] + [scores.summary.dask]
    layers = {name: layer for graph in graphs for name, layer in graph.layers.items()}
    assert sum(map(len, layers.values())) <= 230 * 9.2
    assert len(layers) == 3 + len(arrays._COLUMNS) + 1


def test_equal_calls_have_equal_names_and_others_have_others():
    options = {"classes": range(5), "n_bins": 4}
    one, other = score(IN_50, LABELS, **options), score(IN_50, LABELS, **options)
    assert one.level.name == other.level.name
    assert one.summary.key == other.summary.key
    for changed in ({"n_bins": 4}, options | {"estimator": ec.ClosedForm(sigma=0.1)}):
        assert one.level.name != score(IN_50, LABELS, **changed).level.name


@pytest.mark.parametrize("kind", ["list", "masked", "pandas", "zarr"])
def test_labels_may_be_any_array(kind):
    probs = IN_50
    if kind == "pandas":
        labels = pytest.importorskip("pandas").Series(LABELS)
    elif kind == "zarr":
        zarr = pytest.importorskip("zarr")
        zarr.create_array("p.zarr", data=PROBS, chunks=(50, 2))
        zarr.create_array("y.zarr", data=LABELS, chunks=(40,))
        probs, labels = da.from_zarr("p.zarr"), da.from_zarr("y.zarr")
    else:
        labels = LABELS.tolist() if kind == "list" else np.ma.masked_array(LABELS)
    check(score(probs, labels))


def test_on_a_cluster():
    distributed = pytest.importorskip("distributed")
    patient = {"scheduler": None, "distributed.comm.timeouts.connect": "120s"}
    with (
        dask.config.set(patient),
        distributed.Client(
            processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None, timeout=120
        ) as client,
    ):
        scores = score(IN_50, LABELS)
        level, summary = client.compute([scores.level, scores.summary], sync=True)
        assert summary == EXPECTED.summary
        np.testing.assert_array_equal(level, EXPECTED.level)
        kept = scores.loss.persist()
        assert distributed.futures_of(kept)
        np.testing.assert_array_equal(kept.compute(), EXPECTED.loss)


def test_options_are_passed_on():
    names = np.array(list("abcde"))
    options = {"normalize": True, "n_bins": 3, "estimator": ec.MonteCarlo(draws=50, seed=3)}
    labels = da.from_array(names[LABELS], chunks=90)
    scores = score(da.from_array(PROBS * 7, chunks=(90, 5)), labels, classes=[*"abcde"], **options)
    check(scores, ec.score(PROBS * 7, LABELS, **options))


def picked(array, mask):
    """Rows of an array, whose number Dask cannot know."""
    chunks = (64, 5) if array.ndim == 2 else 64
    return da.from_array(array, chunks=chunks)[da.from_array(mask, chunks=64)]


def test_lengths_that_are_not_known_must_agree():
    every = np.ones(230, bool)
    check(score(picked(PROBS, every), picked(LABELS, every)))
    with pytest.raises(ValueError, match=r"1 blocks, probs have 4.*compute_chunk_sizes"):
        score(picked(PROBS, every), LABELS)
    other = picked(LABELS, PROBS[:, 1] > 0.1)
    with pytest.raises(ValueError, match="labels"):
        dask.compute(score(picked(PROBS, PROBS[:, 0] > 0.1), other).summary)


def test_a_bad_row_is_named_by_its_place_in_the_whole():
    probs = PROBS.copy()
    probs[170, 2] = np.nan
    kept = da.from_array(probs, chunks=(50, 5))
    with pytest.raises(ValueError, match="row 170"):
        score(kept, LABELS).summary.compute()
    # After blocks of unknown length, rows count within their block.
    labels = da.from_array(LABELS, chunks=50)
    every = kept[:100, 0] >= 0
    both = [da.concatenate([each[:100][every], each[100:]]) for each in (kept, labels)]
    with pytest.raises(ValueError, match="row 20 "):  # of the block from row 150 on
        score(*both).summary.compute()
    masked = np.ma.masked_array(LABELS, mask=np.arange(230) == 170)
    with pytest.raises(TypeError, match="masked"):
        score(IN_50, masked).summary.compute()


@pytest.mark.parametrize(
    ("probs", "labels", "error", "match"),
    [
        (PROBS, LABELS, TypeError, "expected a dask array, got ndarray"),
        (da.from_array(PROBS[0]), LABELS, ValueError, r"n_classes\), got \(5,\)"),
        (IN_50, LABELS[:-1], ValueError, "expected 230 labels, one per row, got 229"),
        (IN_50, PROBS, ValueError, r"expected shape \(n_samples,\)"),
    ],
)
def test_bad_arguments(probs, labels, error, match):
    with pytest.raises(error, match=match):
        score(probs, labels)
