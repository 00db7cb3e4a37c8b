"""osquery's logs: results of scheduled queries (rows that came and went, snapshots, batches), and what osqueryd says.

All values are texts. A record is a line; a batch or a snapshot is one.
https://osquery.readthedocs.io/en/stable/deployment/logging/
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.json_records import envelope
from transforms.sources.base import Head, KeyTemplate, Source, Value


class ResultHead(Head):
    name: Value = None
    unixTime: Value = None
    severity: Value = None


def clock(head: ResultHead) -> Value:
    """When the query ran: a count of seconds, in a text or not."""
    try:
        return int(str(head.unixTime)) * 1000
    except ValueError:
        return None


def reject(head: ResultHead) -> str | None:
    if head.name is None and head.severity is None:
        return "neither a query's result nor a status of osquery"
    return None


SOURCE = Source(
    name="osquery",
    title="osquery results",
    vendor="osquery",
    domain="compute",
    documentation="https://osquery.readthedocs.io/en/stable/deployment/logging/",
    event_id="none: the line's text, which holds host, query, time and counter",
    lateness="seconds; then as the shipper delivers",
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2)),
    grows=True,
    expand=envelope(),
    head=ResultHead,
    clock=clock,
    reject=reject,
    cadence=timedelta(minutes=5),
)
