"""Okta System Log: the API's pages, or the same events exported.

https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.json_records import envelope
from transforms.readers.http import ApiPull, iso, next_link, records_by, token_header
from transforms.sources.base import Head, KeyTemplate, Source, Value


class OktaHead(Head):
    uuid: Value = None
    published: Value = None


SOURCE = Source(
    name="okta_system_log",
    title="Okta System Log",
    vendor="Okta",
    domain="identity",
    documentation="https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/",
    event_id="`uuid`",
    lateness="seconds, out of order by minutes",
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2)),
    expand=envelope("body"),
    head=OktaHead,
    identity=lambda head: None if head.uuid is None else (head.uuid,),
    clock=lambda head: head.published,
    api=ApiPull(
        stream="logs",
        place="https://ORG.okta.com",
        permission="OKTA_API_TOKEN: token of a Report Administrator or Read-only Administrator",
        first=lambda context: f"{context.base}/api/v1/logs?since={iso(context.since)}&sortOrder=ASCENDING&limit=1000",
        headers=token_header("OKTA_API_TOKEN", "SSWS {}"),
        following=next_link,
        measure=records_by("published"),
    ),
)
