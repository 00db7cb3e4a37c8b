"""CloudFront standard logs of the shop's distribution: gzip W3C text, an object a while.

Lines follow the developer guide's table of fields: what the edge had, fetched, refused or could not get, and viewers
who went away. Values are percent-encoded.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from urllib.parse import quote

from isal import igzip

from infra.local.simulate.edge import DISTRIBUTION, SHOP, EdgeLogs, visitor
from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.rendering import compact_time, seconds_z

NAME = "aws_cloudfront"
BUCKET = "s3/example-org-cdn-logs"
ACCOUNT = "111122223333"
HOST = "d111111abcdef8.cloudfront.net"
EDGES = ("FRA56-P1", "IAD89-C2", "SIN52-P3")
HEADER = (
    "#Version: 1.0\n"
    "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer)"
    " cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes"
    " time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status"
    " fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len"
    " sc-range-start sc-range-end\n"
)
RESULTS = (
    # status, result, detailed result, weight
    ("200", "Hit", "Hit", 60),
    ("200", "Miss", "Miss", 22),
    ("304", "RefreshHit", "RefreshHit", 8),
    ("301", "Redirect", "Redirect", 4),
    ("404", "Error", "Error", 3),
    ("403", "Error", "AccessDenied", 1),
    ("502", "Error", "OriginConnectError", 1),
    ("000", "Error", "ClientCommError", 1),
)


def render(agent: str, at_ms: int, rng: random.Random) -> Record:
    """Return one viewer's request, and what the edge made of it."""
    status, result, detail, _ = rng.choices(RESULTS, [weight for *_, weight in RESULTS])[0]
    day, time = seconds_z(at_ms // 1000)[:-1].split("T")
    uid = f"{rng.getrandbits(300):050x}"[:50] + "=="
    is_plain = result == "Redirect"
    version = "1.1" if is_plain else "2.0"
    taken = f"0.{rng.randrange(1000):03d}"
    values = {
        "when": f"{day}\t{time}\t{rng.choice(EDGES)}\t{rng.randrange(300, 90_000)}\t{visitor(rng)}",
        "what": f"{rng.choices(('GET', 'HEAD', 'POST'), (90, 5, 5))[0]}\t{HOST}\t/items/{rng.randrange(500)}\t{status}",
        "who": f"-\t{quote(agent, safe='/;,()')}\tref={rng.randrange(9)}\t-\t{result}\t{uid}\t{SHOP}",
        "how": f"{'http' if is_plain else 'https'}\t{rng.randrange(40, 900)}\t{taken}\t-",
        "tls": "-\t-" if is_plain else "TLSv1.3\tTLS_AES_128_GCM_SHA256",
        "rest": f"{result}\tHTTP/{version}\t-\t-\t{rng.randrange(32_768, 61_000)}\t{taken}\t{detail}",
        "sent": "text/html;%20charset=UTF-8\t-\t-\t-",
    }
    return Record(at_ms, DISTRIBUTION, uid, "\t".join(values.values()))


def written(stream: str, end: int, bits: int, bodies: Sequence[str]) -> tuple[str, bytes]:
    """Return key and bytes of a distribution's object."""
    start = end - 1  # the hour that it covers
    key = (
        f"{BUCKET}/AWSLogs/{ACCOUNT}/CloudFront/{stream}/{compact_time(start, '%Y/%m/%d/%H')}/"
        f"{stream}.{compact_time(start, '%Y-%m-%d-%H')}.{bits % (1 << 32):08x}.gz"
    )
    return key, igzip.compress((HEADER + "".join(body + "\n" for body in bodies)).encode(), 1, mtime=0)


def feed(run: Run, expected: float) -> EdgeLogs:
    """Return the viewers of the shop's pages."""

    def visit(rng: random.Random, at_ms: int) -> list[Record]:
        return [render(rng.choice(run.organisation.people).user_agent, at_ms, rng)]

    return EdgeLogs(run, expected, name=NAME, visit=visit, written=written)


SOURCE = Source(name=NAME, root=BUCKET, share=0.04, open=feed)
