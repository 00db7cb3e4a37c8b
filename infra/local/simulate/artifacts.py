"""What the organisation's deploying runs leave behind: an artifact each, and signed evidence of how it came to be.

The runs are those that GitHub's audit log tells of, as a story made them: commit, run and repository are the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from isal import igzip

from infra.local.simulate.model import TICK_S, Delivery, Record, Run, utc
from infra.local.simulate.rendering import compact_time
from infra.local.simulate.signing import Instance, Workflow
from infra.local.simulate.sources.github_audit import NAME as AUDIT

TRUSTED_ROOT = "sigstore/trusted_root.json"
"""The file of the organisation's own trusted root, below the simulation's."""
BUILDER = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@refs/tags/v2.1.0"
SIGNING_S = 6
"""Seconds from a run's end until its signature is logged."""
UPLOAD_S = 20
REDELIVERY = 0.03


def digest_of(repository: str, run_uid: int, commit: str) -> bytes:
    """Return the SHA-256 of what a run builds: of what it signs, and pushes where it deploys images."""
    return sha256(f"{repository}/{run_uid}/{commit}".encode()).digest()


class Build(NamedTuple):
    """One run that built something."""

    repository: str
    run_uid: int
    attempt: int
    ref: str
    commit: str
    trigger: str
    ended_s: int
    """Epoch seconds."""

    @property
    def artifact(self) -> str:
        return self.repository.split("/")[1] + ".tar.gz"

    @property
    def digest(self) -> bytes:
        """The artifact's SHA-256."""
        return digest_of(self.repository, self.run_uid, self.commit)

    @property
    def index(self) -> int:
        """Where the log holds its entry."""
        return self.run_uid % 100_000_000

    def workflow(self, identity: str = "") -> Workflow:
        """Return who signs: the run's own workflow, or the reusable one that it calls."""
        own = f"https://github.com/{self.repository}/.github/workflows/deploy.yml@{self.ref}"
        run = f"https://github.com/{self.repository}/actions/runs/{self.run_uid}/attempts/{self.attempt}"
        return Workflow(identity or own, self.repository, self.ref, self.commit, own, self.trigger, run)


class Evidence:
    """Evidence of one kind: an object a build."""

    def __init__(self, run: Run, source: str, root: str, suffix: str, make: Callable[[Instance, Build], Any]):
        """`make` gives the JSON of what is uploaded for a build, below `root` with the `suffix`."""
        self.distinct = 0
        self._source, self._root, self._suffix, self._make = source, root, suffix, make
        self._rng = run.rng(source)
        self._instance = Instance(f"sigstore/{run.seed}")
        self._seen: set[int] = set()
        self._waiting: list[tuple[int, Build]] = []
        self._roots = [run.start]

    def witness(self, delivery: Delivery) -> None:
        """Take note of the runs that ended."""
        if delivery.source != AUDIT:
            return
        for line in igzip.decompress(delivery.data).splitlines():
            if b"workflows.completed_workflow_run" not in line:
                continue
            event = json.loads(line)
            if event["name"] == "deploy" and event["workflow_run_id"] not in self._seen:
                self._seen.add(event["workflow_run_id"])
                self._waiting.append((int(delivery.delivered_at.timestamp()), _build(event)))

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield what was uploaded for the runs that ended, and some of it once more."""
        for at in self._roots:
            yield self._object(TRUSTED_ROOT, self._instance.trusted_root(), at, 0)
        self._roots = []
        due, self._waiting = self._waiting, []
        for _, build in due:
            yield from self._uploads(build, start + UPLOAD_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield what is left."""
        for seen, build in self._waiting:
            yield from self._uploads(build, seen + TICK_S)

    def _uploads(self, build: Build, at: int) -> Iterator[Delivery]:
        self.distinct += 1
        data = json.dumps(self._make(self._instance, build), separators=(",", ":")).encode() + b"\n"
        day, name = compact_time(at, "%Y/%m/%d"), build.repository.split("/")[1]
        for attempt in range(1 + (self._rng.random() < REDELIVERY)):
            again = f"-{attempt}" if attempt else ""
            key = f"{self._root}/{name}/{day}/{build.run_uid}{again}{self._suffix}"
            yield self._object(key, data, at, 1)

    def _object(self, key: str, data: bytes, at: int, records: int) -> Delivery:
        return Delivery(source=self._source, key=key, data=data, delivered_at=utc(at), offset=None, records=records)


def _build(event: dict[str, Any]) -> Build:
    return Build(
        event["repo"],
        event["workflow_run_id"],
        event["run_attempt"],
        f"refs/heads/{event['head_branch']}",
        event["head_sha"],
        event["event"],
        event["@timestamp"] // 1000,
    )
