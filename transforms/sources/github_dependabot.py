"""GitHub Dependabot alerts: answers of the REST and GraphQL APIs, and bodies of the webhook `dependabot_alert`.

A record is an alert in one of its states; its webhook says beside it what happened, and in which repository.
https://docs.github.com/rest/dependabot/alerts
https://docs.github.com/webhooks/webhook-events-and-payloads#dependabot_alert
https://docs.github.com/graphql/reference/objects#repositoryvulnerabilityalert
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.reports import Reports, Way
from transforms.sources.base import Source, Table
from transforms.sources.scan_reports import KEYS, clock

ANSWER = (("answer", "data"),)
ALERTS = (("repository", "vulnerabilityAlerts"), ("alerts", "nodes"))
FOUND = (("found", "vulnerabilityAlerts"), ("alerts", "nodes"))
WAYS: tuple[Way, ...] = (
    (("event", "alert"),),
    (("delivery", "body"), ("event", "alert")),
    (*ANSWER, ("data", "repository"), *ALERTS),
    (*ANSWER, ("data", "repository"), ("repository", "search"), ("search", "nodes"), *FOUND),
    (*ANSWER, ("data", "search"), ("search", "nodes"), *ALERTS),
    (*ANSWER, ("data", "organization"), ("organization", "repositories"), ("repositories", "nodes"), *ALERTS),
)

SOURCE = Source(
    name="github_dependabot",
    title="GitHub Dependabot alerts",
    vendor="GitHub",
    domain="vcs",
    documentation="https://docs.github.com/rest/dependabot/alerts",
    lateness="at once by webhook, else as often as the API is asked",
    keys=KEYS,
    framing=Reports(
        ways=WAYS,
        marks=frozenset(),
        key=("url", "id"),
        clock=("updated_at", "fixedAt", "dismissedAt", "createdAt", "created_at"),
        own=frozenset({"security_advisory", "securityVulnerability"}),
    ),
    table=Table(
        identity=("url", "id", "text", "scan", "state"),
        needed=("scan",),
        clock_columns=("clock",),
        clock=clock,
    ),
    cadence=timedelta(minutes=5),
)
