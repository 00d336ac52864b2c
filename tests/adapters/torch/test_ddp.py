"""Two processes: shards are disjoint, equally long, and together what one process selects."""

import json
from pathlib import Path

import naive_sampler
import pytest
import torch
import torch_ddp_worker
from easiness_torch import EasinessSampler
from recipes import torchrun
from torch_ddp_worker import OPTIONS, N, logits_of


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    """What each of two ranks saw in every check."""
    folder = tmp_path_factory.mktemp("ddp")
    torchrun(torch_ddp_worker.__file__, folder)
    return [json.loads(Path(folder, f"rank{rank}.json").read_text()) for rank in (0, 1)]


def one_process(n_epochs):
    """The epochs of one process that goes through all of every epoch."""
    sampler = EasinessSampler(N, warmup_epochs=1, **OPTIONS)
    epochs = []
    for epoch in range(n_epochs):
        sampler.set_epoch(epoch)
        indices = list(sampler)
        epochs.append(indices)
        sampler.update(indices, logits_of(indices, epoch), [k % 3 for k in indices])
    return epochs, sampler


@pytest.mark.parametrize(("check", "drop_last"), [("fill", False), ("cut", True)])
def test_shards_are_disjoint_equally_long_and_together_the_whole(ranks, check, drop_last):
    found = [rank[check] for rank in ranks]
    if not drop_last:
        whole, sampler = one_process(4)
        for epoch in range(4):
            shards = [rank["epochs"][epoch] for rank in found]
            assert shards == naive_sampler.shards(whole[epoch], 2, drop_last)
            assert set(shards[0]) | set(shards[1]) == set(whole[epoch])
        assert found[0]["history"] == sampler.history
    for epoch in range(4):
        shards = [rank["epochs"][epoch] for rank in found]
        assert [len(shard) for shard in shards] == [rank["lengths"][epoch] for rank in found]
        assert len(shards[0]) == len(shards[1])
        overlap = len(set(shards[0]) & set(shards[1]))
        size = found[0]["history"][epoch]["n_selected"]
        assert overlap == (0 if drop_last else size % 2)
        assert len(shards[0]) == (size // 2 if drop_last else -(-size // 2))
    assert found[0]["history"] == found[1]["history"]
    assert [record["n_selected"] < N for record in found[0]["history"]] == [False, True, True, True]


def test_scores_are_brought_together_without_set_epoch_too(ranks):
    whole, _ = one_process(3)
    for epoch in range(3):
        shards = [rank["forgetful"]["epochs"][epoch] for rank in ranks]
        assert shards == naive_sampler.shards(whole[epoch], 2, False)


def test_of_each_sample_the_latest_score_wins_on_all_ranks(ranks):
    own = [rank["merge"]["own"] for rank in ranks]
    merged = [rank["merge"]["merged"] for rank in ranks]
    assert merged[0] == merged[1]
    for name in ("log_easiness", "loss", "predicted", "labels"):
        per_rank = [
            {
                k: (scores["written_at"][k], value)
                for k, value in zip(scores["indices"], scores[name], strict=True)
            }
            for scores in own
        ]
        expected = naive_sampler.merged(per_rank)
        assert dict(zip(merged[0]["indices"], merged[0][name], strict=True)) == expected
    # Some only one rank had, some both, and some of these from the same time.
    assert set(own[0]["indices"]) - set(own[1]["indices"])
    assert len(set(own[0]["indices"]) & set(own[1]["indices"])) > 20
    assert own[0]["written_at"][90:100] == own[1]["written_at"][90:100] == list(range(1, 11))


def test_a_rank_without_scores_gets_them(ranks):
    found = [rank["one_rank_without_scores"] for rank in ranks]
    assert found[0]["merged"] == found[1]["merged"]
    assert found[1]["merged"]["indices"] == list(range(50))
    assert set(range(50, N)) <= set(found[0]["indices"]) | set(found[1]["indices"])


def test_errors_are_raised_on_all_ranks_alike(ranks):
    first, second = (rank["errors"] for rank in ranks)
    assert first["nan"].startswith("ValueError: update: another rank was given bad input")
    assert "logits: got NaN or infinity for 1 sample: indices 4;" in second["nan"]
    assert first["afterwards"] is second["afterwards"] is None
    for found in (first, second):
        assert found["seed"].startswith("ValueError: seed: expected the same on all ranks, got 0 t")
        assert found["epoch"].startswith("ValueError: epoch: expected the same on all ranks, got")
        assert found["no_scores"].startswith("RuntimeError: epoch 0 selects by score")


def test_one_rank_may_ask_for_lengths(ranks):
    lengths = ranks[0]["lengths"]["lengths"]
    assert len(set(lengths)) == 1
    assert len(lengths) == lengths[0] + 3
    assert ranks[1]["lengths"]["lengths"] == []


def test_scoring_is_shared_between_ranks(ranks):
    found = [rank["scoring"] for rank in ranks]
    assert [rank["forward"] for rank in found] == [-(-N // 2)] * 2
    assert found[0]["merged"] == found[1]["merged"]
    assert found[0]["merged"]["indices"] == list(range(N))
    x = logits_of(range(N), 5) / (1 + 1e-5) ** 0.5
    labels = torch.arange(N) % 3
    sampler = EasinessSampler(N, warmup_epochs=0, **OPTIONS)
    sampler.update(range(N), x, labels)
    whole = list(sampler)
    assert [rank["indices"] for rank in found] == naive_sampler.shards(whole, 2, False)


def test_a_refresh_that_is_due_on_one_rank_is_made_by_all(ranks):
    found = [rank["refresh"] for rank in ranks]
    assert [rank["due"] for rank in found] == [False, True]
    assert found[0]["merged"] == found[1]["merged"]
    assert found[0]["merged"]["indices"] == list(range(N))
    sampler = EasinessSampler(N, warmup_epochs=0, **OPTIONS)
    sampler.update(range(N), logits_of(range(N), 5), torch.arange(N) % 3)
    shards = naive_sampler.shards(list(sampler), 2, False)
    assert [rank["indices"] for rank in found] == shards
    assert [rank["length"] for rank in found] == [len(shard) for shard in shards]


def test_ranks_may_be_kept_apart(ranks):
    for rank in (0, 1):
        assert sorted(ranks[rank]["apart"]["indices"]) == list(range(1 - rank, N, 2))


def test_a_run_on_two_processes_resumes(ranks):
    for rank in (0, 1):
        found = ranks[rank]["resume"]
        assert found["resumed"] == found["undisturbed"]
        assert [epoch for epoch, _ in found["resumed"]][-1] == 3
    assert ranks[0]["resume"]["resumed"] != ranks[1]["resume"]["resumed"]


def test_one_rank_alone_may_draw_what_all_were_told_of(ranks):
    first, second = (rank["one_rank_draws"] for rank in ranks)
    # Length, batches and weights are the same on both; only the one that draws has a history.
    assert first["epochs"] == second["epochs"]
    lengths, selected, weights = zip(*first["epochs"], strict=True)
    assert list(lengths) == [len(indices) for indices in selected]
    assert lengths[0] == N > lengths[1]
    assert set(weights[0]) == {1.0}
    assert {round(w, 5) for w in weights[1]} == {round(1 / 0.9, 5), round(1 / 0.4, 5)}
    assert (first["history"], second["history"]) == (3, 0)


def test_a_rank_that_waits_alone_says_so(ranks):
    first, second = (rank["unannounced"]["message"] for rank in ranks)
    assert first.startswith("RuntimeError: rank 0 waited 1 s for the other ranks to merge scores")
    assert "call set_epoch on all ranks before each epoch" in first
    assert second is None
