"""Falco's alerts on the nodes of the cluster, as Falcosidekick writes them to a bucket: an object for each alert.

Shapes follow Falco's JSON output and Falcosidekick's payload. Ordinary days have the noise that every cluster has: a
person debugs in a pod, a job changes a file below a directory that is watched. An alert that was not acknowledged in
time is written again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.network import interfaces
from infra.local.simulate.rendering import compact_time, ticks_z, uuid
from infra.local.simulate.rhythm import hour_of_week

NAME = "falco"
BUCKET = "falco-alerts"
ACCOUNT = "111122223333"
CLUSTER = "shop"
REDELIVERY = 0.02
WEEKEND = 0.4
NOISE = (
    # rule, priority, tags, event, process, command line, container's name
    (
        *("Terminal shell in container", "Notice", ("T1059", "container", "mitre_execution", "shell")),
        *("execve", "bash", "bash -i", "web"),
    ),
    (
        *("Contact K8S API Server From Container", "Notice", ("T1565", "container", "mitre_discovery", "network")),
        *("connect", "curl", "curl -s https://10.0.0.1", "orders"),
    ),
    (
        *("Write below monitored dir", "Error", ("T1543", "filesystem", "mitre_persistence")),
        *("openat", "sh", "sh /opt/rotate.sh", "checkout"),
    ),
)
LATE_MS = (80, 900)


def alert(
    node: str,
    rule: str,
    priority: str,
    tags: Sequence[str],
    event: str,
    process: str,
    command: str,
    container: str,
    at_ms: int,
    rng: random.Random,
) -> Record:
    """Return an alert about a process in a container of the cluster."""
    nanoseconds = at_ms * 1_000_000 + rng.randrange(1_000_000)
    time = f"{ticks_z(at_ms, 0)[:-5]}{nanoseconds % 1_000_000:06d}".rstrip("0") + "Z"
    user = "root" if process == "bash" else "app"
    fields = {
        "container.id": f"{rng.getrandbits(48):012x}",
        "container.image.repository": f"registry.example.com/{CLUSTER}/{container}",
        "container.image.tag": "1.4.2",
        "container.name": container,
        "evt.time.iso8601": nanoseconds,
        "evt.type": event,
        "k8s.ns.name": CLUSTER,
        "k8s.pod.name": f"{container}-0",
        "proc.cmdline": command,
        "proc.name": process,
        "proc.pname": "containerd-shim",
        "proc.tty": 34816 if process == "bash" else 0,
        "user.loginuid": -1,
        "user.name": user,
        "user.uid": 0 if user == "root" else 1000,
    }
    said = " ".join(f"{name}={value}" for name, value in fields.items() if name.startswith(("proc", "user", "k8s")))
    body = {
        "uuid": uuid(rng.randbytes(16).hex()),
        "output": f"{time[11:-1]}: {priority} {rule} ({said})",
        "priority": priority,
        "rule": rule,
        "time": time,
        "output_fields": fields,
        "source": "syscall",
        "tags": list(tags),
        "hostname": node,
    }
    return Record(at_ms, CLUSTER, body["uuid"], json.dumps(body, separators=(",", ":")))


def _level(start: int) -> float:
    return 1.0 if hour_of_week(start) < 120 else WEEKEND


class Alerts:
    """Ordinary alerts, and the object of each."""

    def __init__(self, run: Run, expected: float):
        """Prepare about `expected` ordinary alerts over the run."""
        self.distinct = 0
        self._run, self._rng = run, run.rng(NAME)
        levels = sum(map(_level, range(run.start, run.end, TICK_S)))
        self._rate = expected / levels if levels else 0.0
        self._debt = 0.0
        found = interfaces(run.organisation)[ACCOUNT][:6]
        self._nodes = [f"ip-{interface.ip.replace('.', '-')}.ec2.internal" for interface in found]
        self._waiting: list[tuple[int, str]] = []
        """(written at in ms, body)."""

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects that are written in the step from `start`."""
        records = list(planted)
        self._debt += self._rate * _level(start)
        while self._debt > 0:
            self._debt -= 1
            at_ms = min(start * 1000 + self._rng.randrange(TICK_S * 1000), self._run.end * 1000 - 1)
            records.append(alert(self._rng.choice(self._nodes), *self._rng.choice(NOISE), at_ms, self._rng))
        self.distinct += len(records)
        for record in records:
            written = record.at_ms + self._rng.randrange(*LATE_MS)
            self._waiting.append((written, record.body))
            if self._rng.random() < REDELIVERY:
                self._waiting.append((written + 5000, record.body))
        return self._written((start + TICK_S) * 1000)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects that are still waiting."""
        return self._written(None)

    def _written(self, until_ms: int | None) -> Iterator[Delivery]:
        due = sorted(one for one in self._waiting if until_ms is None or one[0] < until_ms)
        self._waiting = [one for one in self._waiting if not (until_ms is None or one[0] < until_ms)]
        for number, (at_ms, body) in enumerate(due):
            own = ticks_z(at_ms, 0)[:-5] + f"{number:06d}Z"
            yield Delivery(
                source=NAME,
                key=f"{BUCKET}/{CLUSTER}/{compact_time(at_ms // 1000, '%Y-%m-%d')}/{own}.json",
                data=body.encode(),
                delivered_at=utc(at_ms / 1000),
                offset=None,
                records=1,
            )


SOURCE = Source(name=NAME, root=BUCKET, share=0.004, open=Alerts)
