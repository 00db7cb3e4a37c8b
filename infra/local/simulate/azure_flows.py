# ruff: noqa: S311  (seeded randomness is the point)
"""Traffic of the virtual machines in Azure, as both kinds of flow log tell it: a PT1H.json an hour and interface.

A blob holds a record for each minute that had flows; a record has groups of tuples by rule. A tuple that was written
late stands in a later minute's record too, now and then.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from infra.local.simulate.model import DAY_S, HOUR_S, TICK_S, Delivery, Record, Run, utc
from infra.local.simulate.organisation import Organisation
from infra.local.simulate.rendering import compact_time
from infra.local.simulate.rhythm import hour_of_week

NIGHT = 0.4
"""Traffic of the quietest hour against that of the busiest."""
EPHEMERAL = range(32768, 61000)
AGAIN = 0.02
"""Part of the tuples that are written twice."""
FINISHED_S = 600
"""After the hour, seconds until its blob has its last block."""


class Interface(NamedTuple):
    """The network interface of a virtual machine."""

    subscription: str
    machine: str
    mac: str
    ip: str

    @property
    def stream(self) -> str:
        """Where its flows are delivered."""
        return f"{self.subscription}/{self.mac}"


class Flow(NamedTuple):
    """A connection as an interface saw it; `sent` and `received` are (packets, bytes) from its source's side."""

    at_ms: int
    src: str
    dst: str
    src_port: int
    dst_port: int
    inbound: bool
    allowed: bool
    state: str
    """B, C or E."""
    sent: tuple[int, int]
    received: tuple[int, int]

    @property
    def rule(self) -> str:
        """The rule that decided."""
        if not self.allowed:
            return "DefaultRule_DenyAllInBound"
        return "UserRule_https" if self.inbound else "DefaultRule_AllowInternetOutBound"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one kind of flow log writes: its blob's key below the hour's, a tuple, and a minute's record."""

    name: str
    folder: Callable[[Organisation, Interface], str]
    tuple: Callable[[Flow], str]
    record: Callable[[Organisation, Interface, int, dict[str, list[str]]], dict[str, object]]
    """Of an interface, the minute's end (epoch seconds) and the tuples by rule."""


def interfaces(org: Organisation) -> tuple[Interface, ...]:
    """Return the interfaces of every subscription, the same for all who ask."""
    return tuple(
        Interface(subscription, machine, f"000D3A{number:02X}{n:04X}", f"10.{200 + number}.0.{n + 10}")
        for number, subscription in enumerate(sorted(org.subscriptions))
        for n, machine in enumerate(org.virtual_machines)
    )


class FlowBlobs:
    """Ordinary traffic of the machines, and the hours' blobs."""

    def __init__(self, run: Run, expected: float, form: Form):
        """Prepare `expected` ordinary tuples over the run."""
        self.distinct = 0
        self._run, self._form, self._rng = run, form, run.rng(form.name)
        self._interfaces = interfaces(run.organisation)
        levels = sum(self._level(t) for t in range(run.start, run.end, TICK_S))
        self._scale = expected / levels if levels else 0.0
        self._debt = 0.0
        self._port = 0
        self._hours: dict[int, dict[str, list[tuple[int, str, str]]]] = {}
        """hour -> (minute, rule, tuple) by stream."""

    @staticmethod
    def _level(start: int) -> float:
        hour = start % DAY_S / HOUR_S
        day = 1.0 - (1.0 - NIGHT) * abs(hour - 13) / 13
        return day * (1.0 if hour_of_week(start) < 120 else 0.6)

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the blobs that are finished in the step from `start`; the body of a planted record is `rule|tuple`."""
        self._debt += self._level(start) * self._scale
        while self._debt > 0:
            interface = self._rng.choice(self._interfaces)
            flows = self._conversation(interface, start)
            self._debt -= len(flows)
            for flow in flows:
                self._publish(interface.stream, flow.at_ms, flow.rule, self._form.tuple(flow))
        for record in planted:
            self._publish(record.stream, record.at_ms, *record.body.split("|", 1))
        return self._blobs((start + TICK_S - FINISHED_S) // HOUR_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the blobs of the hours that are not finished."""
        return self._blobs(None)

    def _conversation(self, mine: Interface, start: int) -> list[Flow]:
        """Return the beginning and end of a connection, or a probe that is turned away."""
        rng = self._rng
        at = start * 1000 + rng.randrange(TICK_S * 1000 - 9000)
        self._port = (self._port + 7) % len(EPHEMERAL)
        port = EPHEMERAL[self._port]
        kind, nothing = rng.random(), (0, 0)
        if kind < 0.1:  # the internet's background: each address knocks once
            stranger = f"198.18.{rng.randrange(256)}.{rng.randrange(1, 255)}"
            return [Flow(at, stranger, mine.ip, port, rng.choice((22, 3389)), True, False, "B", nothing, nothing)]
        ends = (f"192.0.2.{rng.randrange(1, 255)}", mine.ip) if kind < 0.6 else (mine.ip, "198.51.100.120")
        packets = rng.randrange(4, 60), rng.randrange(4, 80)
        sent, received = ((count, count * rng.randrange(60, 1400)) for count in packets)
        inbound = kind < 0.6
        return [
            Flow(at, *ends, port, 443, inbound, True, "B", nothing, nothing),
            Flow(at + rng.randrange(500, 9000), *ends, port, 443, inbound, True, "E", sent, received),
        ]

    def _publish(self, stream: str, at_ms: int, rule: str, text: str) -> None:
        self.distinct += 1
        minute = at_ms // 60_000
        held = self._hours.setdefault(at_ms // 1000 // HOUR_S, {}).setdefault(stream, [])
        held.append((minute, rule, text))
        if self._rng.random() < AGAIN:
            held.append((minute + 1, rule, text))

    def _blobs(self, before: int | None) -> Iterator[Delivery]:
        for hour in sorted(hour for hour in self._hours if before is None or hour < before):
            streams = self._hours.pop(hour)
            for interface in self._interfaces:
                tuples = streams.get(interface.stream)
                if tuples:
                    yield self._blob(interface, hour, tuples)

    def _blob(self, interface: Interface, hour: int, tuples: list[tuple[int, str, str]]) -> Delivery:
        org = self._run.organisation
        minutes: dict[int, dict[str, list[str]]] = {}
        for minute, rule, text in sorted(tuples):
            minutes.setdefault(minute, {}).setdefault(rule, []).append(text)
        records = [self._form.record(org, interface, (m + 1) * 60, rules) for m, rules in minutes.items()]
        folder = f"{self._form.folder(org, interface)}/{compact_time(hour * HOUR_S, 'y=%Y/m=%m/d=%d/h=%H')}"
        return Delivery(
            source=self._form.name,
            key=f"{folder}/m=00/macAddress={interface.mac}/PT1H.json",
            data=json.dumps({"records": records}, separators=(",", ":")).encode(),
            delivered_at=utc((hour + 1) * HOUR_S + FINISHED_S),
            offset=None,
            records=len(tuples),
        )


def fraction(interface: Interface, at: int) -> int:
    """Return the tenths of microseconds in the time of a record, 0 to 9999."""
    return random.Random(f"{interface.mac}/{at}").randrange(10_000)
