"""Sample easiness in PyTorch: scores on the device, a sampler for DataLoaders, and the loss."""

try:
    import torch  # noqa: F401
except ImportError as error:
    raise ImportError("easiness_torch needs PyTorch: pip install 'easiness-core[torch]'") from error

from easiness_torch._methods import below_mean_loss_halved
from easiness_torch._result import FitResult
from easiness_torch.batch import select_batch
from easiness_torch.closed_form import log_easiness, log_easiness_from_probs
from easiness_torch.dataset import score_dataset, with_ids
from easiness_torch.loss import SampleEasinessLoss, sample_easiness_loss
from easiness_torch.sampler import EasinessSampler, SampleScores, smooth_rates
from easiness_torch.training import fit

__all__ = [
    "EasinessSampler",
    "FitResult",
    "SampleEasinessLoss",
    "SampleScores",
    "below_mean_loss_halved",
    "fit",
    "log_easiness",
    "log_easiness_from_probs",
    "sample_easiness_loss",
    "score_dataset",
    "select_batch",
    "smooth_rates",
    "with_ids",
]
