"""GitHub code scanning: alerts of the REST API, and of the webhook `code_scanning_alert` as a collector's lines.

An alert is a record in each of its states. https://docs.github.com/rest/code-scanning/code-scanning
https://docs.github.com/webhooks/webhook-events-and-payloads#code_scanning_alert
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.json_records import envelope
from transforms.sources.base import Source
from transforms.sources.collected import KEYS
from transforms.sources.github_alerts import AlertHead, clock, identity, reject
from transforms.sources.github_signature import vouch_deliveries

SOURCE = Source(
    name="github_code_scanning",
    title="GitHub code scanning alerts",
    vendor="GitHub",
    domain="scanners",
    documentation="https://docs.github.com/rest/code-scanning/code-scanning",
    event_id="the alert's `url`, its state and time",
    lateness="seconds by webhook, else as often as the API is asked",
    keys=KEYS,
    expand=envelope(),
    head=AlertHead,
    identity=identity,
    clock=clock,
    reject=reject,
    vouch=vouch_deliveries,
    cadence=timedelta(minutes=5),
)
