"""Convert torch tensors to NumPy arrays, without importing torch."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from easiness_core.errors import InputTypeError

# Bits of torch's bfloat16, which NumPy lacks: the upper half of a float32.
BFLOAT16_BITS = np.dtype([("bfloat16", np.uint16)])


def from_torch(tensor: Any, name: str) -> Any:
    """Array of a tensor on the CPU; bfloat16 as its bits."""
    device = tensor.device.type
    if device == "meta":
        raise InputTypeError("expected an array, got a tensor without values", argument=name)
    if device != "cpu":
        raise InputTypeError(
            f"expected an array in host memory, got a tensor on {tensor.device}",
            argument=name,
            hint="pass {argument}.cpu(), or score on the device with easiness_torch",
        )
    dtype = str(tensor.dtype).removeprefix("torch.")
    layout = str(tensor.layout).removeprefix("torch.").lstrip("_")
    for refused, kind, mend in (
        (tensor.is_nested, "nested", "torch.stack({argument}.unbind())"),
        (layout != "strided", layout, "{argument}.to_dense()"),
        (tensor.is_quantized, "quantized", "{argument}.dequantize()"),
        (dtype.startswith("float8"), dtype, "{argument}.float()"),
    ):
        if refused:
            problem = f"expected a dense array, got a {kind} tensor"
            raise InputTypeError(problem, argument=name, hint=f"pass {mend}")
    # Lazy conjugates and negatives: their values are not computed yet.
    tensor = tensor.detach().resolve_conj().resolve_neg()
    if dtype == "bfloat16":
        return tensor.view(sys.modules["torch"].int16).numpy().view(BFLOAT16_BITS)
    try:
        return tensor.numpy()
    except (TypeError, RuntimeError) as error:
        got = f"a {type(tensor).__name__} of dtype {dtype} cannot be read as an array ({error})"
        raise InputTypeError(got, argument=name) from error
