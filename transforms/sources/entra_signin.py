"""Microsoft Entra sign-in logs: blobs that diagnostic settings export, and the same sign-ins from Microsoft Graph.

Four logs (interactive, non-interactive, service principals, managed identities), each in a container of its own
(`insights-logs-signinlogs`, `insights-logs-noninteractiveusersigninlogs`, ...), one form. The place of the API is
`https://graph.microsoft.com/beta` for all four, or `https://graph.microsoft.com/v1.0` for interactive ones alone; the
permission is AuditLog.Read.All. Identity Protection's records that lie in the same place are base events.

https://learn.microsoft.com/entra/identity/monitoring-health/concept-sign-ins
https://learn.microsoft.com/azure/azure-monitor/reference/tables/signinlogs
https://learn.microsoft.com/graph/api/signin-list
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.odata import odata
from transforms.readers.graph import graph_headers, next_page, since, values_by
from transforms.readers.http import ApiContext, ApiPull
from transforms.sources.azure_blobs import KEYS
from transforms.sources.base import Head, Source, Value

KINDS = ("interactiveUser", "nonInteractiveUser", "servicePrincipal", "managedIdentity")
"""Of https://learn.microsoft.com/graph/api/resources/signin: without a filter on them Graph lists interactive ones."""


class SignIn(msgspec.Struct, gc=False):
    """What Graph returns, and what diagnostic settings wrap as `properties`."""

    id: Value = None
    createdDateTime: Value = None
    activityDateTime: Value = None
    riskLastUpdatedDateTime: Value = None


class SignInHead(Head):
    time: Value = None
    category: Value = None
    id: Value = None
    createdDateTime: Value = None
    activityDateTime: Value = None
    riskLastUpdatedDateTime: Value = None
    properties: SignIn | Value = None


def sign_in(head: SignInHead) -> SignInHead | SignIn:
    return head.properties if isinstance(head.properties, SignIn) else head


def identity(head: SignInHead) -> tuple[Value, ...] | None:
    """The sign-in's own id, the same through both transports; a risky user's id is that of each of its states."""
    found = sign_in(head)
    if found.id is None:
        return None
    return (found.id,) if found.createdDateTime is not None else (found.id, clock(head))


def clock(head: SignInHead) -> Value:
    """When it happened. The export's `time` may be minutes later, and Identity Protection's is no RFC 3339."""
    found = sign_in(head)
    times = (found.createdDateTime, found.activityDateTime, found.riskLastUpdatedDateTime, head.time)
    return next((moment for moment in times if moment is not None), None)


def reject(head: SignInHead) -> str | None:
    if head.activityDateTime is not None or str(head.category).lower() == "auditlogs":
        return "an entry of the directory's audit log, not a sign-in"
    return None


def first_page(context: ApiContext) -> str:
    kinds = " or ".join(f"t eq '{kind}'" for kind in KINDS)
    every = f"signInEventTypes/any(t: {kinds})" if context.base.endswith("/beta") else ""
    return since("auditLogs/signIns", "createdDateTime", every)(context)


SOURCE = Source(
    name="entra_signin",
    title="Microsoft Entra sign-in logs",
    vendor="Microsoft",
    domain="identity",
    documentation="https://learn.microsoft.com/entra/identity/monitoring-health/concept-sign-ins",
    event_id="the sign-in's `id`; of a risky user `id` and time of the state",
    lateness="minutes, seldom hours",
    keys=KEYS,
    grows=True,
    skip_keys=r"insights-logs-auditlogs/",
    expand=odata(),
    head=SignInHead,
    identity=identity,
    clock=clock,
    reject=reject,
    cadence=timedelta(minutes=5),
    api=ApiPull(
        stream="signIns",
        place="https://graph.microsoft.com/v1.0",
        permission="AuditLog.Read.All of Microsoft Graph as application permission, granted to the workload's identity",
        first=first_page,
        headers=graph_headers,
        following=next_page,
        measure=values_by("createdDateTime"),
        # a sign-in may show hours after it happened: https://learn.microsoft.com/entra/identity/monitoring-health/reference-log-latency
        overlap=timedelta(hours=2),
    ),
)
