"""GitLab's projects, merge requests, approvals, pipelines and deployments: objects of the REST API, and webhooks.

https://docs.gitlab.com/api/merge_requests/ https://docs.gitlab.com/api/deployments/
https://docs.gitlab.com/user/project/integrations/webhook_events/
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.json_records import envelope
from transforms.sources.base import Source
from transforms.sources.collected import KEYS
from transforms.sources.gitlab_objects import SECRETS, ObjectHead, clock, identity

SOURCE = Source(
    name="gitlab_api",
    title="GitLab projects and merge requests",
    vendor="GitLab",
    domain="vcs",
    documentation="https://docs.gitlab.com/api/rest/",
    event_id="the header `X-Gitlab-Event-UUID`; else the object's address, id, state and times",
    lateness="seconds by webhook, else as often as the API is asked",
    keys=KEYS,
    expand=envelope(),
    head=ObjectHead,
    identity=identity,
    clock=clock,
    redact=SECRETS,
    cadence=timedelta(minutes=5),
    dated_by_object=True,
)
