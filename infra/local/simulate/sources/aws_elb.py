# ruff: noqa: S311  (seeded randomness is the point)
"""Elastic Load Balancing access logs: the shop's Application, the staging gateway's Network and an old Classic one.

An object for each load balancer, node and a while, as the user guides say: gzip text, but plain for the Classic one.
Now and then one is delivered again under another name.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from isal import igzip

from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.organisation import DOMAIN
from infra.local.simulate.rendering import compact_time, millis_z
from infra.local.simulate.rhythm import hour_of_week

NAME = "aws_elb"
BUCKET = "s3/example-org-load-balancer-logs"
ROOT = f"{BUCKET}/AWSLogs"
GZIP_LEVEL = 1
PERIOD_S = 1800
"""What one object covers. AWS takes five minutes, or an hour: a small simulation would be objects of a record each."""
REDELIVERY = 0.02
WEEKDAY_HOURS = 120
WEEKEND = 0.6
"""Requests of a weekend's hour against those of a weekday's."""
RESULTS = ((200, 80), (304, 8), (404, 6), (301, 4), (500, 1), (400, 1))


class Balancer(NamedTuple):
    """A load balancer: its kind as the first word of its lines has it, and the file name's part."""

    account: str
    name: str
    kind: str
    node: str


BALANCERS = (
    Balancer("111122223333", "app/shop/50dc6c495c0c9188", "application", "_192.0.2.240"),
    Balancer("444455556666", "net/gateway/c6e77e28c25b2234", "network", ""),
    Balancer("777788889999", "old-console", "classic", "_192.0.2.241"),
)
WEIGHTS = (80, 12, 8)


