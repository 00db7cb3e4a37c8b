"""Argo CD: what it deployed, as its API, its command line, `kubectl` and its notifications' webhooks tell Applications;
Kubernetes' events about them; and the logs of its programs, where they are written as JSON.

Each sync of an Application's history is a record, and its last operation, and its creation; an Application is known by
its uid. A sync's deployment is known by the uid and the time when it began, which its history and its operation share.
A webhook's body is what its template makes of it: it must hold the Application (`{"app": {{toJson .app}}}`). Headers
that a collector writes are not kept. https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/
Logs are JSON where the ConfigMap argocd-cmd-params-cm says so (`server.log.format`, `controller.log.format`).
https://argo-cd.readthedocs.io/en/stable/operator-manual/security/#logging
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.applications import Applications
from transforms.decoders.json_records import envelope
from transforms.sources.base import Source, Table
from transforms.sources.scan_reports import KEYS, clock

SOURCE = Source(
    name="argocd",
    title="Argo CD syncs",
    vendor="Argo CD",
    domain="ci/cd",
    documentation="https://argo-cd.readthedocs.io/en/stable/",
    lateness="as often as the API is asked, seconds by webhook and in its logs",
    keys=KEYS,
    framing=Applications(
        ways=(),
        own=frozenset({"msg", "involvedObject"}),
        marks=frozenset({"metadata", "spec"}),
        key=("deployedAt", "startedAt", "creationTimestamp"),
        clock=("deployedAt", "finishedAt", "startedAt", "creationTimestamp", "time", "lastTimestamp", "eventTime"),
        expand=envelope("items"),
    ),
    table=Table(
        identity=(
            *("app.metadata.uid", "app.metadata.namespace", "app.metadata.name", "found_in", "id", "deployedAt"),
            *("startedAt", "phase", "finishedAt", "retryCount", "message", "creationTimestamp", "text"),
        ),
        needed=(),
        clock_columns=("clock",),
        clock=clock,
    ),
    cadence=timedelta(minutes=5),
)
