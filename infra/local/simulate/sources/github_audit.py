"""GitHub's audit log as its stream writes it into a bucket: gzip NDJSON, a few objects an hour and minute.

Actions and fields follow github/docs (src/audit-logs/data); Git events follow the stream: transport fields, no
`created_at`. Workflow runs and pull requests are told by the story `deployments`, since AWS sees them too.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from isal import igzip

from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.organisation import GITHUB_ENTERPRISE, GITHUB_ORGANISATION, Person, Repository
from infra.local.simulate.rendering import compact_time, uuid
from infra.local.simulate.rhythm import Caps, Crowd

NAME = "github_audit"
ROOT = "s3/example-org-github-audit"
ORGANISATION_UID = 98_000_417
REDELIVERY = 0.01
BURST_MEAN = 3.0
LATE_S = 90
CLONES_AN_HOUR = 6
GZIP_LEVEL = 1
GIT_AGENT = "git/2.50.1"
COUNTRIES = {"United States": "US", "Germany": "DE", "Ireland": "IE", "Singapore": "SG"}


class Actor(NamedTuple):
    """Who acts in GitHub, and from where."""

    login: str
    uid: int
    email: str
    """The name that single sign-on links the login to; empty for none."""
    ip: str
    country: str
    agent: str


RUNNER = Actor("github-actions[bot]", 41_898_282, "", "", "", "")
"""GitHub's own account that workflows act as."""


def person_actor(person: Person, *, network: int = 0, agent: str | None = None) -> Actor:
    """Return a person at one of the usual networks; `agent` defaults to the browser."""
    place = person.networks[network % len(person.networks)]
    country = COUNTRIES.get(place.country, "US")
    return Actor(person.handle, person.github_id, person.email, place.ip, country, agent or person.user_agent)


def event(
    actor: Actor, action: str, at_ms: int, rng: random.Random, *, within: Repository | None = None, **fields: object
) -> Record:
    """Return one event, of the repository that it lies `within`; a field that is None is left out."""
    document = base64.b64encode(rng.randbytes(16)).decode()
    body: dict[str, object | None] = {
        "@timestamp": at_ms,
        "_document_id": document,
        "action": action,
        "actor": actor.login,
        "actor_id": actor.uid,
        "actor_ip": actor.ip or None,
        "actor_is_bot": actor.login.endswith("[bot]"),
        "actor_location": {"country_code": actor.country} if actor.country else None,
        "business": GITHUB_ENTERPRISE,
        "created_at": at_ms,
        "external_identity_nameid": actor.email or None,
        "org": GITHUB_ORGANISATION,
        "org_id": ORGANISATION_UID,
        "user_agent": actor.agent or None,
    }
    if within:
        body |= {"repo": within.name, "repo_id": within.uid, "public_repo": False}
    body |= fields
    text = json.dumps({key: value for key, value in sorted(body.items()) if value is not None}, separators=(",", ":"))
    return Record(at_ms, "", document, text)


def git(actor: Actor, action: str, repository: Repository, at_ms: int, rng: random.Random) -> Record:
    """Return a Git event (`git.clone`, `git.fetch`, `git.push`): it says who and where, not which ref or commit."""
    return event(
        actor._replace(agent=GIT_AGENT),
        action,
        at_ms,
        rng,
        created_at=None,
        repo=repository.name,
        repository=repository.name,
        repository_public=False,
        transport_protocol=1,
        transport_protocol_name="http",
        user="",
        user_id=0,
    )


def pull_request(
    actor: Actor, verb: str, repository: Repository, number: int, at_ms: int, rng: random.Random, **fields: object
) -> Record:
    """Return an event in the life of a pull request; `verb` is `create`, `merge` and so on, or `review`."""
    action = "pull_request_review.submit" if verb == "review" else f"pull_request.{verb}"
    return event(
        actor,
        action,
        at_ms,
        rng,
        within=repository,
        operation_type="create" if verb in ("create", "review") else "modify",
        pull_request_id=repository.uid * 10 + number,
        pull_request_url=f"https://github.com/{repository.name}/pull/{number}",
        pull_request_title=f"Change {number}",
        **fields,
    )


