"""GitHub Actions: workflow runs, their attempts and jobs, from the API and from webhooks.

https://docs.github.com/rest/actions/workflow-runs
"""

from __future__ import annotations

from datetime import timedelta

from transforms.sources.base import Source
from transforms.sources.collected import KEYS
from transforms.sources.github_objects import LISTS, ObjectHead, clock, identity
from transforms.sources.github_signature import vouch_deliveries

SOURCE = Source(
    name="github_actions",
    title="GitHub Actions",
    vendor="GitHub",
    domain="ci/cd",
    documentation="https://docs.github.com/rest/actions/workflow-runs",
    event_id="the header `X-GitHub-Delivery`; else the object's `node_id`, attempt, state and last time",
    lateness="seconds by webhook, else as often as the API is asked",
    keys=KEYS,
    expand=LISTS,
    head=ObjectHead,
    identity=identity,
    clock=clock,
    vouch=vouch_deliveries,
    cadence=timedelta(minutes=5),
    dated_by_object=True,
)
