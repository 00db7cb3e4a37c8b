"""Kubernetes audit logs, audit.k8s.io/v1: as the API server writes them, and as EKS, GKE and AKS hand them on.

- the API server's log file (a line an event) and its webhook (an EventList)
- EKS: CloudWatch Logs of `/aws/eks/<cluster>/cluster`, by subscription (Firehose) or exported to S3
- GKE: entries of Cloud Audit Logs whose service is k8s.io, from a sink or Pub/Sub
- AKS: the categories kube-audit and kube-audit-admin of diagnostic settings; the event is text in `properties.log`

An event is known by its auditID and stage: a request gives one for each stage that the policy keeps. The id may be
chosen by the client (the header Audit-ID). GKE's entries have Cloud Logging's identity; theirs is the last stage.
Its time is when the request came in, whatever the stage.

https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
https://cloud.google.com/kubernetes-engine/docs/how-to/audit-logging
https://learn.microsoft.com/azure/aks/monitor-aks-reference#resource-logs
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import msgspec

from transforms.decoders.cloudwatch import CloudWatch
from transforms.decoders.json_records import Expand, JsonRecords, envelope
from transforms.lake.records import Raw
from transforms.sources import log_entry
from transforms.sources.base import KeyTemplate, Source, Value

CATEGORIES = {"kube-audit", "kube-audit-admin"}
GKE = "k8s.io"
WRITE_TEST = r"(^|/)aws-logs-write-test$"
"""What CloudWatch Logs leaves where it exports to."""
EXPORTED = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?=\{)")
"""What an export of CloudWatch Logs writes before each event."""
ENVELOPES = envelope("items", "records", "entries", "receivedMessages")


class Event(msgspec.Struct, gc=False):
    """An event of audit.k8s.io, bare or inside an entry of AKS."""

    auditID: Value = None
    stage: Value = None
    requestReceivedTimestamp: Value = None
    stageTimestamp: Value = None


EVENT = msgspec.json.Decoder(Event)


class Payload(msgspec.Struct, gc=False):
    serviceName: Value = None


class Properties(msgspec.Struct, gc=False):
    log: Value = None


class AuditHead(log_entry.LogEntryHead):
    """A head of any of the wires; `event` is what stands in AKS's text, and never read from the record itself."""

    kind: Value = None
    auditID: Value = None
    stage: Value = None
    verb: Value = None
    requestReceivedTimestamp: Value = None
    stageTimestamp: Value = None
    protoPayload: Payload | None = None
    category: Value = None
    time: Value = None
    properties: Properties | Value = None
    event: Event | None = msgspec.field(default=None, name="catchment:event")

    def __post_init__(self) -> None:
        """Decode the event of an entry of AKS. Raises msgspec.DecodeError where its text is none."""
        log = self.properties.log if isinstance(self.properties, Properties) else None
        self.event = EVENT.decode(log) if isinstance(log, str) and is_aks(self) else None


def is_aks(head: AuditHead) -> bool:
    return str(head.category).lower() in CATEGORIES


def expand(value: Raw) -> list[Raw]:
    """The records of a JSON value, or of an exported line."""
    if isinstance(value, bytes) and (stamp := EXPORTED.match(value)):
        value = value[stamp.end() :]
    return ENVELOPES(value)


def unwrap(head: AuditHead) -> tuple[bytes, dict[str, Any]] | None:
    """The entry in a message of Pub/Sub; raises ValueError where that holds none."""
    return None if head.verb is not None or head.auditID is not None else log_entry.unwrap(head)


def reject(head: AuditHead) -> str | None:
    """The containers and sinks of clusters hold other logs, too."""
    if head.logName is not None:
        if head.protoPayload is None:
            return "a log entry without protoPayload, not an audit event: it belongs to another source"
        if head.protoPayload.serviceName != GKE:
            return f"an entry of {str(head.protoPayload.serviceName)[:128]}, not of {GKE}: it belongs to another source"
    elif head.category is not None:
        if not is_aks(head):
            return f"an entry of the category {str(head.category)[:128]}, not a Kubernetes audit event"
        if head.event is None:
            return "an entry without an event in properties.log"
    elif head.auditID is None and head.verb is None:
        return "neither auditID nor verb: not a Kubernetes audit event"
    return None


def identity(head: AuditHead) -> tuple[Value, ...] | None:
    if head.logName is not None:
        return log_entry.identity(head)
    event = head.event or head
    return None if event.auditID is None else (event.auditID, event.stage)


def clock(head: AuditHead) -> Value:
    """When the request came in, or the stage was reached, or at least when the platform wrote it."""
    event = head.event or head
    times = (event.requestReceivedTimestamp, event.stageTimestamp, head.timestamp, head.time)
    return next((time for time in times if time is not None), None)


SOURCE = Source(
    name="k8s_audit",
    title="Kubernetes audit log",
    vendor="Kubernetes",
    domain="compute",
    documentation="https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/",
    event_id="`auditID` and `stage`; of a GKE entry `logName`, `timestamp`, `insertId`",
    lateness="at once from a file or webhook; managed clusters as their cloud's log delivers",
    keys=KeyTemplate(
        segments=(r"(?:y=)?(?P<year>\d{4})", r"(?:m=)?(?P<month>\d\d)", r"(?:d=)?(?P<day>\d\d)"),
        overlap=timedelta(days=2),
    ),
    grows=True,
    skip_keys=WRITE_TEST,
    framing=CloudWatch(JsonRecords(Expand(expand, ENVELOPES.lines))),
    head=AuditHead,
    identity=identity,
    clock=clock,
    reject=reject,
    unwrap=unwrap,
)
