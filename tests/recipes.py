"""Running the recipes of examples/ in this process, or on two by torchrun."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
RUNNER = """
import gc, json, os, sys, torch
from pathlib import Path
torch.set_num_threads(1)
sys.path.insert(0, {examples!r})
import {name} as recipe
found = []
{setup}
for _ in range({times}):
    result = recipe.{call}
    # A tuple of sampler and what was seen, or an object that has both.
    sampler, seen = result if isinstance(result, tuple) else (result.sampler, result.seen)
    found.append({{"history": sampler.history, "seen": seen}})
Path({folder!r}, f"{name}{{os.environ['RANK']}}.json").write_text(json.dumps(found))
if torch.distributed.is_initialized():
    # Threads of a group that is still there at exit can abort the process.
    gc.collect()
    torch.distributed.destroy_process_group()
"""


def load_example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def torchrun(script, *arguments):
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
        str(script), *map(str, arguments),
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        try:
            output, _ = running.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            # Asked to end, torchrun ends its workers too; killed, it would leave them behind.
            running.terminate()
            raise
    assert running.returncode == 0, output[-4000:]


def run_on_two(name, call, folder, *, times=1, setup=""):
    """History and batches of two ranks of an example, for each time that it ran."""
    script = Path(folder, "runner.py")
    values = {"name": name, "call": call, "times": times, "setup": setup}
    script.write_text(RUNNER.format(**values, examples=str(EXAMPLES), folder=str(folder)))
    torchrun(script)
    ranks = [json.loads(Path(folder, f"{name}{rank}.json").read_text()) for rank in (0, 1)]
    return list(zip(*ranks, strict=True))


def epochs_of(seen):
    """Batches of each epoch, from (epoch, indices) of each batch."""
    epochs = {}
    for epoch, indices in seen:
        epochs.setdefault(epoch, []).append(indices)
    return epochs
