"""Starting, killing, stopping and waiting for workers."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from worker import Job, run

CONTEXT = multiprocessing.get_context("forkserver")  # it has the imports, and never touched delta-rs
CONTEXT.set_forkserver_preload(["transforms.land", "transforms.readers.local"])
PATIENCE_S = 120


class Workers:
    """Processes of one test; none outlives it."""

    def __init__(self) -> None:
        self.started: list[BaseProcess] = []

    def start(self, job: Job) -> BaseProcess:
        process = CONTEXT.Process(target=run, args=(job,))
        process.start()
        self.started.append(process)
        return process

    def run(self, job: Job) -> int:
        """Start and wait; the exit code, negative for a signal."""
        return self.wait(self.start(job))

    @staticmethod
    def wait(process: BaseProcess) -> int:
        process.join(PATIENCE_S)
        assert process.exitcode is not None, "a worker hangs"
        return process.exitcode

    @staticmethod
    def until_stopped(process: BaseProcess) -> bool:
        """Wait until the process has stopped itself (True) or ended (False)."""
        assert process.pid is not None
        for _ in range(PATIENCE_S * 100):
            if not process.is_alive():
                return False
            state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state == "T":
                return True
            time.sleep(0.01)
        raise AssertionError("a worker neither stops nor ends")

    def end(self) -> None:
        for process in self.started:
            if process.is_alive():
                process.kill()
            process.join(PATIENCE_S)


@pytest.fixture
def workers() -> Iterator[Workers]:
    found = Workers()
    yield found
    found.end()


@pytest.fixture
def points_of(workers: Workers, tmp_path: Path) -> Callable[[Job], int]:
    """How many points a job passes when nothing kills it."""

    def count(job: Job) -> int:
        counter = tmp_path / "points"
        counter.write_bytes(b"")
        from dataclasses import replace

        assert workers.run(replace(job, points=str(counter))) == 0
        return counter.stat().st_size

    return count