class Audit:
    """Ordinary activity in GitHub, and the stream's objects."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self.distinct = 0
        self._run = run
        self._org = run.organisation
        self._rng = run.rng(NAME)
        self._crowd = Crowd(self._org.developers(), self._rng, run.start, run.end, expected)
        self._caps = Caps()
        self._waiting: list[tuple[int, Record]] = []

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects that the stream writes in the step from `start`."""
        for person, size in self._crowd.bursts(start, BURST_MEAN):
            self._work(person, start, size)
        self._publish(planted)
        yield from self._write(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects of what is left."""
        yield from self._write(self._run.end + 2 * TICK_S + LATE_S)

    def _write(self, at: int) -> Iterator[Delivery]:
        due = sorted((record for seen, record in self._waiting if seen < at), key=lambda r: (r.at_ms, r.uid))
        self._waiting = [(seen, record) for seen, record in self._waiting if seen >= at]
        if not due:
            return
        name = uuid(self._rng.randbytes(16).hex())
        yield Delivery(
            source=NAME,
            key=f"{ROOT}/{compact_time(at - 1, '%Y/%m/%d/%H/%M')}/{name}.json.log.gz",
            data=igzip.compress("".join(f"{record.body}\n" for record in due).encode(), GZIP_LEVEL, mtime=0),
            delivered_at=utc(at - 1),
            offset=None,
            records=len(due),
        )

    def _publish(self, records: Sequence[Record]) -> None:
        self.distinct += len(records)
        rng = self._rng
        for record in records:
            seen = record.at_ms // 1000 + rng.randrange(2, LATE_S)
            self._waiting.append((seen, record))
            if rng.random() < REDELIVERY:
                self._waiting.append((seen + TICK_S, record))

    def _work(self, person: Person, start: int, size: int) -> None:
        rng, last = self._rng, self._run.end * 1000 - 1
        actor = person_actor(person, network=rng.randrange(4))
        at = start * 1000 + rng.randrange(TICK_S * 1000)
        records: list[Record] = []
        for _ in range(size):
            at = min(at + rng.randrange(2000, 60_000), last)
            repository = rng.choice(self._org.repositories)
            kind = rng.random()
            if kind < 0.12:
                records.append(event(actor, "org.sso_response", at, rng, operation_type="authentication"))
            elif kind < 0.3 and self._caps.take(start, person.handle, "clone", CLONES_AN_HOUR):
                records.append(git(actor, "git.clone", repository, at, rng))
            elif kind < 0.9 or not person.is_admin:
                records.append(git(actor, "git.push" if kind > 0.8 else "git.fetch", repository, at, rng))
            else:
                records.append(self._administration(actor, repository, at))
        self._publish(records)

    def _administration(self, actor: Actor, repository: Repository, at: int) -> Record:
        rng = self._rng
        other = rng.choice(self._org.developers())
        team, team_uid = rng.choice(self._org.teams)
        about: dict[str, object] = {"user": other.handle, "user_id": other.github_id}
        kind = rng.randrange(6)
        if kind == 0:
            action = rng.choice(("team.add_member", "team.remove_member"))
            return event(actor, action, at, rng, team=team, team_id=team_uid, operation_type="modify", **about)
        if kind == 1:
            return event(
                actor,
                "repo.add_member",
                at,
                rng,
                within=repository,
                permission="write",
                operation_type="create",
                **about,
            )
        if kind == 2:
            return event(
                actor,
                "team.update_repository_permission",
                at,
                rng,
                within=repository,
                team=team,
                team_id=team_uid,
                permission="write",
                old_permission="read",
                operation_type="modify",
            )
        if kind == 3:
            return event(
                actor,
                "repo.update_actions_secret",
                at,
                rng,
                within=repository,
                key="REGISTRY",
                operation_type="modify",
            )
        if kind == 4:
            return event(
                actor,
                "protected_branch.update_required_approving_review_count",
                at,
                rng,
                within=repository,
                name="main",
                required_approving_review_count=2,
                operation_type="modify",
            )
        return event(
            actor,
            "hook.create",
            at,
            rng,
            within=repository,
            hook_id=rng.randrange(10**8),
            events=["push"],
            operation_type="create",
        )


SOURCE = Source(name=NAME, root=ROOT, share=0.06, open=Audit)
