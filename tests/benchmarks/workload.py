"""What the benchmarks run on: simulated events, bundled as wanted, and processes whose time is taken."""

from __future__ import annotations

import gzip
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from infra.local.simulate import Simulation, generate

EVENTS = int(os.environ.get("CATCHMENT_BENCH_EVENTS", "500000"))
END = datetime(2026, 11, 23, 14, tzinfo=UTC)
CATCHMENT = str(Path(sys.executable).with_name("catchment"))
BUCKET = "s3/example-org-cloudtrail"
SOURCE = "aws_cloudtrail"


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall and CPU seconds of a process and its children."""

    wall: float
    cpu: float
    output: str = ""


def run(*command: str, env: dict[str, str] | None = None) -> Cost:
    """Run a process to its end. Raises where it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(command, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Cost(wall, cpu, done.stdout)


def best(costs: list[Cost]) -> Cost:
    return Cost(min(c.wall for c in costs), min(c.cpu for c in costs))


def simulated(folder: Path, *, events: int, days: int) -> Path:
    """CloudTrail in the bucket layout: many small objects."""
    generate(folder, seed=7, days=days, end=END, events_per_day=max(1, events // days), sources=[SOURCE])
    return folder / BUCKET


def bundled(folder: Path, *, events: int, objects: int) -> tuple[Path, int, int]:
    """The same events in delivery order as `objects` large objects; (folder, records, bytes of JSON)."""
    simulation = Simulation(seed=7, days=2, end=END, events_per_day=events // 2, sources=[SOURCE])
    decode = msgspec.json.Decoder(msgspec.defstruct("Envelope", [("Records", list[msgspec.Raw])])).decode
    target = folder / "AWSLogs" / "111122223333" / "CloudTrail" / "us-east-1" / "2026" / "11" / "23"
    target.mkdir(parents=True)
    size, total, held, written = -(-events // objects), [0, 0], [], 0

    def write() -> None:
        nonlocal written
        body = b'{"Records":[' + b",".join(held) + b"]}"
        name = f"111122223333_CloudTrail_us-east-1_20261123T0000Z_{written:016d}.json.gz"
        (target / name).write_bytes(gzip.compress(body, 6))
        total[0] += len(held)
        total[1] += len(body)
        held.clear()
        written += 1

    for delivery in simulation.deliveries():
        held += [bytes(record) for record in decode(gzip.decompress(delivery.data)).Records]
        if len(held) >= size:
            write()
    if held:
        write()
    return folder, total[0], total[1]
