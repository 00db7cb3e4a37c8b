"""GitHub organisation audit log: objects of its stream in a bucket, and the same events from the REST API.

https://docs.github.com/enterprise-cloud@latest/admin/monitoring-activity-in-your-enterprise/reviewing-audit-logs-for-your-enterprise/streaming-the-audit-log-for-your-enterprise
https://docs.github.com/rest/orgs/orgs#get-the-audit-log-for-an-organization
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec

from transforms.decoders.json_records import envelope
from transforms.readers.http import ApiContext, ApiPull, Seen, next_link, token_header
from transforms.sources.base import Head, KeyTemplate, Source, Value


class AuditHead(Head):
    at: Value = msgspec.field(default=None, name="@timestamp")
    created_at: Value = None
    document_id: Value = msgspec.field(default=None, name="_document_id")


def first_page(context: ApiContext) -> str:
    """`include=all` adds Git events, which the API keeps for seven days. The place is `https://api.github.com/orgs/ORG`."""
    since = context.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    return f"{context.base}/audit-log?include=all&order=asc&per_page=100&phrase={quote(f'created:>={since}', safe='')}"


def measure(body: Any) -> Seen:
    """A page's events by `_document_id`, old ones without it by their text; times are epoch milliseconds."""
    if not isinstance(body, list):
        raise ValueError("the page is no array")
    events = [event for event in body if isinstance(event, dict)]
    times = [event.get("@timestamp", event.get("created_at")) for event in events]
    seen = [_moment(value) for value in times]
    return Seen(
        records=len(body),
        newest=max((moment for moment in seen if moment), default=None),
        ids=frozenset(
            str(event.get("_document_id") or msgspec.json.encode(event, order="deterministic")) for event in events
        ),
    )


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


SOURCE = Source(
    name="github_audit",
    title="GitHub audit log",
    vendor="GitHub",
    domain="vcs",
    documentation="https://docs.github.com/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/audit-log-events-for-your-organization",
    event_id="`_document_id`",
    lateness="within minutes, out of order",
    keys=KeyTemplate(
        segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)", r"(?P<hour>\d\d)", r"\d\d"),
        overlap=timedelta(days=2),
    ),
    expand=envelope("body"),
    head=AuditHead,
    identity=lambda head: None if head.document_id is None else (head.document_id,),
    clock=lambda head: head.created_at if head.at is None else head.at,
    cadence=timedelta(minutes=5),
    api=ApiPull(
        stream="audit-log",
        place="https://api.github.com/orgs/ORG",
        permission="GITHUB_AUDIT_TOKEN: a token with read:audit_log, or fine-grained: Administration (read)",
        first=first_page,
        headers=token_header("GITHUB_AUDIT_TOKEN", "Bearer {}"),
        following=next_link,
        measure=measure,
        overlap=timedelta(minutes=10),
    ),
)
