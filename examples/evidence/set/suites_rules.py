"""`fewer_easy` beside other rules that drop samples; imported, not run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from easiness_torch import SampleScores
from set.data import Images
from set.run import Run, control
from sklearn.cluster import KMeans
from torch import Tensor

PRESET = {"budget": 0.35, "floor": 0.1, "weight_power": 0.5, "refresh": "training"}
WINDOW = {"weight_power": 0.0, "refresh": "training"}


def rules(epochs: int) -> Iterator[Run]:
    """`fewer_easy` with other scores in easiness's place, at its budget, floor and weights."""
    n = {"n_epochs": epochs}
    yield Run("rules", "", "classic", {"method": "classic", **n})
    yield Run("rules", "", "fewer_easy", {"method": "fewer_easy", **n})
    preset = {"method": "fewer_easy", "sampler_options": PRESET, **n}
    for name, rule in (("1 - p", _one_minus_p), ("loss", _loss)):
        yield Run("rules", "", f"fewer_easy by {name}", {**preset, "keep": rule})
    yield Run("rules", "", "fewer_easy by error norm", preset, make=error_norms)
    yield control("rules", "", "fewer_easy", epochs)
    yield control("rules", "", "fewer_easy", epochs, "RS2")
    yield Run("rules", "", "InfoBatch", {"method": "InfoBatch", **n})
    # At about the cost of `fewer_easy`.
    for method, part in (("classic", 8), ("InfoBatch", 11)):
        shorter = {"method": method, "n_epochs": max(2, round(part / 15 * epochs))}
        yield Run("rules", "", f"{method}, {part}/15 of the epochs", shorter)
    for name, groups, scale in (("0.9 of 5", 5, 0.9), ("0.5 of 10", 10, 0.5)):
        yield Run("rules", "", f"SeTa, window {name} groups",
                  {"method": "SET", "warmup_epochs": 1, "sampler_options": WINDOW, **n},
                  make=partial(window, groups=groups, scale=scale, n_epochs=epochs))  # fmt: skip


def _one_minus_p(scores: SampleScores) -> Tensor:
    return -torch.expm1(-scores.loss)


def _loss(scores: SampleScores) -> Tensor:
    return scores.loss / scores.loss.max().clamp(min=1e-30)


def error_norms(images: Images) -> dict[str, Any]:
    """Options that keep samples by the length of probabilities minus label (EL2N).

    The sampler has no such column: the loss sees each batch just after the data set gave it.
    """
    norms = torch.zeros(len(images))

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        error = logits.detach().softmax(1)
        error[torch.arange(len(labels)), labels] -= 1.0
        norms[images.last] = error.norm(dim=1).cpu()
        return torch.nn.functional.cross_entropy(logits, labels, reduction="none")

    def keep(scores: SampleScores) -> Tensor:
        return norms[scores.indices.cpu()].to(scores.loss) / 2.0**0.5

    return {"loss": loss, "keep": keep}


def window(
    images: Images, *, groups: int, scale: float, n_epochs: int, share: float = 0.9
) -> dict[str, Any]:
    """SeTa (Zhou et al., CVPR 2025): a random share, of it a window of groups by loss.

    Losses are put into groups by k-means; a window over a share `scale` of the groups moves from
    easy to hard, a group an epoch, and starts again. The last 12.5 % of epochs take the random
    share alone. No weights.
    """
    rng = np.random.default_rng(0)
    size = round(scale * groups)
    epoch = 0

    def keep(scores: SampleScores) -> Tensor:
        nonlocal epoch
        epoch += 1
        drawn = rng.permutation(len(scores))[: int(share * len(scores))]
        rates = torch.zeros(len(scores))
        if epoch < 0.875 * n_epochs:
            loss = scores.loss.cpu().double().numpy()[drawn]
            fitted = KMeans(groups, n_init=1, random_state=0).fit(loss[:, None])
            place = fitted.cluster_centers_[:, 0].argsort().argsort()[fitted.labels_]
            start = epoch % (groups - size + 1)
            drawn = drawn[(place >= start) & (place < start + size)]
        rates[torch.from_numpy(drawn)] = 1.0
        return rates

    return {"keep": keep}
