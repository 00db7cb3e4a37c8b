"""Changes on their way into AWS: pushes, pull requests, workflow runs, role sessions and what they change there.

GitHub's audit log and CloudTrail tell parts of it, and EventBridge of images that were pushed. Ids decide some steps
(the commit that a run runs on, the key that a session was given, the run's id where a repository puts it into the
session's name); who, where and when must tell the rest: the audit log says neither which commits a push brought nor
which commit a merge made. Webhooks and the API do (`forge.py`).

A few changes are made by hand, by people with their own sessions.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Iterator
from typing import NamedTuple

from infra.local.simulate.artifacts import digest_of
from infra.local.simulate.model import DAY_S, TICK_S, Edge, Record, Run, Story
from infra.local.simulate.organisation import Person, Repository
from infra.local.simulate.rendering import millis_z
from infra.local.simulate.rhythm import Crowd
from infra.local.simulate.sources import aws_cloudtrail as aws
from infra.local.simulate.sources import aws_eventbridge as bus
from infra.local.simulate.sources import github_audit as github

RECORDS_EACH = 24
"""About how many records one deployment leaves in all sources."""
MOST_A_DAY = 14
BURST_MEAN = 1.0
BURST_SIZE = 2.6
"""What a burst of that mean counts for, on average."""
BY_HAND = 0.3
RUNNER_IP = "198.51.100.200"
AGENT = "aws-sdk-js/3.900.0 ua/2.1 os/linux#6.11.0 lang/js md/nodejs#24.8.0 api/sts#3.900.0"
CLI = "aws-cli/2.30.1 md/awscrt#0.27.6 ua/2.1 os/linux#6.11.0 md/arch#x86_64 lang/python#3.13.7 md/installer#exe"
_KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

Told = tuple[str, Record]


class Cause(NamedTuple):
    """What makes a repository deploy: its records and edges, when it was done, by whom, and the commit that is left."""

    told: list[Told]
    edges: list[Edge]
    at_ms: int
    actor: github.Actor
    trigger: str
    head: str
    merged: tuple[str, Record] | None = None
    """The pull request and the event of its merge."""


class Deployments:
    """The story, told as far as it has come."""

    def __init__(self, run: Run, expected: float, rng: random.Random | None = None):
        """Prepare about `expected` records over the run; a chain that tells one change brings its own `rng`."""
        self.edges: list[Edge] = []
        self.outside: list[tuple[str, str]] = []
        self._run = run
        self._org = run.organisation
        self._rng = rng or run.rng("deployments")
        days = (run.end - run.start) / DAY_S
        count = min(expected / RECORDS_EACH, days * MOST_A_DAY)
        self._crowd = Crowd(self._org.developers(), self._rng, run.start, run.end, count * BURST_SIZE)
        self._ahead: list[tuple[int, int, Told]] = []
        self._order = itertools.count()
        self._numbers = {repository.name: 100 for repository in self._org.repositories}
        self._heads = {repository.name: self._rng.randbytes(20).hex() for repository in self._org.repositories}

    def advance(self, start: int) -> Iterator[Told]:
        """Yield what happens in the step from `start`, and begin the changes of those who are at work."""
        for person, _ in self._crowd.bursts(start, BURST_MEAN):
            self._begin(person, self._rng.choice(self._org.repositories), start)
            if self._rng.random() < BY_HAND:
                self._by_hand(start)
        while self._ahead and self._ahead[0][0] < (start + TICK_S) * 1000:
            yield heapq.heappop(self._ahead)[2]

    def _other(self, *people: Person) -> Person:
        return self._rng.choice([p for p in self._org.developers() if p not in people])

    def _tell(self, told: list[Told], edges: list[Edge]) -> bool:
        """Queue one change as a whole, unless the run ends before it does."""
        if max(record.at_ms for _, record in told) >= self._run.end * 1000:
            return False
        for one in told:
            heapq.heappush(self._ahead, (one[1].at_ms, next(self._order), one))
        self.edges += edges
        return True

    def _begin(self, author: Person, repository: Repository, start: int) -> None:
        rng = self._rng
        at = start * 1000 + rng.randrange(TICK_S * 1000)
        kind = rng.random()
        if kind < 0.7:
            cause = self._reviewed(author, repository, at)
        elif kind < 0.85:
            cause = self._pushed_past_protection(author, repository, at)
        else:
            head = self._heads[repository.name]
            cause = Cause([], [], at, github.person_actor(author), "workflow_dispatch", head)
        told, edges = self.deployed(repository, cause)
        if not self._tell(cause.told + told, cause.edges + edges):
            return
        self._heads[repository.name] = cause.head
        if "{run}" not in repository.session and rng.random() < 0.4:  # two runs at once: nothing tells them apart
            other = github.person_actor(self._other(author))
            again = Cause([], [], cause.at_ms + rng.randrange(20_000, 120_000), other, "workflow_dispatch", cause.head)
            self._tell(*self.deployed(repository, again))

    def _reviewed(self, author: Person, repository: Repository, at: int) -> Cause:
        """A push, a pull request with a check, a review and a merge."""
        rng, reviewer = self._rng, self._other(author)
        number = self._numbers[repository.name] = self._numbers[repository.name] + 1
        actor, critic = github.person_actor(author), github.person_actor(reviewer)
        change = f"{repository.name}#{number}"
        push = github.git(actor, "git.push", repository, at, rng)
        at += rng.randrange(20_000, 600_000)
        opened = github.pull_request(actor, "create", repository, number, at, rng)
        sha = rng.randbytes(20).hex()
        run_uid, check = self._run_events(
            repository, actor, "pull_request", f"change-{number}", sha, at + 3000, 120_000, "check"
        )
        request = github.pull_request(
            actor,
            "create_review_request",
            repository,
            number,
            at + 900,
            rng,
            reviewer=reviewer.handle,
            reviewer_id=reviewer.github_id,
            reviewer_type="User",
        )
        at += rng.randrange(300_000, 5_400_000)
        review = github.pull_request(critic, "review", repository, number, at, rng, review_id=rng.randrange(10**9))
        at += rng.randrange(30_000, 900_000)
        merger = rng.choice((actor, critic))
        merge = github.pull_request(merger, "merge", repository, number, at, rng)
        events = [push, opened, request, review, merge, *check]
        edges = [
            _edge("push", push.uid, "pull_request", change, "repository_actor_and_time", False, push, opened),
            _edge("commit", sha, "workflow_run", run_uid, "head_sha", True, check[0]),
        ]
        told = [(github.NAME, record) for record in events]
        return Cause(told, edges, at, merger, "push", rng.randbytes(20).hex(), (change, merge))

    def _pushed_past_protection(self, author: Person, repository: Repository, at: int) -> Cause:
        """A push that an administrator's right takes past the branch's rules: this event does name the commit."""
        rng, actor, head = self._rng, github.person_actor(author), self._rng.randbytes(20).hex()
        push = github.git(actor, "git.push", repository, at, rng)
        override = github.event(
            actor,
            "protected_branch.policy_override",
            at + 400,
            rng,
            within=repository,
            branch="refs/heads/main",
            before=self._heads[repository.name],
            after=head,
            overridden_codes=["review_policy_not_satisfied"],
            compliant_pull_request_ids=[],
            operation_type="modify",
        )
        edges = [_edge("push", override.uid, "commit", head, "after_revision", True, override)]
        return Cause([(github.NAME, push), (github.NAME, override)], edges, at + 400, actor, "push", head)

    def _run_events(
        self,
        repository: Repository,
        actor: github.Actor,
        trigger: str,
        branch: str,
        sha: str,
        at: int,
        length: int,
        job: str,
        *,
        environment: str | None = None,
    ) -> tuple[str, list[Record]]:
        """A run's id, and its beginning, its job and its end."""
        rng = self._rng
        run_uid = rng.randrange(17_000_000_000, 18_000_000_000)
        common = {
            "workflow_run_id": run_uid,
            "workflow_id": repository.workflow_uid,
            "name": repository.workflow if job == "deploy" else "check",
            "head_branch": branch,
            "head_sha": sha,
            "event": trigger,
            "started_at": millis_z(at),
        }
        path = f"{repository.name}/.github/workflows/{common['name']}.yml@refs/heads/{branch}"
        created = github.event(
            actor, "workflows.created_workflow_run", at, rng, within=repository, operation_type="create", **common
        )
        prepared = github.event(
            actor,
            "workflows.prepared_workflow_job",
            at + rng.randrange(3000, 15_000),
            rng,
            within=repository,
            workflow_run_id=run_uid,
            job_name=job,
            job_workflow_ref=path,
            environment_name=environment,
            is_hosted_runner=True,
            runner_labels=["ubuntu-latest"],
            secrets_passed=[],
            operation_type="modify",
        )
        completed = github.event(
            actor,
            "workflows.completed_workflow_run",
            at + length,
            rng,
            within=repository,
            operation_type="modify",
            conclusion="success",
            completed_at=millis_z(at + length),
            run_attempt=1,
            run_number=rng.randrange(1, 4000),
            **common,
        )
        return str(run_uid), [created, prepared, completed]

    def deployed(self, repository: Repository, cause: Cause) -> tuple[list[Told], list[Edge]]:
        """A deploying run, its session in AWS, and what it changes there."""
        rng, sha = self._rng, cause.head
        at, length = cause.at_ms + rng.randrange(1500, 9000), rng.randrange(240_000, 600_000)
        run_uid, events = self._run_events(
            repository,
            cause.actor,
            cause.trigger,
            "main",
            sha,
            at,
            length,
            "deploy",
            environment=repository.environment or None,
        )
        found = [_edge("commit", sha, "workflow_run", run_uid, "head_sha", True, events[0])]
        if cause.merged:
            change, merge = cause.merged
            found.append(
                _edge("pull_request", change, "workflow_run", run_uid, "merge_and_time", False, merge, events[0])
            )
        told = [(github.NAME, record) for record in events]
        if repository.environment:
            approver = github.person_actor(rng.choice(self._org.developers()))
            approval = github.event(
                approver,
                "workflows.approve_workflow_job",
                at + 2000,
                rng,
                within=repository,
                workflow_run_id=int(run_uid),
                operation_type="modify",
            )
            told.append((github.NAME, approval))
        where = f"environment:{repository.environment}" if repository.environment else "ref:refs/heads/main"
        subject = f"repo:{repository.name}:{where}"
        begin = at // 1000 + rng.randrange(30, 90)
        by_ids = "{run}" in repository.session
        method = "session_name" if by_ids else "subject_and_time"
        name = repository.session.replace("{run}", run_uid)
        key, role = self._key(), (repository.role, repository.role_id)
        entering = aws.web_identity_session(
            repository.account, repository.region, subject, ip=RUNNER_IP, agent=AGENT, at_s=begin
        )
        entry = aws.assume_with_web_identity(entering, subject, role, name, key)
        assumed = aws.planted(entering, entry, begin * 1000, rng)
        session = aws.role_session(
            repository.account,
            repository.region,
            role,
            name,
            key,
            created=begin,
            ip=RUNNER_IP,
            agent=CLI,
            federated=True,
        )
        told.append((aws.NAME, assumed))
        image = ""
        if repository.deploys == "service":
            digest = digest_of(repository.name, int(run_uid), sha).hex()
            image = f"{repository.account}.dkr.ecr.{repository.region}.amazonaws.com/{repository.short}@sha256:{digest}"
            pushed = bus.image(repository, "PUSH", digest, sha, begin + 1, self._run.rng(f"image/{run_uid}"))
            told.append((bus.NAME, pushed))
        found += [
            _edge("workflow_run", run_uid, "role_session", key, method, by_ids, events[0], assumed),
            _edge("oidc_subject", subject, "role_session", key, "token_subject", True, assumed),
        ]
        at_s = begin + rng.randrange(2, 15)
        if repository.onward:
            session, key, at_s = self._onward(repository, session, key, at_s, told, found)
        for _ in range(rng.randrange(1, 3)):
            digits = rng.randbytes(16).hex()
            for call, resource in aws.change_calls(self._org, session, repository.deploys, digits, image):
                at_s += rng.randrange(1, 12)
                record = aws.planted(session, call, at_s * 1000, rng)
                told.append((aws.NAME, record))
                found += [
                    _edge("role_session", key, "api_call", record.uid, "access_key", True, record),
                    _edge("api_call", record.uid, "resource", resource, "request", True, record),
                ]
        return told, found

    def _onward(
        self,
        repository: Repository,
        session: aws.Session,
        key: str,
        at_s: int,
        told: list[Told],
        found: list[Edge],
    ) -> tuple[aws.Session, str, int]:
        """The step into the role of another account, which AWS records in both."""
        assert repository.onward is not None
        account, role, role_id = repository.onward
        second, name = self._key(), session.principal.rsplit("/", 1)[1]
        call = aws.assume_role(session, account, (role, role_id), name, second)
        record = aws.planted(session, call, at_s * 1000, self._rng)
        told.append((aws.NAME, record))
        found.append(_edge("role_session", key, "role_session", second, "access_key", True, record))
        region = self._org.home_region[account]
        inside = aws.role_session(account, region, (role, role_id), name, second, created=at_s, ip=RUNNER_IP, agent=CLI)
        return inside, second, at_s + self._rng.randrange(1, 5)

    def _by_hand(self, start: int) -> None:
        """A change at the console or the command line, outside any pipeline."""
        rng = self._rng
        person = rng.choice(self._org.engineers())
        at_s = start + rng.randrange(TICK_S)
        agent = rng.choice((CLI, None))
        session = aws.person_session(person, person.grants[0], at_s=at_s, agent=agent)
        deploys = rng.choice(("service", "function", "stack"))
        told: list[Told] = []
        for call, _ in aws.change_calls(self._org, session, deploys, rng.randbytes(16).hex()):
            told.append((aws.NAME, aws.planted(session, call, at_s * 1000, rng)))
            at_s += rng.randrange(5, 120)
        if self._tell(told, []):
            self.outside += [(aws.NAME, record.uid) for _, record in told]

    def _key(self) -> str:
        return "ASIA" + "".join(self._rng.choices(_KEY, k=16))


def _edge(
    from_kind: str,
    from_uid: str,
    to_kind: str,
    to_uid: str,
    method: str,
    by_ids: bool,
    *records: Record,
) -> Edge:
    """Return an edge; a record with a stream is one of AWS, the others are GitHub's."""
    return Edge(
        from_kind=from_kind,
        from_uid=from_uid,
        to_kind=to_kind,
        to_uid=to_uid,
        method=method,
        by_ids=by_ids,
        evidence=tuple((aws.NAME if record.stream else github.NAME, record.uid) for record in records),
    )


STORY = Story(name="deployments", share=0.06, open=Deployments)
