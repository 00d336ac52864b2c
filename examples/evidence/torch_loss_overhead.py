"""Measure the cost of SampleEasinessLoss: a training step with it against cross-entropy alone.

Steps are taken in turns on two copies of a network, in one run; medians are compared, on a CPU
of processor time, to which other work on the machine adds less. Two networks: a small
convolutional one (28 x 28, batch 128) and a ResNet-18 (32 x 32, 11.2 million parameters).
Then the losses alone, forward and backward, at two numbers of classes. Prints two Markdown
tables, with versions.

    python examples/evidence/torch_loss_overhead.py [--device cuda] [--threads 1] \
        [--small 300] [--resnet 7]
"""

from __future__ import annotations

import argparse
import copy
import platform
import statistics
import time
from collections.abc import Callable

import torch
from easiness_torch import SampleEasinessLoss
from torch import Tensor, nn

import easiness_core as ec

N_CLASSES = 10


def small_cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 64), nn.ReLU(), nn.Linear(64, N_CLASSES),
    )  # fmt: skip


class Block(nn.Module):
    """Two convolutions beside a shortcut (He et al., 2016)."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU(),
            nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False), nn.BatchNorm2d(n_out),
        )  # fmt: skip
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or n_in != n_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Give the block's output."""
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet18() -> nn.Module:
    layers: list[nn.Module] = [
        nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU()
    ]  # fmt: skip
    n_in = 64
    for n_out, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(n_in, n_out, stride), Block(n_out, n_out, 1)]
        n_in = n_out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, N_CLASSES))


def step_function(
    net: nn.Module, criterion: nn.Module, x: Tensor, y: Tensor
) -> Callable[[], float]:
    """Make a function that takes one training step and gives its seconds."""
    net, criterion = net.to(x.device), criterion.to(x.device)
    clock = time.perf_counter if x.is_cuda else time.process_time
    # The losses alone are differentiated by the logits that they are given.
    parameters = list(net.parameters()) or [x]
    optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9)

    def step() -> float:
        if x.is_cuda:
            torch.cuda.synchronize()
        start = clock()
        optimizer.zero_grad()
        criterion(net(x), y).backward()
        optimizer.step()
        if x.is_cuda:
            torch.cuda.synchronize()
        return clock() - start

    return step


def in_turns(steps: dict[str, Callable[[], float]], n: int) -> dict[str, float]:
    """Median seconds of each function, called in turns, the first called by turns too."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step(), step()
    for turn in range(n):
        order = list(steps) if turn % 2 else list(reversed(steps))
        for name in order:
            seconds[name].append(steps[name]())
    return {name: statistics.median(values) for name, values in seconds.items()}


def measure(make: Callable[[], nn.Module], shape: tuple[int, ...], n: int, device: str) -> str:
    torch.manual_seed(0)
    x = torch.randn(shape, device=device)
    y = torch.randint(0, N_CLASSES, shape[:1], device=device)
    net = make()
    criteria = {"plain": nn.CrossEntropyLoss(), "easiness": SampleEasinessLoss()}
    # The same logits for both: copies of one network, and a step apart at most.
    steps = {
        name: step_function(copy.deepcopy(net), criterion, x, y)
        for name, criterion in criteria.items()
    }
    medians = in_turns(steps, n)
    n_parameters = sum(p.numel() for p in net.parameters())
    return (
        f"| {n_parameters:,} | {' x '.join(map(str, shape))} | {n} | "
        f"{1e3 * medians['plain']:.2f} | {1e3 * medians['easiness']:.2f} | "
        f"{medians['easiness'] / medians['plain']:.3f} |"
    )


def measure_alone(n: int, n_classes: int, steps: int, device: str) -> str:
    torch.manual_seed(0)
    logits = torch.randn(n, n_classes, device=device, requires_grad=True)
    y = torch.randint(0, n_classes, (n,), device=device)
    losses = {
        "plain": step_function(nn.Identity(), nn.CrossEntropyLoss(), logits, y),
        "easiness": step_function(nn.Identity(), SampleEasinessLoss(), logits, y),
    }
    medians = in_turns(losses, steps)
    return (
        f"| {n} x {n_classes:,} | {1e3 * medians['plain']:.2f} | {1e3 * medians['easiness']:.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--small", type=int, default=300, help="steps of the small network")
    parser.add_argument("--resnet", type=int, default=7, help="steps of the ResNet")
    parser.add_argument("--alone", type=int, default=300, help="steps of the losses alone")
    parser.add_argument("--batch", type=int, default=128, help="samples a step")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    name = (
        torch.cuda.get_device_name(options.device)
        if options.device.startswith("cuda")
        else f"{platform.machine()} CPU, {options.threads} thread(s)"
    )
    print(f"easiness-core {ec.__version__}, torch {torch.__version__}, {name}\n")
    print("| parameters | batch | steps each | cross-entropy, ms | with easiness, ms | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    batch = options.batch
    if options.small:
        print(measure(small_cnn, (batch, 1, 28, 28), options.small, options.device), flush=True)
    if options.resnet:
        print(measure(resnet18, (batch, 3, 32, 32), options.resnet, options.device), flush=True)
    if options.alone:
        print("\n| logits | cross-entropy, ms | with easiness, ms |\n| --- | --- | --- |")
        for n, n_classes in ((128, 10), (64, 1000)):
            print(measure_alone(n, n_classes, options.alone, options.device), flush=True)


if __name__ == "__main__":
    main()
