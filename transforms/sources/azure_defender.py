"""Microsoft Defender for Cloud: alerts, recommendations and their findings, as continuous export hands them on.

Each change is exported: an alert again as it goes on or is dismissed, a recommendation as a resource meets or fails
it. An event hub writes the names of some kinds in capitals, the REST API none; a workspace keeps `SecurityAlert`.
https://learn.microsoft.com/azure/defender-for-cloud/continuous-export
https://learn.microsoft.com/azure/defender-for-cloud/alerts-schemas
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.json_records import envelope
from transforms.sources.base import Head, KeyTemplate, Source, Value


class State(msgspec.Struct, gc=False):
    """Of a recommendation or a finding; that of an alert is a word."""

    code: Value = None
    Code: Value = None
    statusChangeDate: Value = None
    StatusChangeDate: Value = None


class Properties(msgspec.Struct, gc=False):
    systemAlertId: Value = None
    status: State | Value = None
    Status: State | Value = None
    processingEndTimeUtc: Value = None
    timeGeneratedUtc: Value = None
    timeGenerated: Value = None
    TimeGenerated: Value = None


class Enrichment(msgspec.Struct, gc=False):
    action: Value = None
    Action: Value = None


class DefenderHead(Head):
    SystemAlertId: Value = None
    Status: Value = None
    ProcessingEndTime: Value = None
    TimeGenerated: Value = None
    id: Value = None
    Id: Value = None
    properties: Properties | Value = None
    Properties: Properties | Value = None
    securityEventDataEnrichment: Enrichment | None = None
    SecurityEventDataEnrichment: Enrichment | None = None
    cveId: Value = None
    machineId: Value = None


NONE = Properties()


def told(head: DefenderHead) -> Properties:
    for found in (head.properties, head.Properties):
        if isinstance(found, Properties):
            return found
    return NONE


def clock(head: DefenderHead) -> Value:
    """When an alert was last worked on, a recommendation's state changed, a finding was made."""
    inside = told(head)
    state = inside.status if isinstance(inside.status, State) else inside.Status
    changed = (state.statusChangeDate or state.StatusChangeDate) if isinstance(state, State) else None
    return (
        head.ProcessingEndTime
        or inside.processingEndTimeUtc
        or changed
        or inside.timeGeneratedUtc
        or inside.timeGenerated
        or inside.TimeGenerated
        or head.TimeGenerated
    )


def identity(head: DefenderHead) -> tuple[Value, ...] | None:
    """What it is about and the state of it: a snapshot of what has not changed is the same event again."""
    inside = told(head)
    alert = head.SystemAlertId or inside.systemAlertId
    if alert is not None:
        state = head.Status if head.SystemAlertId is not None else inside.status
        word = state.lower() if isinstance(state, str) else None
        return (alert, "new" if word == "active" else word, clock(head))
    about = head.id or head.Id
    if not isinstance(about, str):
        return None
    state = inside.status if isinstance(inside.status, State) else inside.Status
    code = (state.code or state.Code) if isinstance(state, State) else None
    done = head.securityEventDataEnrichment or head.SecurityEventDataEnrichment or Enrichment()
    return (about.lower(), code, clock(head), (done.action or done.Action) == "Delete")


def reject(head: DefenderHead) -> str | None:
    if clock(head) is not None:
        return None
    if head.cveId is not None and head.machineId is not None:
        return "a weakness of a machine, from Defender for Endpoint's API, which says no time"
    about = head.id
    if isinstance(about, str) and ("/securescores/" in about.lower() or "/regulatorycompliance" in about.lower()):
        return "a score or a standard's state, which says no time: it sums up recommendations that are exported too"
    return None


SOURCE = Source(
    name="azure_defender",
    title="Microsoft Defender for Cloud",
    vendor="Microsoft",
    domain="azure",
    documentation="https://learn.microsoft.com/azure/defender-for-cloud/continuous-export",
    event_id="alert, status and time; of an assessment its id, result and time",
    lateness="at once, snapshots once a week",
    keys=KeyTemplate(
        segments=(r"(?:y=)?(?P<year>\d{4})", r"(?:m=)?(?P<month>\d\d)", r"(?:d=)?(?P<day>\d\d)"),
        overlap=timedelta(days=2),
    ),
    expand=envelope("records", "value"),
    head=DefenderHead,
    identity=identity,
    clock=clock,
    reject=reject,
    cadence=timedelta(minutes=5),
)
