# ruff: noqa: S311  (seeded randomness is the point)
"""Amazon VPC flow logs: gzip text with a header, one object for each account, flow log and delivery.

Shapes and delivery follow the VPC user guide: flows are put together over a minute or ten, delivered some minutes
later under the time of the interval's end, and now and then a second time in an object of another name. Production
records a custom format, the other accounts the default one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from isal import igzip

from infra.local.simulate.model import DAY_S, TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.network import Interface, interfaces
from infra.local.simulate.rendering import compact_time
from infra.local.simulate.rhythm import hour_of_week

NAME = "aws_vpc_flow"
BUCKET = "s3/example-org-vpc-flow-logs"
ROOT = f"{BUCKET}/AWSLogs"
DEFAULT = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
CUSTOM = (
    "version vpc-id instance-id interface-id account-id srcaddr dstaddr srcport dstport protocol tcp-flags packets"
    " bytes start end action log-status flow-direction traffic-path pkt-src-aws-service pkt-dst-aws-service region"
)
CUSTOM_ACCOUNTS = frozenset({"111122223333"})
GZIP_LEVEL = 1
PERIOD_S = 1800
"""What one object covers. AWS takes five minutes: a small simulation would be objects of a record each."""
REDELIVERY = 0.02
LATE = 0.03
"""Part of the objects that come up to half an hour later."""
NIGHT = 0.4
"""Traffic of the quietest hour against that of the busiest."""
EPHEMERAL = range(32768, 61000)
INTERNET_GATEWAY, SAME_VPC = "8", "1"


class Flow(NamedTuple):
    """One direction of a connection, as one interface saw it within an interval."""

    src: str
    dst: str
    src_port: int
    dst_port: int
    protocol: int
    packets: int
    bytes: int
    outbound: bool
    accepted: bool = True
    flags: int = 0
    service: str = "-"
    """AWS service at the other end."""
    status: str = "OK"


def render(interface: Interface, flow: Flow, start: int, end: int) -> Record:
    """Return one record in its account's format; times in epoch seconds."""
    if flow.status != "OK":
        ends, counts, action, path = "- - - - -", "- -", "-", "-"
    else:
        ends = f"{flow.src} {flow.dst} {flow.src_port} {flow.dst_port} {flow.protocol}"
        counts = f"{flow.packets} {flow.bytes}"
        action = "ACCEPT" if flow.accepted else "REJECT"
        path = "-" if not flow.outbound else SAME_VPC if flow.dst.startswith("10.") else INTERNET_GATEWAY
    if interface.account in CUSTOM_ACCOUNTS:
        source, destination = ("-", flow.service) if flow.outbound else (flow.service, "-")
        direction = "-" if flow.status != "OK" else "egress" if flow.outbound else "ingress"
        flags = "-" if flow.status != "OK" else flow.flags
        line = (
            f"5 {interface.vpc} {interface.instance} {interface.uid} {interface.account} {ends} {flags} {counts} "
            f"{start} {end} {action} {flow.status} {direction} {path} {source} {destination} {interface.region}"
        )
    else:
        line = f"2 {interface.account} {interface.uid} {ends} {counts} {start} {end} {action} {flow.status}"
    uid = f"{flow.src}|{flow.src_port}|{flow.dst}|{flow.dst_port}|{start * 1000}" if flow.status == "OK" else line
    return Record(start * 1000, interface.stream, uid, line)


