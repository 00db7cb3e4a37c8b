"""GitHub's repositories, rules, commits, pull requests, reviews, checks and deployments, as its API tells them.

https://docs.github.com/rest/repos
"""

from __future__ import annotations

from datetime import timedelta

from transforms.sources.base import Source
from transforms.sources.collected import KEYS
from transforms.sources.github_objects import LISTS, ObjectHead, clock, identity
from transforms.sources.github_signature import vouch_deliveries

SOURCE = Source(
    name="github_api",
    title="GitHub repositories and pull requests",
    vendor="GitHub",
    domain="vcs",
    documentation="https://docs.github.com/rest/repos",
    event_id="the object's `node_id`, hash or address, its state and last time",
    lateness="as often as the API is asked",
    keys=KEYS,
    expand=LISTS,
    head=ObjectHead,
    identity=identity,
    clock=clock,
    vouch=vouch_deliveries,
    cadence=timedelta(minutes=5),
    dated_by_object=True,
)
