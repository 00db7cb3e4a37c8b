"""Jenkins: builds, their stages and jobs, as its REST API tells them, one JSON object each or in the API's lists.

A build is an event in each of its states; its id is the job's full name and its number. Stages are those of the
Pipeline Stage View plugin. https://www.jenkins.io/doc/book/using/remote-access-api/
https://github.com/jenkinsci/pipeline-stage-view-plugin/tree/master/rest-api
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


class JenkinsHead(Head):
    url: Value = None
    fullDisplayName: Value = None
    fullName: Value = None
    number: Value = None
    result: Value = None
    building: bool | None = None
    timestamp: Value = None
    duration: Value = None
    id: Value = None
    status: Value = None
    startTimeMillis: Value = None
    durationMillis: Value = None
    links: Links | None = msgspec.field(default=None, name="_links")


def identity(head: JenkinsHead) -> tuple[Value, ...] | None:
    """A build by job, number and outcome; a stage by its own address and outcome; a job by its text."""
    if head.number is not None and (head.url or head.fullDisplayName):
        return (head.url or head.fullDisplayName, head.number, head.result, head.timestamp)
    if head.startTimeMillis is not None and head.links is not None and head.links.self is not None:
        return (head.links.self.href, head.id, head.status, head.startTimeMillis)
    return None


def clock(head: JenkinsHead) -> Value:
    """When a build or a stage ended, or else began; a job has its object's time."""
    for begun, took in ((head.timestamp, head.duration), (head.startTimeMillis, head.durationMillis)):
        if isinstance(begun, int):
            return begun + (took if isinstance(took, int) else 0)
    return None


def reject(head: JenkinsHead) -> str | None:
    if head.number is None and head.startTimeMillis is None and head.fullName is None:
        return "neither a build, a stage nor a job of Jenkins"
    return None


SOURCE = Source(
    name="jenkins",
    title="Jenkins builds",
    vendor="Jenkins",
    domain="ci/cd",
    documentation="https://www.jenkins.io/doc/book/using/remote-access-api/",
    event_id="the job's full name, `number` and `result`; of a stage its address and `status`",
    lateness="as often as the API is asked",
    keys=KEYS,
    expand=envelope("builds", "allBuilds", "jobs", "stages"),
    head=JenkinsHead,
    identity=identity,
    clock=clock,
    reject=reject,
    cadence=timedelta(minutes=5),
    dated_by_object=True,
)
