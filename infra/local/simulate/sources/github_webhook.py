"""GitHub's webhooks, as a collector behind a delivery stream writes them: a line a delivery, with its headers.

The stream gathers for fifteen minutes, the longest that it may. GitHub signs the body with the organisation's secret.
https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256

from isal import igzip

from infra.local.simulate.forge import BEHIND_S, Fact, Forge, user
from infra.local.simulate.hooks import signature
from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.organisation import GITHUB_ORGANISATION
from infra.local.simulate.rendering import compact_time, millis_z, seconds_z, uuid
from infra.local.simulate.sources.github_audit import ORGANISATION_UID

NAME = "github_webhook"
ROOT = "s3/example-org-github-webhooks"
HOOK_UID = 480_117_223
REDELIVERY = 0.01
TAKES_MS = 1800
"""Milliseconds within which GitHub sends what happened."""


def line(run: Run, fact: Fact) -> Record:
    """Return the delivery of a fact: what its body holds beside, its headers, and the signature of its bytes."""
    guid = uuid(sha256(f"{run.seed}/{fact.uid}/{fact.at_ms}".encode()).hexdigest()[:32])
    received = fact.at_ms + 200 + int(guid[:4], 16) % TAKES_MS
    at = fact.at_ms // 1000
    # a push has the time as a number, all others as a text
    pushed = at if fact.event == "push" else seconds_z(at)
    organisation = {key: user(GITHUB_ORGANISATION, ORGANISATION_UID)[key] for key in ("login", "id", "node_id")}
    body = {
        **fact.body,
        "repository": {**fact.where, "pushed_at": pushed},
        "organization": organisation,
        "sender": fact.sender,
    }
    text = json.dumps(body, separators=(",", ":"))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/9f1b2c3",
        "X-GitHub-Delivery": guid,
        "X-GitHub-Event": fact.event,
        "X-GitHub-Hook-ID": str(HOOK_UID),
        "X-GitHub-Hook-Installation-Target-ID": str(ORGANISATION_UID),
        "X-GitHub-Hook-Installation-Target-Type": "organization",
        "X-Hub-Signature-256": signature(text),
    }
    head = json.dumps({"received_at": millis_z(received), "headers": headers}, separators=(",", ":"))
    return Record(fact.at_ms, "", guid, f'{head[:-1]},"body":{text}}}')


class Deliveries:
    """What GitHub sends of all that happens, and the stream's objects."""

    def __init__(self, run: Run):
        """Prepare for all that the audit log will tell."""
        self.distinct = 0
        self._run, self._rng, self._forge = run, run.rng(NAME), Forge(run)
        self.witness = self._forge.witness
        self._again: list[str] = []

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the object of what was received in the five minutes that are a buffer's time ago."""
        facts = self._forge.facts(start - BEHIND_S)
        return self._object(start + TICK_S, [*planted, *(line(self._run, fact) for fact in facts)])

    def finish(self) -> Iterator[Delivery]:
        """Yield the object of what is left."""
        return self._object(self._run.end + TICK_S, [line(self._run, fact) for fact in self._forge.facts(None)])

    def _object(self, at: int, records: Sequence[Record]) -> Iterator[Delivery]:
        self.distinct += len(records)
        lines = [*self._again, *(record.body for record in records)]
        self._again = [record.body for record in records if self._rng.random() < REDELIVERY]
        if not lines:
            return
        name = f"{compact_time(at, '%Y-%m-%d-%H-%M-%S')}-{uuid(self._rng.randbytes(16).hex())}"
        yield Delivery(
            source=NAME,
            key=f"{ROOT}/{compact_time(at, '%Y/%m/%d')}/{name}.jsonl.gz",
            data=igzip.compress("".join(f"{text}\n" for text in lines).encode(), 1, mtime=0),
            delivered_at=utc(at),
            offset=None,
            records=len(lines),
        )


def _open(run: Run, expected: float) -> Deliveries:
    """`expected` is not asked for: everything that the audit log tells has its webhooks."""
    return Deliveries(run)


SOURCE = Source(name=NAME, root=ROOT, share=0.0, open=_open)
