"""`easiness_dask.score`: Dask arrays, lazily, with the core's numbers."""

from __future__ import annotations

from typing import Any

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


@pytest.fixture(autouse=True)
def _serial() -> Any:
    with dask.config.set(scheduler="synchronous"):
        yield


def check(scores: Any) -> None:
    names = list(arrays._COLUMNS)
    found = dask.compute(*(getattr(scores, name) for name in names), scores.summary)
    for name, values in zip(names, found, strict=False):
        np.testing.assert_array_equal(values, getattr(EXPECTED, name), strict=True)
    assert found[-1] == EXPECTED.summary


@pytest.mark.parametrize(
    ("chunks", "cut"),
    [((230, 5), None), ((230, 5), 60), ((50, 5), 230), ((7, 2), (100, 130)),
     (((1, 29, 200), (2, 3)), 60)],
)  # fmt: skip
def test_equals_the_core_however_it_is_cut(chunks: Any, cut: Any) -> None:
    labels = LABELS if cut is None else da.from_array(LABELS, chunks=cut)
    check(score(da.from_array(PROBS, chunks=chunks), labels))


def test_each_block_is_scored_once_and_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, int, Any]] = []
    original = arrays._score_block

    def counted(probs: Any, labels: Any, first_row: int, **options: Any) -> ec.Scores:
        calls.append((first_row, len(probs), len(labels)))
        return original(probs, labels, first_row, **options)

    monkeypatch.setattr(arrays, "_score_block", counted)
    scores = score(da.from_array(PROBS, chunks=(100, 5)), LABELS)
    assert calls == []
    check(scores)
    assert sorted(calls) == [(0, 100, 100), (100, 100, 100), (200, 30, 30)]
    # Arrays are optimized apart from the summary: none of them may swallow the scoring.
    for some in ([scores.level], [scores.level.sum()], [scores.loss[150:170], scores.level]):
        calls.clear()
        dask.compute(*some, scores.summary)
        assert len(calls) == 3


@pytest.mark.parametrize("n_blocks", [1, 15, 16, 17, 256, 257, 600])
def test_any_number_of_blocks(n_blocks: int) -> None:
    probs = np.tile(PROBS, (3, 1))[:n_blocks]
    labels = np.tile(LABELS, 3)[:n_blocks]
    scores = score(da.from_array(probs, chunks=(1, 5)), labels)
    level, summary = dask.compute(scores.level, scores.summary)
    expected = ec.score(probs, labels)
    assert summary == expected.summary
    np.testing.assert_array_equal(level, expected.level)


def test_the_graph_has_few_tasks_a_block() -> None:
    # Of Delayed objects it took milliseconds a block to build; the time is measured elsewhere.
    scores = score(da.from_array(PROBS, chunks=(1, 5)), LABELS)
    graphs = [getattr(scores, name).dask for name in arrays._COLUMNS] + [scores.summary.dask]
    layers = {name: layer for graph in graphs for name, layer in graph.layers.items()}
    assert sum(map(len, layers.values())) <= 230 * 9.2
    assert len(layers) == 3 + len(arrays._COLUMNS) + 1


def test_equal_calls_have_equal_names() -> None:
    probs = da.from_array(PROBS, chunks=(90, 5))
    options: dict[str, Any] = {"classes": range(5), "n_bins": 4}
    one, other = score(probs, LABELS, **options), score(probs, LABELS, **options)
    assert one.level.name == other.level.name
    assert one.summary.key == other.summary.key
    assert one.level.name != score(probs, LABELS, n_bins=4).level.name


@pytest.mark.parametrize("labels", [LABELS.tolist(), np.ma.masked_array(LABELS), "series"])
def test_labels_may_be_any_array(labels: Any) -> None:
    pd = pytest.importorskip("pandas")
    check(
        score(
            da.from_array(PROBS, chunks=(50, 5)),
            pd.Series(LABELS) if isinstance(labels, str) else labels,
        )
    )


def test_a_masked_label_is_refused() -> None:
    labels = np.ma.masked_array(LABELS, mask=np.arange(230) == 170)
    with pytest.raises(TypeError, match="masked"):
        score(da.from_array(PROBS, chunks=(50, 5)), labels).summary.compute()


def test_on_a_cluster() -> None:
    distributed = pytest.importorskip("distributed")
    patient = {"scheduler": None, "distributed.comm.timeouts.connect": "120s"}
    with (
        dask.config.set(patient),
        distributed.Client(
            processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None, timeout=120
        ) as client,
    ):
        scores = score(da.from_array(PROBS, chunks=(50, 5)), LABELS)
        level, summary = client.compute([scores.level, scores.summary], sync=True)
        assert summary == EXPECTED.summary
        np.testing.assert_array_equal(level, EXPECTED.level)
        kept = scores.loss.persist()
        assert distributed.futures_of(kept)
        np.testing.assert_array_equal(kept.compute(), EXPECTED.loss)