class LoadBalancerLogs:
    """Ordinary requests to the load balancers, and the delivery of everything into one bucket."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self.distinct = 0
        self._run = run
        self._rng = run.rng(NAME)
        levels = sum(self._level(t) for t in range(run.start, run.end, TICK_S))
        self._rate = expected / levels if levels else 0.0
        self._debt = 0.0
        self._port = 0
        self._slots: dict[tuple[int, str, int, int], list[str]] = {}

    @staticmethod
    def _level(start: int) -> float:
        return 1.0 if hour_of_week(start) < WEEKDAY_HOURS else WEEKEND

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects delivered in the step from `start`."""
        self._debt += self._rate * self._level(start)
        while self._debt > 0:
            self._debt -= 1
            balancer = self._rng.choices(BALANCERS, WEIGHTS)[0]
            self._deliver([self._line(balancer, start * 1000 + self._rng.randrange(TICK_S * 1000))])
        self._deliver(planted)
        return self._due(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects that are still waiting."""
        return self._due(None)

    def _line(self, balancer: Balancer, at_ms: int) -> Record:
        """Return what one visitor did, in the load balancer's format."""
        rng = self._rng
        self._port = (self._port + 7) % 28_000
        client = f"192.0.2.{rng.randrange(1, 240)}:{32_768 + self._port}"
        if balancer.kind == "application":
            line = self._application(balancer, client, at_ms)
        elif balancer.kind == "network":
            line = self._network(balancer, client, at_ms)
        else:
            line = self._classic(balancer, client, at_ms)
        return Record(at_ms, balancer.name, line, line)

    def _application(self, balancer: Balancer, client: str, at_ms: int) -> str:
        rng = self._rng
        region = self._run.organisation.home_region[balancer.account]
        status = rng.choices([s for s, _ in RESULTS], [w for _, w in RESULTS])[0]
        arn = f"arn:aws:elasticloadbalancing:{region}:{balancer.account}:targetgroup/shop/73e2d6bc24d8a067"
        host = f"shop.{DOMAIN}"
        certificate = f"arn:aws:acm:{region}:{balancer.account}:certificate/00000000-0000-4000-8000-00000000001a"
        verb = rng.choices(("GET", "POST", "HEAD"), (85, 12, 3))[0]
        request = f'"{verb} https://{host}:443/items/{rng.randrange(500)}?ref={rng.randrange(9)} HTTP/2.0"'
        agent = f'"{rng.choice(self._run.organisation.people).user_agent}"'
        target, answered, did = f"10.0.1.{rng.randrange(10, 20)}:8080", str(status), "forward"
        times = f"0.00{rng.randrange(10)} 0.0{rng.randrange(10, 99)} 0.000"
        if status == 301:
            target, answered, times, did, arn = "-", "-", "-1 -1 -1", "redirect", "-"
        elif status == 400:
            target, answered, times, did, arn = "-", "-", "-1 -1 -1", "-", "-"
            request, agent = f'"- http://{host}:443- "', '"-"'
        return (
            f"h2 {_micros(at_ms)} {balancer.name} {client} {target} {times} {status} {answered}"
            f" {rng.randrange(40, 2000)} {rng.randrange(200, 90_000)} {request} {agent}"
            f' ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 {arn} "Root=1-{at_ms // 1000:08x}-{rng.getrandbits(96):024x}"'
            f' "{host}" "{certificate}" 0 {_micros(at_ms - 90)} "{did}" "-" "-" "{target}" "{answered}" "-" "-"'
            f' TID_{rng.getrandbits(64):016x} "-" "-" "-"'
        )

    def _network(self, balancer: Balancer, client: str, at_ms: int) -> str:
        rng = self._rng
        region = self._run.organisation.home_region[balancer.account]
        certificate = f"arn:aws:acm:{region}:{balancer.account}:certificate/00000000-0000-4000-8000-00000000001b"
        cipher, alert, alpn = "TLS_AES_128_GCM_SHA256 tlsv13 -", "-", 'h2 h2 "h2","http/1.1"'
        if rng.random() < 0.05:  # whoever does not know the certificate
            cipher, alert, alpn = "- - -", "48", "- - -"
        target = f"10.1.1.{rng.randrange(10, 20)}:443"
        return (
            f"tls 2.0 {_micros(at_ms)[:19]} {balancer.name} g3d4b5e8bb8464cd {client} {target}"
            f" {rng.randrange(2, 900)} {rng.randrange(1, 20)} {rng.randrange(90, 9000)} {rng.randrange(200, 90_000)}"
            f" {alert} {certificate} - {cipher} gateway.{DOMAIN} {alpn} {_micros(at_ms - 1000)[:19]}"
        )

    def _classic(self, balancer: Balancer, client: str, at_ms: int) -> str:
        rng = self._rng
        times = f"0.0000{rng.randrange(10, 99)} 0.00{rng.randrange(1000, 9999)} 0.0000{rng.randrange(10, 99)}"
        begins = f"{_micros(at_ms)} {balancer.name} {client} 10.2.1.{rng.randrange(10, 20)}:80 {times}"
        if rng.random() < 0.2:
            return f'{begins} - - {rng.randrange(90, 900)} {rng.randrange(90, 900)} "- - - " "-" - -'
        request = f'"GET http://console.{DOMAIN}:80/status HTTP/1.1" "curl/8.7.1"'
        return f"{begins} 200 200 0 {rng.randrange(20, 90)} {request} - -"

    def _deliver(self, records: Sequence[Record]) -> None:
        """Put records into the objects of their load balancers, and a few into a second one too."""
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

    def _object(self, slot: tuple[int, str, int, int], lines: list[str]) -> Delivery:
        at, stream, end, _ = slot
        (balancer,) = (b for b in BALANCERS if b.name == stream)
        region = self._run.organisation.home_region[balancer.account]
        name = random.Random(f"{self._run.seed}/{slot}").getrandbits(32)
        packed = balancer.kind != "classic"
        text = "\n".join([*lines, ""]).encode()
        until = f"{compact_time(end, '%Y%m%dT%H%MZ')}{balancer.node}"
        key = (
            f"{ROOT}/{balancer.account}/elasticloadbalancing/{region}/{compact_time(end, '%Y/%m/%d')}/"
            f"{balancer.account}_elasticloadbalancing_{region}_{stream.replace('/', '.')}_{until}_{name:08x}.log"
        )
        return Delivery(
            source=NAME,
            key=f"{key}.gz" if packed else key,
            data=igzip.compress(text, GZIP_LEVEL, mtime=0) if packed else text,
            delivered_at=utc(at),
            offset=None,
            records=len(lines),
        )


def _micros(at_ms: int) -> str:
    return f"{millis_z(at_ms)[:-1]}000Z"


SOURCE = Source(name=NAME, root=BUCKET, share=0.06, open=LoadBalancerLogs)
