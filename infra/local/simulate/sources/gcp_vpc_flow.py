"""Google Cloud VPC flow logs as a sink writes them to Cloud Storage: an NDJSON object for each hour, and addenda.

Shapes follow the reference of flow log records: a connection within the network is reported by either side, one that
leaves or enters it by the instance alone. Keys, lateness and the second sink are those of the audit logs.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from infra.local.simulate.gcp_network import REGION, ZONE, Instance, instances
from infra.local.simulate.log_sink import LogSink
from infra.local.simulate.model import DAY_S, HOUR_S, TICK_S, Delivery, Record, Run, Source
from infra.local.simulate.rendering import ticks_z
from infra.local.simulate.rhythm import hour_of_week
from infra.local.simulate.sources.gcp_audit import PROJECTS

NAME = "gcp_vpc_flow"
BUCKET = "gcs/example-org-vpc-flow-logs"
LOG = "compute.googleapis.com/vpc_flows"
NIGHT = 0.4
"""Traffic of the quietest hour against that of the busiest."""
EPHEMERAL = range(32768, 61000)
SAMPLE_MS = 5000
"""How long the connections of the simulation last."""


class Connection(NamedTuple):
    """One direction of a connection."""

    src: str
    dst: str
    src_port: int
    dst_port: int
    packets: int
    bytes: int


def render(flow: Connection, mine: Instance, other: Instance | None, at_ms: int, rng: random.Random) -> Record:
    """Return what the instance `mine` reports of a flow that ended at `at_ms`, `other` at its other end."""
    project = mine.project
    is_sender = flow.src == mine.ip
    src, dst = (mine, other) if is_sender else (other, mine)
    name = f"projects/{project}/logs/{LOG.replace('/', '%2F')}"
    time = ticks_z(at_ms, rng.randrange(10_000))[:-1] + f"{rng.randrange(100):02d}Z"
    payload: dict[str, object] = {
        "bytes_sent": str(flow.bytes),
        "connection": {
            "dest_ip": flow.dst,
            "dest_port": flow.dst_port,
            "protocol": 6,
            "src_ip": flow.src,
            "src_port": flow.src_port,
        },
        "end_time": time,
        "packets_sent": str(flow.packets),
        "reporter": "SRC" if is_sender else "DEST",
        "start_time": ticks_z(at_ms - SAMPLE_MS, rng.randrange(10_000)),
    }
    for side, instance, ip in (("src", src, flow.src), ("dest", dst, flow.dst)):
        if instance is None:
            is_google = ip.startswith("198.51.100.")
            payload |= (
                {f"{side}_google_service": {"type": "GOOGLE_API", "service_name": "storage.googleapis.com"}}
                if is_google
                else {f"{side}_location": {"asn": 64496, "continent": "Europe", "country": "deu"}}
            )
            continue
        payload |= {
            f"{side}_instance": {
                "project_id": instance.project,
                "region": REGION,
                "vm_name": instance.name,
                "zone": ZONE,
            },
            f"{side}_vpc": {"project_id": instance.project, "subnetwork_name": "shop", "vpc_name": "shop"},
        }
    insert = f"{rng.getrandbits(60):012x}"[:12]
    body = {
        "insertId": insert,
        "jsonPayload": payload,
        "logName": name,
        "receiveTimestamp": ticks_z(at_ms + rng.randrange(200, 2000), rng.randrange(10_000)),
        "resource": {
            "type": "gce_subnetwork",
            "labels": {
                "location": ZONE,
                "project_id": project,
                "subnetwork_id": f"7{PROJECTS[project]}",
                "subnetwork_name": "shop",
            },
        },
        "timestamp": time,
    }
    return Record(at_ms, project, f"{name}|{time}|{insert}", json.dumps(body, separators=(",", ":")))


class FlowLogs:
    """Ordinary traffic of the instances, and the sink's objects."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self._run, self._rng = run, run.rng(NAME)
        self._instances = instances(run)
        self._flat = [i for project in self._instances.values() for i in project]
        levels = sum(self._level(t) for t in range(run.start, run.end, TICK_S))
        self._scale = expected / levels if levels else 0.0
        self._debt = 0.0
        self._port = 0
        self._sink = LogSink(NAME, f"{BUCKET}/{LOG}", next(iter(PROJECTS)), self._rng)

    @staticmethod
    def _level(start: int) -> float:
        hour = start % DAY_S / HOUR_S
        day = 1.0 - (1.0 - NIGHT) * abs(hour - 13) / 13
        return day * (1.0 if hour_of_week(start) < 120 else 0.6)

    @property
    def distinct(self) -> int:
        """Records made so far, not counting redelivered copies."""
        return self._sink.distinct

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects that the sink writes in the step from `start`."""
        self._debt += self._level(start) * self._scale
        while self._debt > 0:
            records = self._conversation(self._rng.choice(self._flat), start)
            self._debt -= len(records)
            self._sink.publish(records)
        self._sink.publish(planted)
        return self._sink.objects(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects of the hours that are not written yet."""
        return self._sink.objects(None)

    def _conversation(self, mine: Instance, start: int) -> list[Record]:
        """Return both directions of a connection, as each side that logs saw them."""
        rng = self._rng
        at = start * 1000 + rng.randrange(TICK_S * 1000)
        self._port = (self._port + 7) % len(EPHEMERAL)
        port = EPHEMERAL[self._port]
        sent, received = rng.randrange(4, 60), rng.randrange(4, 80)
        kind = rng.random()
        if kind < 0.5:  # a customer
            out, into = _both(mine.ip, f"192.0.2.{rng.randrange(1, 255)}", 443, port, sent, received, rng)
            other = None
        elif kind < 0.7:  # Google's own services
            out, into = _both(mine.ip, f"198.51.100.{rng.randrange(100, 110)}", port, 443, sent, received, rng)
            other = None
        else:
            others = self._instances[mine.project]
            other = others[(others.index(mine) + 1) % len(others)]  # the database that this one knows
            out, into = _both(mine.ip, other.ip, port, 5432, sent, received, rng)
        seen = [(mine, other), (other, mine)] if other is not None else [(mine, None)]
        return [render(flow, by, beyond, at, rng) for by, beyond in seen for flow in (out, into)]


def _both(
    mine: str, other: str, my_port: int, other_port: int, sent: int, received: int, rng: random.Random
) -> tuple[Connection, Connection]:
    """Return what went out of `mine` within a connection, and what came in."""
    return (
        Connection(mine, other, my_port, other_port, sent, sent * rng.randrange(60, 1400)),
        Connection(other, mine, other_port, my_port, received, received * rng.randrange(60, 1400)),
    )


SOURCE = Source(name=NAME, root=BUCKET, share=0.08, open=FlowLogs)
