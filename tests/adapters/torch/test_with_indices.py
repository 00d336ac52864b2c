"""Indices that travel with samples, whatever samples and batches are."""

import collections
import pickle

import numpy as np
import pytest
import torch
from easiness_torch import score_dataset, with_indices
from easiness_torch.scoring.device import all_moved
from sampler_cases import Batched, Samples
from torch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
)

N = 50


@pytest.fixture
def data():
    generator = torch.Generator().manual_seed(1)
    return TensorDataset(torch.randn(N, 4, generator=generator), torch.arange(N) % 3)


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (("x", 7), (1, "x", 7)),
        (["x", 7], (1, "x", 7)),
        ("x", (1, "x")),
        ({"x": 5}, {"index": 1, "x": 5}),
    ],
)
@pytest.mark.parametrize("kind", [Samples, Batched])
def test_ids_come_first(sample, expected, kind):
    dataset = with_indices(kind([sample] * 3))
    assert dataset[1] == expected
    assert dataset[torch.tensor(1)] == dataset[np.int64(1)] == dataset[-2] == expected
    assert len(dataset) == len(pickle.loads(pickle.dumps(dataset))) == 3
    (batch,) = DataLoader(dataset, batch_size=3, collate_fn=list)
    assert batch[1] == expected


def test_batches_are_fetched_at_once_if_the_data_set_can(data):
    inner = Batched(list(range(20)))
    loader = DataLoader(with_indices(inner), batch_size=5)
    batches = [(indices.tolist(), values.tolist()) for indices, values in loader]
    assert batches[3] == ([15, 16, 17, 18, 19],) * 2
    assert inner.fetched == [15, 16, 17, 18, 19]
    assert not hasattr(with_indices(data), "__getitems__")


def test_what_has_no_ids_is_refused():
    class Stream(IterableDataset):
        def __iter__(self):
            yield 1

    class Endless:
        def __getitem__(self, index):
            return index

    with pytest.raises(TypeError, match="map-style data set, got Stream; for a stream"):
        with_indices(Stream())
    with pytest.raises(TypeError, match="got int"):
        with_indices(3)
    with pytest.raises(TypeError, match="expected a length, Endless has none"):
        with_indices(Endless())
    with pytest.raises(ValueError, match="already have a key 'index'; pass another"):
        with_indices(Samples([{"index": 4}]))[0]
    numbered = with_indices(Samples([1, 2, 3]))
    for again in (numbered, Subset(numbered, [2, 1])):
        with pytest.raises(ValueError, match=r"already have indices; .* or take the part first"):
            with_indices(again)


class Encoding(collections.UserDict):
    """A mapping that is no dict, as transformers' BatchEncoding."""


@pytest.mark.parametrize("kind", [dict, Encoding, collections.OrderedDict])
def test_mappings_of_any_kind_get_a_key(kind, data):
    x, y = data.tensors
    samples = [kind({"id": f"s{k}", "x": x[k], "labels": y[k]}) for k in range(N)]
    for key in ("index", "row"):
        loader = DataLoader(with_indices(Samples(samples), key=key), batch_size=20)
        batches = list(loader)
        assert [batch[key].tolist() for batch in batches][1] == list(range(20, 40))
        # Ids of their own stay what they are.
        assert batches[2]["id"] == [f"s{k}" for k in range(40, 50)]
        assert torch.equal(torch.cat([batch["x"] for batch in batches]), x)
    with pytest.raises(ValueError, match=r"already have a key 'id'; .*with_indices\(dataset, key="):
        with_indices(Samples(samples), key="id")[0]


@pytest.mark.parametrize("kind", [dict, Encoding, collections.OrderedDict])
def test_mappings_are_moved_whole_and_keep_their_type(kind):
    batch = kind(x=torch.zeros(2), inner=[kind(y=torch.ones(1)), "text"])
    there = all_moved(batch, torch.device("meta"))
    assert type(there) is type(there["inner"][0]) is kind
    assert there["x"].device.type == there["inner"][0]["y"].device.type == "meta"
    assert there["inner"][1] == "text"
    assert batch["x"].device.type == batch["inner"][0]["y"].device.type == "cpu"


class Bulk(Dataset):
    """Fetches whole batches by a list, slice or tensor of indices."""

    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, index):
        return self.values[index], self.values[index] * 2


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ([3, 1], [3, 1]),
        (slice(2, 8, 3), [2, 5]),
        (slice(-2, None), [48, 49]),
        (torch.tensor([7, -1]), [7, 49]),
        (np.array([4, 0]), [4, 0]),
        (torch.arange(N) < 2, [0, 1]),
    ],
)
def test_bulk_indices(index, expected):
    indices, values, doubled = with_indices(Bulk(torch.arange(N)))[index]
    assert indices.dtype == torch.int64
    assert indices.tolist() == values.tolist() == expected
    assert doubled.tolist() == [2 * k for k in expected]


class Classifier(torch.nn.Module):
    """Gives what a Hugging Face model gives, in one of its forms."""

    def __init__(self, form):
        super().__init__()
        self.form = form

    def forward(self, x):
        return self.form(x @ torch.eye(4)[:, :3])


def test_outputs_of_models(data):
    x, y = data.tensors
    expected = score_dataset(Classifier(lambda z: z), data).easiness
    mappings = Samples([{"x": x[k], "labels": y[k]} for k in range(N)])
    for form in (lambda z: z, lambda z: {"logits": z}, lambda z: Encoding(logits=z, loss=None)):
        for source in (data, mappings):
            found = score_dataset(Classifier(form), source).easiness
            np.testing.assert_array_equal(found, expected)
    returns_a_tuple = Classifier(lambda z: (z, "hidden"))
    with pytest.raises(TypeError, match="got tuple; pass step=, such as lambda ") as caught:
        score_dataset(returns_a_tuple, data)
    step = eval(str(caught.value).partition("such as ")[2])
    np.testing.assert_array_equal(
        score_dataset(returns_a_tuple, data, step=step).easiness, expected
    )
    with pytest.raises(TypeError, match="got dict with keys scores; pass step="):
        score_dataset(Classifier(lambda z: {"scores": z}), data)
