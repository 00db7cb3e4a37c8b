"""Argo CD's syncs of the cluster that the organisation runs its services in, as notifications and its log tell them.

When a run that deploys a service has ended, Argo CD sees the commit and brings it into the cluster by itself. Of each
sync a webhook brings the Application, as a collector writes it, and the controller logs that it ended.
https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from isal import igzip

from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.organisation import Repository
from infra.local.simulate.rendering import compact_time, seconds_z, uuid
from infra.local.simulate.scans import image
from infra.local.simulate.sources.github_audit import NAME as AUDIT

NAME = "argocd"
ROOT = "s3/example-org-argocd"
CLUSTER = "https://kubernetes.default.svc"
KEPT = 10
"""Syncs that an Application remembers."""
NOTICED_S = (20, 170)
"""Argo CD asks a repository every three minutes."""
TOOK_S = (5, 60)
REDELIVERY = 0.03


class Sync(NamedTuple):
    """A sync that is due: of what, to which commit, and when; epoch seconds."""

    repository: Repository
    commit: str
    started: int
    ended: int


class Syncs:
    """The syncs of one cluster, and the objects that a collector and a shipper make of them."""

    def __init__(self, run: Run, expected: float):
        """`expected` is not asked for: each run that deploys a service is followed by a sync."""
        self.distinct = 0
        self._run, self._rng = run, run.rng(NAME)
        self._services = {one.name: one for one in run.organisation.repositories if one.deploys == "service"}
        self._history: dict[str, deque[dict[str, Any]]] = {name: deque(maxlen=KEPT) for name in self._services}
        self._next = dict.fromkeys(self._services, 0)
        self._seen: set[int] = set()
        self._waiting: list[Sync] = []

    def witness(self, delivery: Delivery) -> None:
        """Take note of the deploying runs that ended."""
        if delivery.source != AUDIT:
            return
        for line in igzip.decompress(delivery.data).splitlines():
            if b"workflows.completed_workflow_run" not in line:
                continue
            event = json.loads(line)
            service = self._services.get(event["repo"])
            if service is None or event["name"] != "deploy" or event["workflow_run_id"] in self._seen:
                continue
            self._seen.add(event["workflow_run_id"])
            started = int(delivery.delivered_at.timestamp()) + self._rng.randrange(*NOTICED_S)
            self._waiting.append(Sync(service, event["head_sha"], started, started + self._rng.randrange(*TOOK_S)))

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield what is told of the syncs that ended before the step from `start` ends."""
        return self._told(start, start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield what is left."""
        return self._told(self._run.end, None)

    def _told(self, start: int, until: int | None) -> Iterator[Delivery]:
        due = sorted((one for one in self._waiting if until is None or one.ended < until), key=lambda one: one.ended)
        self._waiting = [one for one in self._waiting if one not in due]
        for sync in due:
            name, at = sync.repository.short, max(sync.ended + 1, start)
            record = {"received_at": seconds_z(at), "headers": {"Content-Type": "application/json"}}
            body = {**record, "body": {"app": self._application(sync)}}
            again = 1 + (self._rng.random() < REDELIVERY)
            history = body["body"]["app"]["status"]["history"]
            self.distinct += 3 + (history[-1]["id"] == 0)  # in the history, as operation and by a line; and as created
            yield self._object(f"webhooks/{name}", at, [body] * again, again * (len(history) + 2))
            yield self._object(f"controller/{name}", at, [_line(sync)], 1)

    def _application(self, sync: Sync) -> dict[str, Any]:
        """The Application as it is when the sync has ended."""
        repository, history = sync.repository, self._history[sync.repository.name]
        source = {
            "repoURL": f"https://github.com/{repository.name}.git",
            "path": "deploy",
            "targetRevision": "main",
        }
        by = {"automated": True}
        started, ended = seconds_z(sync.started), seconds_z(sync.ended)
        history.append(
            {
                "revision": sync.commit,
                "deployedAt": ended,
                "id": self._next[repository.name],
                "source": source,
                "deployStartedAt": started,
                "initiatedBy": by,
            }
        )
        self._next[repository.name] += 1
        named = image(repository)
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {
                "name": repository.short,
                "namespace": "argocd",
                "uid": uid(repository.name),
                "creationTimestamp": seconds_z(self._run.start - 86400),
            },
            "spec": {
                "source": source,
                "destination": {"server": CLUSTER, "namespace": repository.short},
                "project": "default",
                "syncPolicy": {"automated": {"prune": True}},
            },
            "status": {
                "sync": {"status": "Synced", "revision": sync.commit},
                "health": {"status": "Healthy"},
                "history": list(history),
                "operationState": {
                    "operation": {"sync": {"revision": sync.commit, "prune": True}, "initiatedBy": by},
                    "phase": "Succeeded",
                    "message": "successfully synced (all tasks run)",
                    "syncResult": {"revision": sync.commit, "source": source},
                    "startedAt": started,
                    "finishedAt": ended,
                },
                "summary": {"images": [f"{named}@sha256:{hashlib.sha256(named.encode()).hexdigest()}"]},
            },
        }

    def _object(self, folder: str, at: int, bodies: Sequence[dict[str, Any]], records: int) -> Delivery:
        lines = "".join(json.dumps(body, separators=(",", ":")) + "\n" for body in bodies)
        return Delivery(
            source=NAME,
            key=f"{ROOT}/{folder}/{compact_time(at, '%Y/%m/%d/%H%M%S')}.jsonl",
            data=lines.encode(),
            delivered_at=utc(at),
            offset=None,
            records=records,
        )


def uid(repository: str) -> str:
    """Return the uid of a repository's Application."""
    return uuid(hashlib.sha256(f"application/{repository}".encode()).hexdigest()[:32])


def _line(sync: Sync) -> dict[str, Any]:
    return {
        "application": f"argocd/{sync.repository.short}",
        "dest-namespace": sync.repository.short,
        "dest-server": CLUSTER,
        "level": "info",
        "msg": f"Sync operation to {sync.commit} succeeded",
        "reason": "OperationCompleted",
        "time": seconds_z(sync.ended),
        "type": "Normal",
    }


SOURCE = Source(name=NAME, root=ROOT, share=0.0, open=Syncs)
