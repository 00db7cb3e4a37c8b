"""AWS WAF web ACL logs: NDJSON in S3, and as Firehose and CloudWatch Logs hand them on.

A record has no id. Its request's is the load balancer's trace id, which the client may set and repeat, and one request
is a record in each web ACL that it passes: the record's own text is its identity, so that a request that was repeated
within a millisecond with one trace id is one.
https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
https://docs.aws.amazon.com/waf/latest/developerguide/logging-s3.html
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.cloudwatch import CloudWatch
from transforms.decoders.json_records import JsonRecords, envelope
from transforms.sources.base import Head, KeyTemplate, Source, Value


class WafHead(Head):
    timestamp: Value = None


SOURCE = Source(
    name="aws_waf",
    title="AWS WAF web ACL logs",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html",
    lateness="a file every 5 minutes",
    cadence=timedelta(minutes=5),
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2)),
    framing=CloudWatch(JsonRecords(envelope())),
    head=WafHead,
    clock=lambda head: head.timestamp,
)
