"""Objects of GitHub's REST API, and deployments of its GraphQL API, for the sources that land them.

An object is an event in each of its states: who it is, its state and its last time. A webhook of `workflow_run` or
`workflow_job`, as a collector's line, holds such an object and has an id of its own.
https://docs.github.com/rest https://docs.github.com/graphql/reference/objects#deployment
"""

from __future__ import annotations

import msgspec

from transforms.decoders.json_records import envelope
from transforms.sources.base import Value
from transforms.sources.collected import CollectedHead, body_of, header

LISTS = envelope(
    *("workflow_runs", "jobs", "check_runs", "check_suites", "environments", "repositories", "items", "artifacts")
)


class Signer(msgspec.Struct, gc=False):
    date: Value = None


class Commit(msgspec.Struct, gc=False):
    committer: Signer | None = None


class Sent(msgspec.Struct, gc=False):
    updated_at: Value = None
    completed_at: Value = None
    started_at: Value = None
    created_at: Value = None


class Body(msgspec.Struct, gc=False):
    workflow_run: Sent | None = None
    workflow_job: Sent | None = None


BODY = msgspec.json.Decoder(Body)


class ObjectHead(CollectedHead):
    node_id: Value = None
    id: Value = None
    sha: Value = None
    url: Value = None
    status: Value = None
    state: Value = None
    conclusion: Value = None
    run_attempt: Value = None
    commit: Commit | None = None
    submitted_at: Value = None
    completed_at: Value = None
    updated_at: Value = None
    started_at: Value = None
    created_at: Value = None
    graph_uid: Value = msgspec.field(name="Id", default=None)
    graph_state: Value = msgspec.field(name="State", default=None)
    graph_updated: Value = msgspec.field(name="UpdatedAt", default=None)
    sent: Body | None = msgspec.field(default=None, name="catchment:sent")

    def __post_init__(self) -> None:
        """Decode the body of a collector's line, which has headers. Raises msgspec.MsgspecError where it is none."""
        self.sent = BODY.decode(body_of(self)) if self.headers is not None and bytes(self.body) else None


def identity(head: ObjectHead) -> tuple[Value, ...] | None:
    if head.sent is not None:
        guid = header(head.headers, "x-github-delivery")
        return None if guid is None else (guid,)
    uid = head.node_id or head.graph_uid or head.sha or head.url or head.id
    if uid is None:
        return None
    return (uid, head.id, head.run_attempt, head.status, head.state or head.graph_state, head.conclusion, clock(head))


def clock(head: ObjectHead) -> Value:
    """An object's last time; of a commit when it was committed; of a webhook when what it holds was changed."""
    if head.sent is not None:
        part = head.sent.workflow_run or head.sent.workflow_job or Sent()
        times: tuple[Value, ...] = (
            part.completed_at,
            part.updated_at,
            part.started_at,
            part.created_at,
            head.received_at,
        )
        return next((time for time in times if time is not None), None)
    committed = head.commit.committer.date if head.commit is not None and head.commit.committer is not None else None
    times = (head.submitted_at, head.completed_at, head.updated_at, committed, head.started_at, head.created_at)
    return next((time for time in (*times, head.graph_updated) if time is not None), None)
