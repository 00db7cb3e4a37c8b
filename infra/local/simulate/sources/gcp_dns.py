"""Cloud DNS query logs as a sink writes them to Cloud Storage: what instances asked, and the internet of a public zone.

Shapes follow the reference of Cloud DNS logs: answers of a private resolver are text, those of a public zone a list.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from infra.local.simulate.log_sink import LogSink
from infra.local.simulate.model import DAY_S, HOUR_S, TICK_S, Delivery, Record, Run, Source
from infra.local.simulate.rendering import ticks_z
from infra.local.simulate.rhythm import hour_of_week
from infra.local.simulate.sources.gcp_audit import PROJECTS
from infra.local.simulate.sources.gcp_vpc_flow import REGION, ZONE, Instance, instances

NAME = "gcp_dns"
BUCKET = "gcs/example-org-dns-logs"
LOG = "dns.googleapis.com/dns_queries"
PUBLIC_ZONE = "shop-example-com"
NIGHT = 0.5
"""Queries of the quietest hour against those of the busiest."""
PARTNERS = ("api.example.com", "login.example.com", "feed.example.net", "mirror.example.org")
Answer = tuple[str, int, str]
"""(type, seconds to live, data)."""


def _entry(project: str, payload: dict[str, object], labels: dict[str, str], at_ms: int, rng: random.Random) -> Record:
    name = f"projects/{project}/logs/{LOG.replace('/', '%2F')}"
    time = ticks_z(at_ms, rng.randrange(10_000))[:-1] + f"{rng.randrange(100):02d}Z"
    insert = f"{rng.getrandbits(60):012x}"[:12]
    body = {
        "insertId": insert,
        "jsonPayload": payload,
        "logName": name,
        "receiveTimestamp": ticks_z(at_ms + rng.randrange(200, 2000), rng.randrange(10_000)),
        "resource": {"type": "dns_query", "labels": {"project_id": project, **labels}},
        "severity": "INFO" if payload["responseCode"] == "NOERROR" else "NOTICE",
        "timestamp": time,
    }
    return Record(at_ms, project, f"{name}|{time}|{insert}", json.dumps(body, separators=(",", ":")))


def render(
    instance: Instance,
    name: str,
    kind: str,
    answers: Sequence[Answer],
    at_ms: int,
    rng: random.Random,
    *,
    rcode: str = "NOERROR",
) -> Record:
    """Return a query of an instance, and what the resolver of its network answered."""
    payload: dict[str, object] = {
        "authAnswer": name.endswith(".internal"),
        "protocol": "UDP",
        "queryName": f"{name}.",
        "queryType": kind,
        "rdata": "\n".join(f"{name}.\t{ttl}\tIN\t{of.lower()}\t{data}" for of, ttl, data in answers),
        "responseCode": rcode,
        "serverLatency": rng.randrange(1, 40),
        "sourceIP": instance.ip,
        "sourceNetwork": "shop",
        "vmInstanceName": f"{PROJECTS[instance.project]}.{instance.name}",
        "vmProjectId": instance.project,
        "vmZoneName": ZONE,
    }
    labels = {"location": REGION, "source_type": "gce-vm", "target_name": "", "target_type": "external"}
    return _entry(instance.project, payload, labels, at_ms, rng)


def render_public(
    project: str, name: str, kind: str, answers: Sequence[Answer], at_ms: int, rng: random.Random
) -> Record:
    """Return a query from the internet for a name of the public zone; who asked is not logged."""
    payload: dict[str, object] = {
        "authAnswer": True,
        "destinationIP": "198.51.100.53",
        "protocol": "UDP",
        "queryName": f"{name}.",
        "queryType": kind,
        "responseCode": "NOERROR" if answers else "NXDOMAIN",
        "serverLatency": 0,
        "sourceNetwork": "",
        "structuredRdata": [
            {"domainName": f"{name}.", "rvalue": data, "type": of, "ttl": str(ttl), "class": "IN"}
            for of, ttl, data in answers
        ],
    }
    labels = {
        "location": "global",
        "source_type": "internet",
        "target_name": PUBLIC_ZONE,
        "target_type": "public-zone",
    }
    return _entry(project, payload, labels, at_ms, rng)


class QueryLogs:
    """Ordinary queries, and the sink's objects."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self._rng = run.rng(NAME)
        self._sink = LogSink(NAME, f"{BUCKET}/{LOG}", next(iter(PROJECTS)), self._rng)
        self._instances = [i for project in instances(run).values() for i in project]
        levels = sum(self._level(t) for t in range(run.start, run.end, TICK_S))
        self._scale = expected / levels if levels else 0.0
        self._debt = 0.0

    @property
    def distinct(self) -> int:
        """Entries made so far, not counting copies."""
        return self._sink.distinct

    @staticmethod
    def _level(start: int) -> float:
        day = 1.0 - (1.0 - NIGHT) * abs(start % DAY_S / HOUR_S - 13) / 13
        return day * (1.0 if hour_of_week(start) < 120 else 0.6)

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects that the sink writes in the step from `start`."""
        self._debt += self._level(start) * self._scale
        while self._debt > 0:
            self._debt -= 1
            self._sink.publish([self._query(start * 1000 + self._rng.randrange(TICK_S * 1000))])
        self._sink.publish(planted)
        return self._sink.objects(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects of the hours that are not written yet."""
        return self._sink.objects(None)

    def _query(self, at_ms: int) -> Record:
        rng = self._rng
        mine = rng.choice(self._instances)
        kind = rng.random()
        if kind < 0.3:
            service = rng.choice(("storage", "secretmanager", "bigquery", "iamcredentials"))
            answer = [("A", 300, f"198.51.100.{rng.randrange(100, 110)}")]
            return render(mine, f"{service}.googleapis.com", "A", answer, at_ms, rng)
        if kind < 0.55:  # the database that this one knows
            others = [i for i in self._instances if i.project == mine.project]
            other = others[(others.index(mine) + 1) % len(others)]
            name = f"{other.name}.{ZONE}.c.{mine.project}.internal"
            return render(mine, name, "A", [("A", 30, other.ip)], at_ms, rng)
        if kind < 0.75:
            answer = [("A", 60, f"203.0.113.{rng.randrange(200, 250)}")]
            return render(mine, rng.choice(PARTNERS), "A", answer, at_ms, rng)
        if kind < 0.8:
            return render(mine, f"{mine.name}-db.google.internal", "A", [], at_ms, rng, rcode="NXDOMAIN")
        if kind < 0.83:
            return render(mine, "mirror.example.org", "AAAA", [], at_ms, rng, rcode="SERVFAIL")
        name = rng.choice(("shop.example.com", "www.shop.example.com", "old.shop.example.com"))
        answer = [] if name.startswith("old") else [("A", 300, "203.0.113.80")]
        return render_public(next(iter(PROJECTS)), name, "A", answer, at_ms, rng)


SOURCE = Source(name=NAME, root=BUCKET, share=0.05, open=QueryLogs)
