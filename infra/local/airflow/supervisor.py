"""Runs Airflow's components side by side until told to stop; when one ends, all end.

python -m infra.local.airflow.supervisor FOLDER EXECUTION_PORT     (the environment is already Airflow's)
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from infra.local.airflow.home import components

GRACE = 12.0  # seconds between asking and killing


def main(folder: Path, execution_port: int) -> int:
    """Start every component, each with its log file. Returns 1 when one ended by itself, else 0."""
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, frame: stopping.append(received))
    parts = {
        name: subprocess.Popen(
            ["airflow", *command],
            stdin=subprocess.DEVNULL,
            stdout=(folder / f"{name}.log").open("ab"),
            stderr=subprocess.STDOUT,
        )
        for name, command in components(execution_port).items()
    }
    ended: list[str] = []
    while not stopping and not ended:
        time.sleep(0.2)
        ended = [f"{name} ended with {part.poll()}" for name, part in parts.items() if part.poll() is not None]
    print(f"stopping: {ended or 'asked to'}", flush=True)
    for part in parts.values():
        part.terminate()
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline and any(part.poll() is None for part in parts.values()):
        time.sleep(0.1)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)  # task processes that outlived their parent are in this group too
    for part in parts.values():
        if part.poll() is None:
            part.kill()
    return 1 if ended else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
