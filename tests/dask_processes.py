"""What runs in the processes of tests/adapters/dask/test_cluster.py.

As a worker's preload, or started as a driver: files in the folder named by EASINESS_TEST_FOLDER
hold a shard in mid-run, or kill who scores it. A shard is told by its number of rows.
"""

import os
import signal
import sys
import time
from pathlib import Path

import easiness_core as ec


def install(folder):
    original = ec.score

    def score(probs, *args, **options):
        n_rows = len(probs)
        (folder / f"started-{n_rows}-{os.getpid()}").touch()
        (folder / f"threads-{options['n_threads']}").touch()
        if (folder / f"poison-{n_rows}").exists():
            os.kill(os.getpid(), signal.SIGKILL)
        while (folder / f"hold-{n_rows}").exists():
            time.sleep(0.01)
        return original(probs, *args, **options)

    ec.score = score


def dask_setup(worker):
    """Hook of Dask's preloads, called in each worker."""
    install(Path(os.environ["EASINESS_TEST_FOLDER"]))


def main(inputs, output, scheduler):
    from distributed import Client
    from easiness_dask import score_shards

    with Client(scheduler) as client:
        score_shards(inputs, output, client=client)


if __name__ == "__main__":
    main(*sys.argv[1:])
