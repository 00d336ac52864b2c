"""Against the package `aum` itself: the same numbers, and its two files byte for byte."""

import numpy as np
import pytest
from easiness_aum import AreaUnderMargin
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
aum = pytest.importorskip("aum", reason="the package aum is not installed: nothing to compare with")
# Theirs sorts in place, of which pandas 3 warns.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.sort_values")


def both(stream, folder, *, keep_records=True):
    """The same stream to both; folders with what each wrote."""
    theirs = aum.AUMCalculator(str(folder / "theirs"), compressed=not keep_records)
    ours = AreaUnderMargin(keep_records=keep_records)
    for ids, logits, labels in stream:
        theirs.update(torch.as_tensor(logits), torch.as_tensor(labels), list(ids))
        ours.update(ids, logits, labels)
    theirs.finalize()
    ours.to_csv(folder / "ours")
    return theirs, ours


def assert_same_files(folder, names):
    for name in names:
        theirs = (folder / "theirs" / name).read_bytes()
        assert (folder / "ours" / name).read_bytes() == theirs
    assert sorted(p.name for p in (folder / "ours").iterdir()) == sorted(names)


FILES = ["aum_values.csv", "full_aum_records.csv"]


def stream_of(rng, *, n_samples, n_batches, dtype, name, ties=False):
    labels = rng.integers(0, 5, n_samples)
    for _ in range(n_batches):
        rows = rng.integers(0, n_samples, 9)
        logits = rng.normal(scale=4, size=(9, 5))
        logits = np.round(logits) if ties else logits
        yield [name(k) for k in rows], logits.astype(dtype), labels[rows]


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32),
    n_samples=st.integers(1, 60),
    n_batches=st.integers(1, 20),
    dtype=st.sampled_from([np.float32, np.float64]),
    name=st.sampled_from([int, str, lambda k: f'a "b", {k}', lambda k: f"é\n{k % 7}/{k}"]),
    ties=st.booleans(),
)
def test_numbers_and_files_are_theirs(
    tmp_path_factory, seed, n_samples, n_batches, dtype, name, ties
):
    folder = tmp_path_factory.mktemp("aum")
    rng = np.random.default_rng(seed)
    stream = list(
        stream_of(rng, n_samples=n_samples, n_batches=n_batches, dtype=dtype, name=name, ties=ties)
    )
    theirs, ours = both(stream, folder)
    values = ours.values()
    assert dict(zip(values.ids.tolist(), values.count.tolist(), strict=True)) == dict(theirs.counts)
    expected = {k: theirs.sums[k] / theirs.counts[k] for k in theirs.counts}
    assert dict(zip(values.ids.tolist(), values.aum.tolist(), strict=True)) == expected
    assert_same_files(folder, FILES)


def test_values_of_many_samples_with_ties(rng, tmp_path):
    stream = list(
        stream_of(rng, n_samples=4000, n_batches=900, dtype=np.float32, name=int, ties=True)
    )
    _, ours = both(stream, tmp_path, keep_records=False)
    assert len(np.unique(ours.values().aum)) < len(ours) / 2
    assert_same_files(tmp_path, FILES[:1])


def test_their_records_are_read_and_gone_on_with(rng, tmp_path):
    stream = list(stream_of(rng, n_samples=20, n_batches=12, dtype=np.float32, name=int))
    both(stream[:7], tmp_path / "first")
    ours = AreaUnderMargin.read_csv(tmp_path / "first" / "theirs" / "full_aum_records.csv")
    for batch in stream[7:]:
        ours.update(*batch)
    both(stream, tmp_path)
    ours.to_csv(tmp_path / "ours")
    # By sample in the file: samples of equal AUM may change places, numbers may not.
    read = AreaUnderMargin.read_csv(tmp_path / "theirs" / "aum_values.csv").values()
    assert ours.values(read.ids).aum.tolist() == read.aum.tolist()
    assert_same_files(tmp_path, FILES)


def test_their_values_are_read_for_reading_alone(rng, tmp_path):
    stream = list(stream_of(rng, n_samples=20, n_batches=12, dtype=np.float32, name=str))
    _, ours = both(stream, tmp_path)
    read = AreaUnderMargin.read_csv(tmp_path / "theirs" / "aum_values.csv")
    # Names that are whole numbers come back as such, as pandas reads them.
    assert all(isinstance(k, int) for k in read.values().ids.tolist())
    names = read.values().ids.astype(str)
    assert ours.values(names).aum.tolist() == read.values().aum.tolist()
    assert set(read.values().count) == {0}
    assert set(read.values().labels) == {-1}
    for change in (
        lambda: read.update(*stream[0]),
        lambda: read.merge(AreaUnderMargin(estimator=None)),
        read.state_dict,
    ):
        with pytest.raises(RuntimeError, match="does not say how often"):
            change()


def test_what_they_cannot_do(rng, tmp_path):
    """Defects that ours must not share, shown on theirs: tells when they are mended."""
    theirs = aum.AUMCalculator(str(tmp_path))
    one = torch.tensor([[1.0, 2.0]])
    with pytest.raises(TypeError):
        theirs.update(one, torch.tensor([0]), [0])
    ids = torch.tensor([3, 4])
    for _ in range(2):
        theirs.update(torch.zeros(2, 2), torch.tensor([0, 1]), ids)
    assert len(theirs.counts) == 4
    ours = AreaUnderMargin()
    for _ in range(2):
        ours.update(ids, torch.zeros(2, 2), torch.tensor([0, 1]))
    assert ours.values().count.tolist() == [2, 2]
