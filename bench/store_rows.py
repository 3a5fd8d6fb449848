"""C-STORE: objects a second from DCMTK's storescu, with one and four senders."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Sequence

from bench.load import Study


def send(studies: Sequence[Study], senders: int, port: int, ae_title: str, *, stock: bool = False) -> float:
    """Objects a second, from the start of the first sender to the end of the last; what earlier runs wrote is on the disk before.

    stock: leave Nagle's algorithm on, as an unconfigured DCMTK does.
    """
    groups = [studies[n::senders] for n in range(senders)]
    env = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"} | ({} if stock else {"TCP_NODELAY": "1"})
    os.sync()
    started = time.perf_counter()
    processes = [
        subprocess.Popen(
            ["storescu", "-R", "-aec", ae_title, "127.0.0.1", str(port), "+sd", *(str(study.folder) for study in group)],
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for group in groups
        if group
    ]
    for process in processes:
        _, errors = process.communicate()
        if process.returncode:
            raise RuntimeError(f"storescu failed: {errors.decode()[-500:]}")
    return sum(len(study.sop_instance_uids) for study in studies) / (time.perf_counter() - started)


def median(values: Sequence[float]) -> float:
    """Of an odd or even number of runs."""
    return statistics.median(values)
