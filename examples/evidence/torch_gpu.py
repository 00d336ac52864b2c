"""Score and select at the scale of ImageNet on a GPU, batch by batch, and check the results.

`EasinessSampler.update` reads 1,281,167 x 1,000 logits that are on the device already, then an
epoch is planned. Eager and under `torch.compile`. Speed is given as a share of the memory
bandwidth that copying a tensor reaches in the same run; scores are compared with the core's.

    python examples/evidence/torch_gpu.py --output gpu.md        # or .json
    python examples/evidence/torch_gpu.py --device cpu --rows 20000 --classes 100
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from easiness_torch import EasinessSampler
from easiness_torch.sampling import scores
from easiness_torch.scoring.closed_form import score_logits
from torch import Tensor

import easiness_core as ec

COMPARED_ROWS = 2000


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rows", type=int, default=1_281_167)
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=65_536, help="rows an update")
    parser.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), default="float32")
    parser.add_argument("--passes", type=int, default=5, help="passes over all rows; median")
    parser.add_argument("--modes", nargs="+", choices=("eager", "compiled"),
                        default=["eager", "compiled"])  # fmt: skip
    parser.add_argument("--output", type=Path, help="file to write: .json, otherwise Markdown")
    options = parser.parse_args()
    if options.device.startswith("cuda") and not torch.cuda.is_available():
        print(
            "no CUDA device here: run this on a machine with a GPU, or see it work with "
            "--device cpu --rows 20000 --classes 100",
            file=sys.stderr,
        )
        return 1
    report = measure(options)
    text = json.dumps(report, indent=2) if is_json(options.output) else markdown(report)
    print(text)
    if options.output:
        options.output.write_text(text + "\n", "utf-8")
    return 0 if all(mode["equals_core"] for mode in report["modes"].values()) else 2


def is_json(path: Path | None) -> bool:
    return path is not None and path.suffix == ".json"


def measure(options: argparse.Namespace) -> dict[str, Any]:
    device = torch.device(options.device)
    generator = torch.Generator(device).manual_seed(0)
    batches = make_batches(options, device, generator)
    bandwidth = copy_bandwidth(batches[0][0], device)
    modes: dict[str, dict[str, Any]] = {}
    for mode in options.modes:
        with scoring(mode):
            modes[mode] = measure_mode(options, batches, device, bandwidth)
    return {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
        "easiness_core": ec.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "rows": options.rows,
        "classes": options.classes,
        "batch": options.batch,
        "dtype": options.dtype,
        "copy_gb_per_s": bandwidth / 1e9,
        "modes": modes,
    }


def make_batches(
    options: argparse.Namespace, device: torch.device, generator: torch.Generator
) -> list[tuple[Tensor, Tensor]]:
    """Make different batches of about 1 GB in all: no cache holds one until its next turn."""
    size = options.batch * options.classes * getattr(torch, options.dtype).itemsize
    n = max(1, min(-(-options.rows // options.batch), (1 << 30) // size))
    batches = []
    for _ in range(n):
        shape = (options.batch, options.classes)
        logits = 2 * torch.randn(shape, device=device, generator=generator)
        labels = torch.randint(options.classes, shape[:1], device=device, generator=generator)
        # Most labels win by a margin, some barely, some not.
        gain = 8 + 5 * torch.randn(shape[:1], device=device, generator=generator)
        logits.scatter_add_(1, labels[:, None], gain[:, None])
        batches.append((logits.to(getattr(torch, options.dtype)), labels))
    return batches


def copy_bandwidth(tensor: Tensor, device: torch.device) -> float:
    """Bytes a second, read and written, of copying a tensor of a gigabyte or so."""
    n = max(1, min(16, (1 << 30) // (tensor.numel() * tensor.element_size())))
    source = tensor.repeat(n, 1)
    target = torch.empty_like(source)
    (seconds,) = timed([lambda: target.copy_(source)], 10, device)
    return 2 * source.numel() * source.element_size() / seconds


def timed(works: Sequence[Callable[[], object]], n: int, device: torch.device) -> list[float]:
    """Median seconds of each, one after the other, after one round that is not counted."""
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(n + 1):
        for taken, work in zip(seconds, works, strict=True):
            synchronize(device)
            start = time.perf_counter()
            work()
            synchronize(device)
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken[1:]) for taken in seconds]


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def scoring(mode: str) -> Iterator[None]:
    """Let the sampler score and store scores as usual, or all of this compiled."""
    update = scores.ScoreTable.update
    if mode == "compiled":
        scores.score_logits = torch.compile(score_logits, fullgraph=True, dynamic=True)
        scores.ScoreTable.update = torch.compile(update, fullgraph=True, dynamic=True)
    try:
        yield
    finally:
        scores.score_logits = score_logits
        scores.ScoreTable.update = update


def measure_mode(
    options: argparse.Namespace,
    batches: list[tuple[Tensor, Tensor]],
    device: torch.device,
    bandwidth: float,
) -> dict[str, Any]:
    indices = torch.arange(options.rows, device=device)
    sampler = EasinessSampler(
        options.rows,
        keep=ec.MO,
        warmup_epochs=0,
        min_samples=1,
        num_replicas=1,
        device=device,
    )

    def parts() -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        for k, part in enumerate(indices.split(options.batch)):
            logits, labels = batches[k % len(batches)]
            yield part, logits[: len(part)], labels[: len(part)]

    def score_only() -> None:
        with torch.no_grad():
            for _, logits, labels in parts():
                scores.score_logits(logits, labels, ec.ClosedForm())

    def update() -> None:
        for part, logits, labels in parts():
            sampler.update(part, logits, labels)

    def select() -> None:
        next(iter(sampler), None)

    n_bytes = options.rows * options.classes * batches[0][0].element_size()
    scoring_s = timed([score_only], options.passes, device)[0]
    update_s, select_s = timed([update, select], options.passes, device)
    return {
        "scoring_s": scoring_s,
        "update_s": update_s,
        "selection_s": select_s,
        "scoring_share": n_bytes / scoring_s / bandwidth,
        "update_share": n_bytes / update_s / bandwidth,
        "update_and_selection_share": n_bytes / (update_s + select_s) / bandwidth,
        "selected": sampler.history[-1]["n_selected"],
        **compare(*batches[0]),
    }


def compare(logits: Tensor, labels: Tensor) -> dict[str, Any]:
    """Compare some rows, and their levels, with the core in float64."""
    logits, labels = logits[:COMPARED_ROWS], labels[:COMPARED_ROWS]
    with torch.no_grad():
        log_e, loss, predicted = (
            t.cpu().numpy() for t in scores.score_logits(logits, labels, ec.ClosedForm())
        )
    expected = ec.score(ec.softmax(logits.float().cpu()), labels.cpu())
    error = np.abs(log_e - expected.log_easiness)
    # What float32 probabilities allow: docs/torch_loss.md.
    allowed = 1e-5 * np.abs(expected.log_easiness) + 1e-7
    near = np.abs(expected.log_easiness) > 1e-6
    equal = (
        bool((error <= allowed).all())
        and np.allclose(loss, expected.loss, rtol=1e-5, atol=1e-5)
        and float((predicted == expected.predicted).mean()) > 0.999
    )
    return {
        "equals_core": bool(equal),
        "compared_rows": len(log_e),
        "largest_relative_error": float((error[near] / np.abs(expected.log_easiness[near])).max()),
        "levels_equal": float((ec.levels(log_e) == expected.level).mean()),
    }


def markdown(report: dict[str, Any]) -> str:
    lines = [
        f"{report['device']}, torch {report['torch']}, easiness-core {report['easiness_core']}, "
        f"Python {report['python']}; {report['rows']:,} x {report['classes']:,} logits of "
        f"{report['dtype']}, {report['batch']:,} an update; copying a tensor: "
        f"{report['copy_gb_per_s']:,.0f} GB/s read and written.",
        "",
        "| mode | scoring alone, s | share of bandwidth | update, s | share | selection, s | "
        "update and selection, share | equal to the core | largest relative error |",
        "|" + " --- |" * 9,
    ]
    for name, mode in report["modes"].items():
        lines.append(
            f"| {name} | {mode['scoring_s']:.4f} | {mode['scoring_share']:.0%} | "
            f"{mode['update_s']:.4f} | {mode['update_share']:.0%} | {mode['selection_s']:.4f} | "
            f"{mode['update_and_selection_share']:.0%} | "
            f"{'yes' if mode['equals_core'] else 'NO'} ({mode['compared_rows']:,} rows) | "
            f"{mode['largest_relative_error']:.1e} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
