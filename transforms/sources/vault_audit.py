"""HashiCorp Vault's audit log: what any audit device writes, a JSON line each for a request and its response.

The two are records with one `request.id`; only the response tells how it ended. Secret texts stand there as HMACs
(`hmac-sha256:...`), which stay as they are: equal ones are equal secrets.

https://developer.hashicorp.com/vault/docs/audit
https://developer.hashicorp.com/vault/docs/audit/schema
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.json_records import envelope
from transforms.sources.base import Head, KeyTemplate, Source, Value


class Request(msgspec.Struct, gc=False):
    id: Value = None
    operation: Value = None


class AuditHead(Head):
    time: Value = None
    type: Value = None
    request: Request | None = None


def identity(head: AuditHead) -> tuple[Value, ...] | None:
    """Request and response share the id, which Vault makes; several audit devices write the same two records."""
    return None if head.request is None or head.request.id is None else (head.request.id, head.type)


def reject(head: AuditHead) -> str | None:
    """Beside its audit log a server writes one of its own operation, in JSON too."""
    if head.request is None or head.type is None:
        return "neither a request nor a response: not an audit record of Vault"
    return None


SOURCE = Source(
    name="vault_audit",
    title="Vault audit log",
    vendor="HashiCorp",
    domain="secrets",
    documentation="https://developer.hashicorp.com/vault/docs/audit",
    event_id="`request.id` and `type`: a request and its response are two events",
    lateness="written before Vault answers; then as the shipper delivers",
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2)),
    grows=True,
    expand=envelope(),
    head=AuditHead,
    identity=identity,
    clock=lambda head: head.time,
    reject=reject,
)
