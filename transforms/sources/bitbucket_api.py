"""Bitbucket Cloud: repositories, pull requests, commits, pipelines and their steps, as its API 2.0 tells them.

An object is an event in each of its states. https://developer.atlassian.com/cloud/bitbucket/rest/
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.json_records import envelope
from transforms.sources.base import Head, Source, Value
from transforms.sources.collected import KEYS


class Link(msgspec.Struct, gc=False):
    href: Value = None


class Links(msgspec.Struct, gc=False):
    self: Link | None = None


class State(msgspec.Struct, gc=False):
    name: Value = None


class ObjectHead(Head):
    type: Value = None
    id: Value = None
    uuid: Value = None
    hash: Value = None
    full_name: Value = None
    links: Links | None = None
    state: State | Value = None
    created_on: Value = None
    updated_on: Value = None
    started_on: Value = None
    completed_on: Value = None
    date: Value = None


def identity(head: ObjectHead) -> tuple[Value, ...] | None:
    """Its type, its uuid, hash or address, its state and when it was in it."""
    address = head.links.self.href if head.links is not None and head.links.self is not None else None
    uid = head.uuid or head.hash or address
    state = head.state.name if isinstance(head.state, State) else head.state
    return None if uid is None else (head.type, uid, state, clock(head))


def clock(head: ObjectHead) -> Value:
    times = (head.completed_on, head.updated_on, head.started_on, head.date, head.created_on)
    return next((time for time in times if time is not None), None)


def reject(head: ObjectHead) -> str | None:
    return "no object of Bitbucket: it has no type" if head.type is None else None


SOURCE = Source(
    name="bitbucket_api",
    title="Bitbucket repositories and pipelines",
    vendor="Atlassian",
    domain="vcs",
    documentation="https://developer.atlassian.com/cloud/bitbucket/rest/",
    event_id="the object's type, `uuid`, hash or address, its state and last time",
    lateness="as often as the API is asked",
    keys=KEYS,
    expand=envelope("values"),
    head=ObjectHead,
    identity=identity,
    clock=clock,
    reject=reject,
    cadence=timedelta(minutes=5),
)
