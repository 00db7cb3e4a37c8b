# ruff: noqa: S311  (seeded randomness is the point)
"""Route 53 Resolver query logs: gzip NDJSON, one object for each VPC and delivery.

Shapes and keys follow the Route 53 developer guide: what an instance asked, what was answered, and what DNS Firewall
did where a rule met the name. Delivered some minutes after the interval, now and then a second time under another name.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from itertools import count

from isal import igzip

from infra.local.simulate.model import DAY_S, TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.network import Interface, interfaces
from infra.local.simulate.rendering import compact_time, seconds_z
from infra.local.simulate.rhythm import hour_of_week

NAME = "aws_route53_resolver"
BUCKET = "s3/example-org-dns-logs"
PERIOD_S = 1800
"""What one object covers. AWS takes a few minutes: a small simulation would be objects of a record each."""
REDELIVERY = 0.02
NIGHT = 0.5
"""Queries of the quietest hour against those of the busiest."""
EPHEMERAL = range(32768, 61000)
PARTNERS = ("api.example.com", "login.example.com", "feed.example.net", "mirror.example.org", "time.example.net")
LISTED = {"tracker.example.net": "BLOCK", "paste.example.org": "ALERT"}
"""What DNS Firewall does with names on its lists."""
Answer = tuple[str, str]
"""(rdata, type)."""


def render(
    interface: Interface, at_ms: int, port: int, name: str, kind: str, answers: Sequence[Answer], rcode: str = "NOERROR"
) -> Record:
    """Return one query of an instance, and what Resolver answered."""
    at = seconds_z(at_ms // 1000)
    body: dict[str, object] = {
        "version": "1.100000",
        "account_id": interface.account,
        "region": interface.region,
        "vpc_id": interface.vpc,
        "query_timestamp": at,
        "query_name": f"{name}.",
        "query_type": kind,
        "query_class": "IN",
        "rcode": rcode,
        "answers": [{"Rdata": rdata, "Type": of, "Class": "IN"} for rdata, of in answers],
        "srcaddr": interface.ip,
        "srcport": str(port),
        "transport": "UDP",
        "srcids": {"instance": interface.instance},
    }
    if name in LISTED:
        body |= {
            "firewall_rule_action": LISTED[name],
            "firewall_rule_group_id": f"rslvr-frg-0{interface.account}",
            "firewall_domain_list_id": f"rslvr-fdl-0{interface.account}",
        }
    uid = f"{at}|{interface.ip}|{port}|{kind}|{name}."
    return Record(at_ms, f"{interface.account}/{interface.vpc}", uid, json.dumps(body, separators=(",", ":")))


class QueryLogs:
    """Ordinary queries of the instances, and the delivery of everything into one bucket."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self.distinct = 0
        self._run, self._rng = run, run.rng(NAME)
        self._interfaces = interfaces(run.organisation)
        self._flat = [i for account in self._interfaces.values() for i in account]
        levels = sum(self._level(t) for t in range(run.start, run.end, TICK_S))
        self._scale = expected / levels if levels else 0.0
        self._debt = 0.0
        self._ports = count()
        self._slots: dict[tuple[int, str, int, int], list[str]] = {}

    @staticmethod
    def _level(start: int) -> float:
        day = 1.0 - (1.0 - NIGHT) * abs(start % DAY_S / 3600 - 13) / 13
        return day * (1.0 if hour_of_week(start) < 120 else 0.6)

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects delivered in the step from `start`."""
        self._debt += self._level(start) * self._scale
        while self._debt > 0:
            interface = self._rng.choice(self._flat)
            begin = min(start + self._rng.randrange(TICK_S), self._run.end - 1)
            records = self._lookup(interface, begin * 1000)
            self._debt -= len(records)
            self._deliver(records)
        self._deliver(planted)
        return self._due(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects that are still waiting."""
        return self._due(None)

    def _lookup(self, interface: Interface, at_ms: int) -> list[Record]:
        """Return what an instance asks to reach one thing: both kinds of address, or where an address belongs."""
        rng = self._rng
        port = EPHEMERAL[next(self._ports) * 7 % len(EPHEMERAL)]
        kind = rng.random()
        if kind < 0.3:
            service = rng.choice(("s3", "dynamodb", "sqs", "secretsmanager"))
            answers: list[Answer] = [(f"198.51.100.{rng.randrange(100, 110)}", "A")]
            name = f"{service}.{interface.region}.amazonaws.com"
        elif kind < 0.55:  # the databases that this one knows
            others = self._interfaces[interface.account]
            number = int(interface.ip.rsplit(".", 1)[1]) % 4
            answers, name = [(others[number].ip, "A")], f"db-{number}.internal.example.com"
        elif kind < 0.85:
            name = rng.choice(PARTNERS)
            answers = [(f"edge.{name}.", "CNAME"), (f"203.0.113.{rng.randrange(200, 250)}", "A")]
        elif kind < 0.91:  # a name without its domain is tried under the suffix first
            name = f"db-{rng.randrange(4)}.{interface.region}.compute.internal"
            return [render(interface, at_ms, port, name, of, [], "NXDOMAIN") for of in ("A", "AAAA")]
        elif kind < 0.95:
            name = f"{rng.randrange(1, 255)}.2.0.192.in-addr.arpa"
            return [render(interface, at_ms, port, name, "PTR", [("host.example.net.", "PTR")])]
        elif kind < 0.97:
            return [render(interface, at_ms, port, "mirror.example.org", "A", [], "SERVFAIL")]
        else:
            name = rng.choice(tuple(LISTED))
            refused = LISTED[name] == "BLOCK"
            answers = [] if refused else [("203.0.113.199", "A")]
            return [render(interface, at_ms, port, name, "A", answers, "NXDOMAIN" if refused else "NOERROR")]
        return [
            render(interface, at_ms, port, name, "A", answers),
            render(interface, at_ms, port, name, "AAAA", [answer for answer in answers if answer[1] == "CNAME"]),
        ]

    def _deliver(self, records: Sequence[Record]) -> None:
        """Put records into the objects of their VPCs, and a few into a second one too."""
        self.distinct += len(records)
        again = self._rng.random() < REDELIVERY
        for at_ms, stream, _, body in records:
            end = (at_ms // 1000 // PERIOD_S + 1) * PERIOD_S
            self._slots.setdefault((end + 120, stream, end, 0), []).append(body)
            if again:
                self._slots.setdefault((end + 420, stream, end, 1), []).append(body)

    def _due(self, until: int | None) -> Iterator[Delivery]:
        for slot in sorted(slot for slot in self._slots if until is None or slot[0] < until):
            yield self._object(slot, self._slots.pop(slot))

    def _object(self, slot: tuple[int, str, int, int], bodies: list[str]) -> Delivery:
        at, stream, end, _ = slot
        account, vpc = stream.split("/")
        name = random.Random(f"{self._run.seed}/{slot}").getrandbits(32)
        key = (
            f"{BUCKET}/AWSLogs/{account}/vpcdnsquerylogs/{vpc}/{compact_time(end, '%Y/%m/%d')}/"
            f"{vpc}_vpcdnsquerylogs_{account}_{compact_time(end, '%Y%m%dT%H%MZ')}_{name:08x}.log.gz"
        )
        return Delivery(
            source=NAME,
            key=key,
            data=igzip.compress("".join(body + "\n" for body in bodies).encode(), 1, mtime=0),
            delivered_at=utc(at),
            offset=None,
            records=len(bodies),
        )


SOURCE = Source(name=NAME, root=BUCKET, share=0.06, open=QueryLogs)
