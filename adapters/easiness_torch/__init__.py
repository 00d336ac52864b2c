"""Sample easiness in PyTorch: scores on the device, a sampler for DataLoaders, and the loss."""

try:
    import torch  # noqa: F401
except ImportError as error:
    raise ImportError("easiness_torch needs PyTorch: pip install 'easiness-core[torch]'") from error

from easiness_torch.sampling.keep import SampleScores, smooth_rates
from easiness_torch.sampling.sampler import EasinessSampler
from easiness_torch.sampling.stream import EasinessStream
from easiness_torch.scoring.batch import select_batch
from easiness_torch.scoring.closed_form import log_easiness, log_easiness_from_probs
from easiness_torch.scoring.dataset import score_dataset
from easiness_torch.scoring.indices import with_indices
from easiness_torch.training.fit import fit
from easiness_torch.training.loss import SampleEasinessLoss, sample_easiness_loss
from easiness_torch.training.methods import below_mean_loss_halved
from easiness_torch.training.result import FitResult

__all__ = [
    "EasinessSampler",
    "EasinessStream",
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
    "with_indices",
]
