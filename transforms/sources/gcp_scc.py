"""Security Command Center findings: notifications through Pub/Sub, answers of ListFindings, exports to Cloud Logging.

A finding is emitted again whenever it changes, with a later eventTime, or when somebody mutes it: each is an event.
https://cloud.google.com/security-command-center/docs/how-to-notifications
https://cloud.google.com/security-command-center/docs/reference/rest/v2/organizations.sources.findings/list
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.json_records import envelope
from transforms.sources.base import Source, Value
from transforms.sources.log_entry import KEYS, LogEntryHead, instant, unwrap


class Finding(msgspec.Struct, gc=False):
    """https://cloud.google.com/security-command-center/docs/reference/rest/v2/organizations.sources.findings"""

    name: Value = None
    eventTime: Value = None
    state: Value = None
    mute: Value = None
    muteUpdateTime: Value = None


class Notification(msgspec.Struct, gc=False):
    finding: Finding | None = None


class FindingHead(LogEntryHead):
    finding: Finding | None = None
    jsonPayload: Notification | None = None


def finding_of(head: FindingHead) -> Finding | None:
    return head.finding if head.finding is not None or head.jsonPayload is None else head.jsonPayload.finding


def identity(head: FindingHead) -> tuple[Value, ...] | None:
    """The finding and its state; version 2 of the API names the location in it, which version 1 leaves out."""
    finding = finding_of(head)
    if finding is None or finding.name is None:
        return None
    name = finding.name.replace("/locations/global/", "/") if isinstance(finding.name, str) else finding.name
    return (name, instant(finding.eventTime), finding.state, finding.mute, instant(finding.muteUpdateTime))


def clock(head: FindingHead) -> Value:
    finding = finding_of(head)
    return None if finding is None else finding.eventTime


def reject(head: FindingHead) -> str | None:
    if finding_of(head) is None:
        return "no finding: assets belong to gcp_asset_inventory, audit log entries to gcp_audit"
    return None


SOURCE = Source(
    name="gcp_scc",
    title="Security Command Center findings",
    vendor="Google",
    domain="gcp",
    documentation="https://cloud.google.com/security-command-center/docs/how-to-notifications",
    event_id="the finding's `name`, `eventTime`, state and mute",
    lateness="at once through Pub/Sub",
    keys=KEYS,
    expand=envelope("listFindingsResults", "receivedMessages", "entries"),
    head=FindingHead,
    identity=identity,
    clock=clock,
    reject=reject,
    unwrap=unwrap,
    cadence=timedelta(minutes=5),
)
