"""GitHub secret scanning: alerts of the REST API, and of the webhook `secret_scanning_alert` as a collector's lines.

An alert is a record in each of its states. The secret, which the API hands out, is a keyed hash before anything is
written. https://docs.github.com/rest/secret-scanning/secret-scanning
https://docs.github.com/webhooks/webhook-events-and-payloads#secret_scanning_alert
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.json_records import envelope
from transforms.decoders.redaction import Redaction
from transforms.sources.base import Source
from transforms.sources.collected import KEYS
from transforms.sources.github_alerts import AlertHead, clock, identity, reject
from transforms.sources.github_signature import vouch_deliveries

SOURCE = Source(
    name="github_secret_scanning",
    title="GitHub secret scanning alerts",
    vendor="GitHub",
    domain="scanners",
    documentation="https://docs.github.com/rest/secret-scanning/secret-scanning",
    event_id="the alert's `url`, its state and time",
    lateness="seconds by webhook, else as often as the API is asked",
    keys=KEYS,
    expand=envelope(),
    head=AlertHead,
    identity=identity,
    clock=clock,
    reject=reject,
    vouch=vouch_deliveries,
    redact=Redaction(secrets=("secret",)),
    cadence=timedelta(minutes=5),
)