class FlowLogs:
    """Ordinary traffic of the instances, and the delivery of everything into one bucket."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self.distinct = 0
        self._run = run
        self._rng = run.rng(NAME)
        self._interfaces = interfaces(run.organisation)
        self._flat = [i for account in self._interfaces.values() for i in account]
        levels = sum(self._level(t) for t in range(run.start, run.end, TICK_S))
        self._scale = expected / levels if levels else 0.0
        self._debt = 0.0
        self._slots: dict[tuple[int, str, int, int], list[str]] = {}
        self._port = 0
        self._idle: set[str] = set()
        self._logs = {account: f"fl-0{self._rng.getrandbits(64):016x}" for account in self._interfaces}

    @staticmethod
    def _level(start: int) -> float:
        hour = start % DAY_S / 3600
        day = 1.0 - (1.0 - NIGHT) * abs(hour - 13) / 13
        return day * (1.0 if hour_of_week(start) < 120 else 0.6)

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects delivered in the step from `start`."""
        self._idle.clear()
        self._debt += self._level(start) * self._scale
        while self._debt > 0:
            interface = self._rng.choice(self._flat)
            begin = min(start + self._rng.randrange(TICK_S), self._run.end - 61)
            records = [render(interface, flow, begin, begin + 59) for flow in self._conversation(interface)]
            self._debt -= len(records)
            self._deliver(records)
        self._deliver(planted)
        return self._due(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects that are still waiting."""
        return self._due(None)

    def _conversation(self, interface: Interface) -> list[Flow]:
        """Return both directions of a connection, a probe that is turned away, or an interval without traffic."""
        rng = self._rng
        self._port = (self._port + 7) % len(EPHEMERAL)
        port = EPHEMERAL[self._port]
        kind = rng.random()
        if kind < 0.02 and interface.uid not in self._idle:
            self._idle.add(interface.uid)
            return [Flow("", "", 0, 0, 0, 0, 0, outbound=False, status=rng.choice(("NODATA", "NODATA", "SKIPDATA")))]
        if kind < 0.06:  # the internet's background: each address knocks once
            stranger = f"198.18.{rng.randrange(256)}.{rng.randrange(1, 255)}"
            return [Flow(stranger, interface.ip, port, rng.choice((22, 23, 3389)), 6, 1, 40, False, False, 2)]
        sent, received = rng.randrange(4, 60), rng.randrange(4, 80)
        if kind < 0.45:
            client = f"192.0.2.{rng.randrange(1, 255)}"
            return _both(interface.ip, client, 443, port, sent, received, rng, serves=True)
        if kind < 0.75:
            others = self._interfaces[interface.account]
            other = others[int(interface.ip.rsplit(".", 1)[1]) % 4]  # the databases that this one knows
            return _both(interface.ip, other.ip, port, 5432, sent, received, rng)
        service = rng.choice(("S3", "DYNAMODB", "AMAZON"))
        return _both(
            interface.ip, f"198.51.100.{rng.randrange(100, 110)}", port, 443, sent, received, rng, service=service
        )

    def _deliver(self, records: Sequence[Record]) -> None:
        """Put records into the objects of their streams, and a few objects into a second one too."""
        self.distinct += len(records)
        rng = self._rng
        late = 300 * rng.randrange(1, 7) if rng.random() < LATE else 0
        again = rng.random() < REDELIVERY
        for at_ms, stream, _, body in records:
            end = (at_ms // 1000 // PERIOD_S + 1) * PERIOD_S
            self._slots.setdefault((end + 180 + late, stream, end, 0), []).append(body)
            if again:
                self._slots.setdefault((end + 480 + late, stream, end, 1), []).append(body)

    def _due(self, until: int | None) -> Iterator[Delivery]:
        for slot in sorted(slot for slot in self._slots if until is None or slot[0] < until):
            yield self._object(slot, self._slots.pop(slot))

    def _object(self, slot: tuple[int, str, int, int], lines: list[str]) -> Delivery:
        at, stream, end, _ = slot
        account, region = stream.split("/")
        name = random.Random(f"{self._run.seed}/{slot}").getrandbits(32)
        key = (
            f"{ROOT}/{account}/vpcflowlogs/{region}/{compact_time(end, '%Y/%m/%d')}/{account}_vpcflowlogs_{region}_"
            f"{self._logs[account]}_{compact_time(end, '%Y%m%dT%H%MZ')}_{name:08x}.log.gz"
        )
        text = "\n".join([CUSTOM if account in CUSTOM_ACCOUNTS else DEFAULT, *lines, ""])
        return Delivery(
            source=NAME,
            key=key,
            data=igzip.compress(text.encode(), GZIP_LEVEL, mtime=0),
            delivered_at=utc(at),
            offset=None,
            records=len(lines),
        )


def _both(
    mine: str, other: str, my_port: int, other_port: int, sent: int, received: int, rng: random.Random,
    *, serves: bool = False, service: str = "-",
) -> list[Flow]:  # fmt: skip
    """Return a connection as the interface of `mine` saw it: what went out, and what came in."""
    out = Flow(
        mine,
        other,
        my_port,
        other_port,
        6,
        sent,
        sent * rng.randrange(60, 1400),
        True,
        True,
        18 if serves else 3,
        service,
    )
    into = Flow(
        other,
        mine,
        other_port,
        my_port,
        6,
        received,
        received * rng.randrange(60, 1400),
        False,
        True,
        3 if serves else 18,
        service,
    )
    return [into, out] if serves else [out, into]


def planted(interface: Interface, flow: Flow, at_ms: int) -> Record:
    """Return one record of a chain."""
    return render(interface, flow, at_ms // 1000, at_ms // 1000 + 59)


SOURCE = Source(name=NAME, root=BUCKET, share=0.25, open=FlowLogs)