def test_lengths_that_are_not_known() -> None:
    keep = RNG.random(230) < 2  # all, which Dask cannot know
    probs = da.from_array(PROBS, chunks=(64, 5))[da.from_array(keep, chunks=64)]
    labels = da.from_array(LABELS, chunks=64)[da.from_array(keep, chunks=64)]
    check(score(probs, labels))
    with pytest.raises(ValueError, match=r"1 blocks, probs have 4.*compute_chunk_sizes"):
        score(probs, LABELS)


def test_labels_are_aligned_with_their_rows() -> None:
    keep = da.from_array(PROBS[:, 0] > 0.1, chunks=64)
    probs = da.from_array(PROBS, chunks=(64, 5))[keep]
    other = da.from_array(LABELS, chunks=64)[da.from_array(PROBS[:, 1] > 0.1, chunks=64)]
    with pytest.raises(ValueError, match="labels"):
        dask.compute(score(probs, other).summary)


def test_options_are_passed_on() -> None:
    names = np.array(list("abcde"))
    estimator = ec.MonteCarlo(draws=50, seed=3)
    scores = score(
        da.from_array(PROBS * 7, chunks=(90, 5)),
        da.from_array(names[LABELS], chunks=90),
        classes=list("abcde"), normalize=True, n_bins=3, estimator=estimator,
    )  # fmt: skip
    expected = ec.score(PROBS * 7, LABELS, normalize=True, n_bins=3, estimator=estimator)
    np.testing.assert_array_equal(scores.log_easiness.compute(), expected.log_easiness)
    assert scores.summary.compute() == expected.summary


def test_different_options_are_different_tasks() -> None:
    probs = da.from_array(PROBS, chunks=(90, 5))
    one, other = score(probs, LABELS), score(probs, LABELS, estimator=ec.ClosedForm(sigma=0.1))
    first, second = dask.compute(one.log_easiness, other.log_easiness)
    assert (first != second).any()


def test_a_bad_row_is_named_by_its_place_in_the_whole() -> None:
    probs = PROBS.copy()
    probs[170, 2] = np.nan
    scores = score(da.from_array(probs, chunks=(100, 5)), LABELS)
    with pytest.raises(ValueError, match="row 170"):
        scores.summary.compute()


def test_after_blocks_of_unknown_length_rows_count_within_their_block() -> None:
    probs = PROBS.copy()
    probs[170, 2] = np.nan
    kept = da.from_array(probs, chunks=(50, 5))
    rows, labels = kept[:100], da.from_array(LABELS, chunks=50)
    unknown = [rows[rows[:, 0] >= 0], labels[:100][rows[:, 0] >= 0]]
    both = [da.concatenate([unknown[0], kept[100:]]), da.concatenate([unknown[1], labels[100:]])]
    with pytest.raises(ValueError, match="row 20 "):  # of the block from row 150 on
        score(*both).summary.compute()


@pytest.mark.parametrize(
    ("probs", "labels", "error", "match"),
    [
        (PROBS, LABELS, TypeError, "expected a dask array, got ndarray"),
        (da.from_array(PROBS[0]), LABELS, ValueError, r"n_classes\), got \(5,\)"),
        (
            da.from_array(PROBS),
            LABELS[:-1],
            ValueError,
            "expected 230 labels, one per row, got 229",
        ),
        (da.from_array(PROBS), PROBS, ValueError, r"expected shape \(n_samples,\)"),
    ],
)
def test_bad_arguments(probs: Any, labels: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        score(probs, labels)


def test_kernels_are_serial(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[Any] = []
    original = ec.score

    def noted(*args: Any, **options: Any) -> ec.Scores:
        threads.append(options["n_threads"])
        return original(*args, **options)

    monkeypatch.setattr(ec, "score", noted)
    score(da.from_array(PROBS, chunks=(100, 5)), LABELS).summary.compute()
    assert threads == [1, 1, 1]


def test_zarr_is_read_through_dask() -> None:
    zarr = pytest.importorskip("zarr")
    zarr.create_array("p.zarr", data=PROBS, chunks=(50, 2))
    zarr.create_array("y.zarr", data=LABELS, chunks=(40,))
    check(score(da.from_zarr("p.zarr"), da.from_zarr("y.zarr")))
