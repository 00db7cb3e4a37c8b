"""GitLab's pipelines and jobs: objects of the REST API, and the webhooks `pipeline` and `build` as a collector's lines.

https://docs.gitlab.com/api/pipelines/ https://docs.gitlab.com/api/jobs/
https://docs.gitlab.com/user/project/integrations/webhook_events/#pipeline-events
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.json_records import envelope
from transforms.sources.base import Source
from transforms.sources.collected import KEYS
from transforms.sources.gitlab_objects import SECRETS, ObjectHead, clock, identity

SOURCE = Source(
    name="gitlab_ci",
    title="GitLab pipelines",
    vendor="GitLab",
    domain="ci/cd",
    documentation="https://docs.gitlab.com/api/pipelines/",
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
