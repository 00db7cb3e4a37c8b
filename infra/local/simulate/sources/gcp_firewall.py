"""Google Cloud firewall rules logs as a sink writes them to Cloud Storage: an NDJSON object for each hour, and addenda.

Rules that log are those for what comes from the internet: the web's port is open, all else is denied.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from infra.local.simulate.gcp_network import REGION, ZONE, Instance, instances
from infra.local.simulate.log_sink import LogSink
from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source
from infra.local.simulate.rendering import ticks_z
from infra.local.simulate.rhythm import hour_of_week
from infra.local.simulate.sources.gcp_audit import PROJECTS

NAME = "gcp_firewall"
BUCKET = "gcs/example-org-firewall-logs"
LOG = "compute.googleapis.com/firewall"
EPHEMERAL = range(32768, 61000)


def render(mine: Instance, stranger: str, src_port: int, port: int, at_ms: int, rng: random.Random) -> Record:
    """Return what the firewall says of a connection from `stranger` to `port` of the instance."""
    allowed = port == 443
    name = f"projects/{mine.project}/logs/{LOG.replace('/', '%2F')}"
    time = ticks_z(at_ms, rng.randrange(10_000))[:-1] + f"{rng.randrange(100):02d}Z"
    insert = f"{rng.getrandbits(60):012x}"[:12]
    place = {"project_id": mine.project, "subnetwork_name": "shop", "vpc_name": "shop"}
    body = {
        "insertId": insert,
        "jsonPayload": {
            "connection": {
                "dest_ip": mine.ip,
                "dest_port": port,
                "protocol": 6,
                "src_ip": stranger,
                "src_port": src_port,
            },
            "disposition": "ALLOWED" if allowed else "DENIED",
            "instance": {"project_id": mine.project, "region": REGION, "vm_name": mine.name, "zone": ZONE},
            "remote_location": {"continent": "Europe", "country": "deu"},
            "rule_details": {
                "action": "ALLOW" if allowed else "DENY",
                "direction": "INGRESS",
                "ip_port_info": [{"ip_protocol": "TCP", "port_range": ["443"]}] if allowed else [],
                "priority": 1000 if allowed else 65534,
                "reference": f"network:shop/firewall:{'allow-web' if allowed else 'deny-all'}",
                "source_range": ["0.0.0.0/0"],
            },
            "vpc": place,
        },
        "logName": name,
        "receiveTimestamp": ticks_z(at_ms + rng.randrange(200, 9000), rng.randrange(10_000)),
        "resource": {
            "type": "gce_subnetwork",
            "labels": {
                "location": ZONE,
                "project_id": mine.project,
                "subnetwork_id": f"7{PROJECTS[mine.project]}",
                "subnetwork_name": "shop",
            },
        },
        "timestamp": time,
    }
    return Record(at_ms, mine.project, f"{name}|{time}|{insert}", json.dumps(body, separators=(",", ":")))


class FirewallLogs:
    """Ordinary connections from the internet, and the sink's objects."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self._rng = run.rng(NAME)
        self._instances = [i for project in instances(run).values() for i in project]
        levels = sum(self._level(t) for t in range(run.start, run.end, TICK_S))
        self._scale = expected / levels if levels else 0.0
        self._debt = 0.0
        self._sink = LogSink(NAME, f"{BUCKET}/{LOG}", next(iter(PROJECTS)), self._rng)

    @staticmethod
    def _level(start: int) -> float:
        return 1.0 if hour_of_week(start) < 120 else 0.6

    @property
    def distinct(self) -> int:
        """Records made so far, not counting redelivered copies."""
        return self._sink.distinct

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects that the sink writes in the step from `start`."""
        rng = self._rng
        self._debt += self._level(start) * self._scale
        while self._debt > 0:
            self._debt -= 1
            at, mine = start * 1000 + rng.randrange(TICK_S * 1000), rng.choice(self._instances)
            if rng.random() < 0.8:
                stranger, port = f"192.0.2.{rng.randrange(1, 255)}", 443
            else:  # the internet's background: each address knocks once
                stranger, port = f"198.18.{rng.randrange(256)}.{rng.randrange(1, 255)}", rng.choice((22, 3389))
            self._sink.publish([render(mine, stranger, rng.choice(EPHEMERAL), port, at, rng)])
        self._sink.publish(planted)
        return self._sink.objects(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects of the hours that are not written yet."""
        return self._sink.objects(None)


SOURCE = Source(name=NAME, root=BUCKET, share=0.03, open=FirewallLogs)
