"""Google Workspace's audit logs: activities of the Reports API, pulled or exported to files.

A record is an activity, one item of the API's list, whole: it may hold several events of one action. What Workspace
shares with Google Cloud comes as audit log entries, which belong to Cloud Audit Logs. The place of the API is
`https://admin.googleapis.com`; each application is a stream of its own.

https://developers.google.com/workspace/admin/reports/v1/guides/manage-audit-admin
https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities/list
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.answers import answers
from transforms.readers.workspace import application
from transforms.sources.base import Head, KeyTemplate, Source, Value

SOON = ("access_transparency", "admin", "chat", "chrome", "context_aware_access", "drive", "mobile", "rules", "vault")
LATER = ("calendar", "groups", "groups_enterprise", "login", "meet", "saml", "token", "user_accounts")
"""Applications whose activities show within minutes, and those where it may take a couple of hours.

https://support.google.com/a/answer/7061566
"""


class ActivityId(msgspec.Struct, gc=False):
    time: Value = None
    uniqueQualifier: Value = None
    applicationName: Value = None


class ActivityHead(Head):
    id: ActivityId | Value = None
    alertId: Value = None
    logName: Value = None


def identity(head: ActivityHead) -> tuple[Value, ...] | None:
    """uniqueQualifier tells apart activities of one application and instant."""
    found = head.id
    if not isinstance(found, ActivityId) or found.uniqueQualifier is None:
        return None
    return f"{found.time} {found.applicationName}", found.uniqueQualifier  # two texts are hashed fastest


def clock(head: ActivityHead) -> Value:
    return head.id.time if isinstance(head.id, ActivityId) else None


def reject(head: ActivityHead) -> str | None:
    if head.alertId is not None:
        return "an alert of the Alert Center, not an activity of the Reports API"
    if head.logName is not None:
        return "a log entry of Google Cloud, not an activity of the Reports API: it belongs to another source"
    return None


SOURCE = Source(
    name="google_workspace",
    title="Google Workspace audit logs",
    vendor="Google",
    domain="identity",
    documentation="https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities/list",
    event_id="`id.time`, `id.uniqueQualifier`, `id.applicationName`",
    lateness="minutes to some hours, by application",
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2)),
    expand=answers("items"),
    head=ActivityHead,
    identity=identity,
    clock=clock,
    reject=reject,
    cadence=timedelta(minutes=5),
    api=(
        *(application(name, timedelta(minutes=30)) for name in SOON),
        *(application(name, timedelta(hours=4)) for name in LATER),
    ),
)
