"""Amazon Route 53 Resolver query logs: NDJSON in S3, and as CloudWatch Logs and Firehose hand them on.

A record has no id: its own text is its identity, so that a query that was asked twice within a second, from one port
and with one answer, is one.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.cloudwatch import CloudWatch
from transforms.decoders.json_records import JsonRecords, envelope
from transforms.sources.base import Head, KeyTemplate, Source, Value


class ResolverHead(Head):
    query_timestamp: Value = None


SOURCE = Source(
    name="aws_route53_resolver",
    title="Amazon Route 53 Resolver query logs",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs.html",
    lateness="within minutes, in batches",
    cadence=timedelta(minutes=5),
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2)),
    framing=CloudWatch(JsonRecords(envelope())),
    head=ResolverHead,
    clock=lambda head: head.query_timestamp,
)
