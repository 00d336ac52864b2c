"""Sample easiness in PyTorch: scores on the device, a sampler for DataLoaders, and the loss."""

try:
    import torch  # noqa: F401
except ImportError as error:
    raise ImportError("easiness_torch needs PyTorch: pip install 'easiness-core[torch]'") from error
