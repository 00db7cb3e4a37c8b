"""TruffleHog: secrets that it found, a JSON line each (version 3), or a list (trufflehog3, version 2).

What it found is a keyed hash before anything is written; what stands around a secret is not kept.
https://github.com/trufflesecurity/trufflehog https://github.com/feeltheajf/trufflehog3
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import msgspec

from transforms.decoders.json_records import listed
from transforms.decoders.redaction import Redaction
from transforms.sources.base import Head, Source, Value
from transforms.sources.scan_reports import KEYS

SPACED = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?: ([+-]\d\d):?(\d\d))?")
"""`2026-03-02 10:00:00 +0100`; without a zone, as version 2 writes it, it is UTC."""


class Metadata(msgspec.Struct, gc=False):
    Data: dict[str, Any] | None = None


class TruffleHead(Head):
    SourceMetadata: Metadata | None = None
    DetectorName: Value = None
    Raw: Value = None
    RawV2: Value = None
    rule: Any = None
    path: Value = None
    line: Value = None
    secret: Value = None
    commit: Value = None
    commit_hash: Value = msgspec.field(name="commitHash", default=None)
    reason: Value = None
    strings: list[Any] | None = msgspec.field(name="stringsFound", default=None)
    date: Value = None


def place(head: TruffleHead) -> dict[str, Any]:
    """Where version 3 found it: the members that a kind of source has."""
    data = head.SourceMetadata.Data if head.SourceMetadata is not None else None
    inner = next(iter(data.values()), None) if data else None
    return inner if isinstance(inner, dict) else {}


def identity(head: TruffleHead) -> tuple[Value, ...] | None:
    """Which detector found which secret (by its hash) where."""
    if head.DetectorName is not None:
        return (head.DetectorName, json.dumps(place(head), sort_keys=True), head.Raw, head.RawV2)
    if head.path is not None:
        rule = head.rule.get("id") if isinstance(head.rule, dict) else head.reason
        found = head.secret if head.strings is None else json.dumps(head.strings)
        return (head.commit_hash or head.commit, head.path, head.line, rule, found)
    return None


def clock(head: TruffleHead) -> Value:
    """The commit's time; what was found outside of commits has its report's."""
    time = place(head).get("timestamp") or head.date
    spaced = SPACED.fullmatch(time) if isinstance(time, str) else None
    if spaced is None:
        return time or None
    day, at, hours, minutes = spaced.groups()
    return f"{day}T{at}{hours}:{minutes}" if hours else f"{day}T{at}Z"


SOURCE = Source(
    name="trufflehog",
    title="TruffleHog findings",
    vendor="Truffle Security",
    domain="scanners",
    documentation="https://github.com/trufflesecurity/trufflehog",
    event_id="detector, place and the secret's hash",
    lateness="a report when a scan ends; findings are as old as their commits",
    keys=KEYS,
    expand=listed(),
    head=TruffleHead,
    identity=identity,
    clock=clock,
    dated_by_object=True,
    redact=Redaction(
        secrets=("Raw", "RawV2", "secret", "stringsFound"),
        around=("Redacted", "StructuredData", "context", "diff", "printDiff"),
    ),
    cadence=timedelta(minutes=15),
)
