"""Route 53 public DNS query logs of the organisation's zone, as Firehose brings them from CloudWatch Logs to S3.

Lines follow the developer guide: what resolvers on the internet asked about the zone's names. Firehose sets what a
subscription hands it, a JSON document for each edge location, one behind the other.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

from isal import igzip

from infra.local.simulate.edge import SHOP, EdgeLogs
from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.organisation import DOMAIN
from infra.local.simulate.rendering import compact_time, millis_z, uuid

NAME = "aws_route53_public"
BUCKET = "s3/example-org-public-dns-logs"
ACCOUNT = "111122223333"
ZONE = "Z0148920EXAMPLE"
EDGES = ("FRA6", "IAD12", "SIN2")
EDGE_FIELD = 7
QUERIES = (
    # name, types, response code, weight
    (SHOP, ("A", "AAAA", "HTTPS"), "NOERROR", 70),
    (f"www.{DOMAIN}", ("A", "AAAA"), "NOERROR", 16),
    (DOMAIN, ("MX", "TXT", "NS", "SOA"), "NOERROR", 8),
    (f"autodiscover.{DOMAIN}", ("A",), "NXDOMAIN", 5),
    ("host.example.net", ("A",), "REFUSED", 1),
)


def resolver(rng: random.Random) -> str:
    """Return the address of somebody's resolver."""
    number = rng.randrange(1, 60)
    return f"203.0.113.{number}" if number % 4 else f"2001:db8:53::{number:x}"


def render(at_ms: int, rng: random.Random) -> Record:
    """Return one query of a resolver, some of which tell their client's network."""
    name, types, rcode, _ = rng.choices(QUERIES, [weight for *_, weight in QUERIES])[0]
    subnet = f"198.51.{rng.randrange(100, 104)}.0/24" if rng.random() < 0.3 else "-"
    transport = rng.choices(("UDP", "TCP"), (97, 3))[0]
    line = (
        f"1.0 {millis_z(at_ms)} {ZONE} {name} {rng.choice(types)} {rcode} {transport} {rng.choice(EDGES)}"
        f" {resolver(rng)} {subnet}"
    )
    return Record(at_ms, ZONE, line, line)


def written(stream: str, end: int, bits: int, bodies: Sequence[str]) -> tuple[str, bytes]:
    """Return key and bytes of an object of Firehose."""
    documents = []
    for edge in EDGES:
        events = [
            {"id": f"{bits:020d}{number:036d}", "timestamp": end * 1000, "message": line}
            for number, line in enumerate(bodies)
            if line.split(" ")[EDGE_FIELD] == edge
        ]
        document = {
            "messageType": "DATA_MESSAGE", "owner": ACCOUNT, "logGroup": f"/aws/route53/{DOMAIN}",
            "logStream": f"{stream}/{edge}", "subscriptionFilters": ["all"], "logEvents": events,
        }  # fmt: skip
        documents += [json.dumps(document, separators=(",", ":"))] if events else []
    name = uuid(f"{bits:032x}")
    key = f"{BUCKET}/{compact_time(end, '%Y/%m/%d/%H')}/public-dns-1-{compact_time(end, '%Y-%m-%d-%H-%M-%S')}-{name}.gz"
    return key, igzip.compress("".join(documents).encode(), 1, mtime=0)


def feed(run: Run, expected: float) -> EdgeLogs:
    """Return what resolvers ask all week."""

    def visit(rng: random.Random, at_ms: int) -> list[Record]:
        return [render(at_ms, rng)]

    return EdgeLogs(run, expected, name=NAME, visit=visit, written=written)


SOURCE = Source(name=NAME, root=BUCKET, share=0.03, open=feed)
