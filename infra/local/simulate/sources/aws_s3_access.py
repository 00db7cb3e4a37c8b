# ruff: noqa: S311  (seeded randomness is the point)
"""Amazon S3 server access logs: plain text in date-based keys, an object for each bucket and a while.

The bucket holds the web site's assets: visitors read them without a name, the shops' roles write them, people of the
platform list and clear them away by day, and a lifecycle rule removes what is old. Delivery is best effort, as the
user guide says: hours late at times, and some lines come twice.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.organisation import Workload
from infra.local.simulate.rendering import compact_time
from infra.local.simulate.rhythm import hour_of_week

NAME = "aws_s3_access"
BUCKET = "s3/example-org-access-logs"
PREFIX = "server-access"
ROOT = f"{BUCKET}/{PREFIX}"
SITE = "example-org-site-assets"
ACCOUNT = "111122223333"
OWNER = "79a59df900b949e55d96a1e698fbaced0000111122223333444455556666aaaa"
"""The canonical id of the account."""
PERIOD_S = 3600
REDELIVERY = 0.02
LATE = 0.05
"""Part of the objects that come hours late."""
WORKING_DAY = range(8, 17)
"""Hours of a weekday (UTC) in which people work in the bucket."""
WEEKDAY_HOURS = 120
WEEKEND = 0.6
"""Requests of a weekend's hour against those of a weekday's."""
TLS = "SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader"
NAMELESS = "- ECDHE-RSA-AES128-GCM-SHA256 -"


class AccessLogs:
    """Ordinary requests to one bucket, and their delivery into another."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self.distinct = 0
        self._run = run
        self._rng = run.rng(NAME)
        self._region = run.organisation.home_region[ACCOUNT]
        self._host = f"{SITE}.s3.{self._region}.amazonaws.com TLSv1.3"
        self._shops = [w for w in run.organisation.workloads if w.name.startswith("app-")]
        self._people = [p for p in run.organisation.engineers() if p.grants[0].account == ACCOUNT]
        levels = sum(self._level(t) for t in range(run.start, run.end, TICK_S))
        self._rate = expected / levels if levels else 0.0
        self._debt = 0.0
        self._slots: dict[tuple[int, int, int], list[str]] = {}

    @staticmethod
    def _level(start: int) -> float:
        return 1.0 if hour_of_week(start) < WEEKDAY_HOURS else WEEKEND

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects delivered in the step from `start`."""
        self._debt += self._rate * self._level(start)
        while self._debt > 0:
            records = self._requests(start + self._rng.randrange(TICK_S))
            self._debt -= len(records)
            self._deliver(records)
        self._deliver(planted)
        return self._due(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects that are still waiting."""
        return self._due(None)

    def _requests(self, at: int) -> list[Record]:
        """What one visitor, shop, person or rule does at once."""
        kind = self._rng.random()
        if kind < 0.6:
            return [self._visit(at)]
        if kind < 0.9:
            return [self._shop(at, self._rng.choice(self._shops))]
        if kind < 0.93:
            key = f"old/{self._id()}.png"
            return [self._record(at, "-", "AmazonS3", "S3.EXPIRE.OBJECT", key, "-", "- - -", "-", "- - -")]
        weekday = hour_of_week(at)
        if weekday < WEEKDAY_HOURS and weekday % 24 in WORKING_DAY:
            return self._person(at)
        return [self._visit(at)]

    def _visit(self, at: int) -> Record:
        """A page's picture: there, unchanged, gone, or none of the visitor's business."""
        rng = self._rng
        status, size = rng.choices(
            (("200 -", rng.randrange(900, 90_000)), ("304 -", 0), ("404 NoSuchKey", 320), ("403 AccessDenied", 243)),
            weights=(80, 14, 4, 2),
        )[0]
        key = f"img/{rng.randrange(400)}.png"
        agent = rng.choice(self._run.organisation.people).user_agent
        return self._record(
            at, f"192.0.2.{rng.randrange(1, 255)}", "-", "WEBSITE.GET.OBJECT", key, f'"GET /{key} HTTP/1.1"',
            f"{status} {size or '-'}", f'"{agent}"', NAMELESS,
        )  # fmt: skip

    def _shop(self, at: int, shop: Workload) -> Record:
        rng = self._rng
        role = f"arn:aws:sts::{shop.account}:assumed-role/{shop.name}/{shop.session}"
        verb, operation, status = rng.choice(
            (("GET", "REST.GET.OBJECT", "200 - 4100"), ("PUT", "REST.PUT.OBJECT", "200 - -"))
        )
        key = f"img/{rng.randrange(400)}.png"
        return self._record(
            at, shop.ip, role, operation, key, f'"{verb} /{key} HTTP/1.1"', status, f'"{shop.agent}"', TLS
        )

    def _person(self, at: int) -> list[Record]:
        """List the bucket, and at times clear some of it away: one request, a line for each object."""
        rng = self._rng
        person = rng.choice(self._people)
        grant = person.grants[0]
        who = f"arn:aws:sts::{ACCOUNT}:assumed-role/{grant.role}/{person.email}"
        ip, agent = person.networks[0].ip, f'"{person.user_agent}"'
        listing = '"GET /?list-type=2&prefix=drafts%2F HTTP/1.1"'
        found = [self._record(at, ip, who, "REST.GET.BUCKET", "-", listing, "200 - 1820", agent, TLS)]
        if rng.random() < 0.3:
            request = self._id()
            for n in range(rng.randrange(1, 4)):
                key = f"drafts/{request.lower()}-{n}.png"
                found.append(
                    self._record(at + 2, ip, who, "BATCH.DELETE.OBJECT", key, "-", "204 - -", "-", TLS, request)
                )
        return found

    def _record(
        self, at: int, ip: str, who: str, operation: str, key: str, uri: str, result: str, agent: str, tls: str,
        request: str = "",
    ) -> Record:  # fmt: skip
        """Return one line; `at` in epoch seconds."""
        request = request or self._id()
        rng = self._rng
        size = rng.randrange(900, 90_000) if "OBJECT" in operation else "-"
        took = rng.randrange(4, 90)
        referer = "-" if agent == "-" else '"-"'
        host = self._host if ip != "-" else "- -"
        host_id = f"{rng.getrandbits(240):060x}="
        line = (
            f"{OWNER} {SITE} [{compact_time(at, '%d/%b/%Y:%H:%M:%S')} +0000] {ip} {who} {request} {operation} {key}"
            f" {uri} {result} {size} {took} {took - 1} {referer} {agent} - {host_id} {tls} {host} - -"
        )
        return Record(at * 1000, SITE, f"{request}|{operation}|{key}", line)

    def _id(self) -> str:
        return f"{self._rng.getrandbits(64):016X}"

    def _deliver(self, records: Sequence[Record]) -> None:
        """Put records into the hour's object, and some into a second one too."""
        self.distinct += len(records)
        rng = self._rng
        late = 3600 * rng.randrange(1, 6) if rng.random() < LATE else 0
        again = rng.random() < REDELIVERY
        for at_ms, _, _, body in records:
            end = (at_ms // 1000 // PERIOD_S + 1) * PERIOD_S
            self._slots.setdefault((end + 600 + late, end, 0), []).append(body)
            if again:
                self._slots.setdefault((end + 1800 + late, end, 1), []).append(body)

    def _due(self, until: int | None) -> Iterator[Delivery]:
        for slot in sorted(slot for slot in self._slots if until is None or slot[0] < until):
            yield self._object(slot, self._slots.pop(slot))

    def _object(self, slot: tuple[int, int, int], lines: list[str]) -> Delivery:
        at, end, _ = slot
        name = random.Random(f"{self._run.seed}/{slot}").getrandbits(64)
        folder = f"{ACCOUNT}/{self._region}/{SITE}/{compact_time(end - PERIOD_S, '%Y/%m/%d')}"
        return Delivery(
            source=NAME,
            key=f"{ROOT}/{folder}/{compact_time(at, '%Y-%m-%d-%H-%M-%S')}-{name:016X}",
            data="\n".join([*lines, ""]).encode(),
            delivered_at=utc(at),
            offset=None,
            records=len(lines),
        )


SOURCE = Source(name=NAME, root=BUCKET, share=0.04, open=AccessLogs)
