"""Prowler: checks of cloud accounts and clusters, as its JSON outputs write them: OCSF, its own of versions 2 and 3.

Times without a zone are taken as UTC, in which Prowler's containers run. What it copies of a resource into the OCSF
(`resources[].data`: the variables of a function or a task too) may hold a secret, and its values are taken out.
https://docs.prowler.com/user-guide/cli/tutorials/reporting
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.json_records import envelope
from transforms.decoders.redaction import Redaction
from transforms.sources.base import Head, Source, Value
from transforms.sources.scan_reports import KEYS, LATENESS

SECONDS = 10**11
"""A count of seconds is below it, one of milliseconds above."""


class FindingInfo(msgspec.Struct, gc=False):
    uid: Value = None
    created_time: Value = None
    created_time_dt: Value = None


class ProwlerHead(Head):
    finding_info: FindingInfo | None = None
    time: Value = None
    time_dt: Value = None
    event_time: Value = None
    FindingUniqueId: Value = None
    AssessmentStartTime: Value = None
    account: Value = msgspec.field(name="Account Number", default=None)
    control: Value = msgspec.field(name="Control ID", default=None)
    region: Value = msgspec.field(name="Region", default=None)
    resource: Value = msgspec.field(name="Resource ID", default=None)
    message: Value = msgspec.field(name="Message", default=None)
    timestamp: Value = msgspec.field(name="Timestamp", default=None)


def identity(head: ProwlerHead) -> tuple[Value, ...] | None:
    """A check of one resource, and when it was made."""
    if head.finding_info is not None:
        return (head.finding_info.uid, clock(head)) if head.finding_info.uid else None
    if head.FindingUniqueId is not None:
        return (head.FindingUniqueId, head.AssessmentStartTime)
    if head.control is not None:
        return (head.account, head.control, head.region, head.resource, head.message, head.timestamp)
    return None


def clock(head: ProwlerHead) -> Value:
    info = head.finding_info or FindingInfo()
    times = (head.time_dt, head.event_time, info.created_time_dt, info.created_time, head.AssessmentStartTime)
    for time in (head.time if isinstance(head.time, int) else None, *times, head.timestamp):
        if isinstance(time, int):
            return time * 1000 if 0 < time < SECONDS else time
        if isinstance(time, str) and time:
            return time if time.endswith("Z") or "+" in time or time[-6:-5] == "-" else f"{time}Z"
    return None


SOURCE = Source(
    name="prowler",
    title="Prowler findings",
    vendor="Prowler",
    domain="scanners",
    documentation="https://docs.prowler.com/user-guide/cli/tutorials/reporting",
    event_id="the finding's id and time; in version 2 account, control, region, resource, message and time",
    lateness=LATENESS,
    keys=KEYS,
    expand=envelope(),
    head=ProwlerHead,
    identity=identity,
    clock=clock,
    redact=Redaction(secrets=(), around=("data",)),
    cadence=timedelta(minutes=15),
)
