"""The life of changes in GitHub as its webhooks and its API tell it: what the audit log leaves unsaid is made up here.

The audit log decides who did what, when, in which repository, pull request and run; it names the commits of runs and of
pushes past a branch's rules. From a run follow the commits that a push or a merge brought. All else that GitHub's
objects hold (ids of jobs and deployments, other commits) is a function of those, so that all who ask learn the same.
"""

from __future__ import annotations

import base64
import heapq
import itertools
import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from isal import igzip

from infra.local.simulate.model import Delivery, Run
from infra.local.simulate.organisation import DOMAIN, GITHUB_ORGANISATION, Repository
from infra.local.simulate.rendering import seconds_z
from infra.local.simulate.sources.github_audit import NAME as AUDIT
from infra.local.simulate.sources.github_audit import ORGANISATION_UID, RUNNER

BEHIND_S = 900
"""Seconds after which all that explains an event has been seen: a push's pull request comes within ten minutes."""
PUSH_MS, MERGE_MS = 600_000, 20_000
"""How long after a push its pull request, and after a merge its run, may come."""
ZEROS = "0" * 40
MERGED = "Merge pull request #"
Object = dict[str, Any]


class Fact(NamedTuple):
    """Something that happened, as a webhook tells it."""

    at_ms: int
    event: str
    """The webhook's name of it."""
    uid: str
    body: Object
    """The members that are its own, `action` among them."""
    repository: Repository
    where: Object
    """The repository, as GitHub writes it."""
    sender: Object


def made_up(text: str, bits: int = 31) -> int:
    """Return the number that stands for a text, the same for all who ask."""
    return int(sha256(text.encode()).hexdigest(), 16) >> (256 - bits)


def commit_of(text: str) -> str:
    """Return the hash of a commit that no log names."""
    return sha256(f"commit/{text}".encode()).hexdigest()[:40]


def node(kind: str, *parts: object) -> str:
    """Return the id of an object in GraphQL's form."""
    return f"{kind}_{base64.urlsafe_b64encode('/'.join(map(str, parts)).encode()).decode().rstrip('=')}"


def user(login: str, uid: int) -> Object:
    kind = "Bot" if login.endswith("[bot]") else "User"
    return {"login": login, "id": uid, "node_id": node("U", uid), "type": kind, "site_admin": False}


def repository_object(repository: Repository, visibility: str) -> Object:
    """Return a repository as a member of other objects and of webhooks."""
    owner = {**user(GITHUB_ORGANISATION, ORGANISATION_UID), "type": "Organization"}
    return {
        "id": repository.uid,
        "node_id": node("R", repository.uid),
        "name": repository.short,
        "full_name": repository.name,
        "private": visibility == "private",
        "owner": owner,
        "html_url": f"https://github.com/{repository.name}",
        "url": f"https://api.github.com/repos/{repository.name}",
        "fork": False,
        "archived": False,
        "visibility": visibility,
        "default_branch": "main",
    }


def _z(at_ms: int) -> str:
    return seconds_z(at_ms // 1000)


class Forge:
    """What happened, in order, `BEHIND_S` after the audit log's events."""

    def __init__(self, run: Run):
        """Prepare for the organisation of a run."""
        self._repositories = {repository.name: repository for repository in run.organisation.repositories}
        self._people = {person.handle: person for person in run.organisation.people}
        self._log: dict[str, Object] = {}
        self._ahead: list[tuple[int, int, Fact]] = []
        self._order = itertools.count()
        self._heads: dict[tuple[str, str], str] = {}
        self._visibility: dict[str, str] = {}
        self._pulls: dict[tuple[str, int], Object] = {}
        self._runs: dict[int, Object] = {}
        self._jobs: dict[int, Object] = {}
        self._deployments: dict[int, Object] = {}
        self._tellers: dict[str, Callable[[Object, Repository], None]] = {
            "repo.access": self._opened_up,
            "git.push": self._pushed,
            "pull_request.create": self._opened,
            "pull_request.create_review_request": self._requested,
            "pull_request_review.submit": self._reviewed,
            "pull_request.merge": self._merged,
            "workflows.created_workflow_run": self._created,
            "workflows.prepared_workflow_job": self._prepared,
            "workflows.completed_workflow_run": self._completed,
        }

    def witness(self, delivery: Delivery) -> None:
        """Take note of what the audit log tells."""
        if delivery.source == AUDIT:
            for line in igzip.decompress(delivery.data).splitlines():
                event = json.loads(line)
                if event["action"] in self._tellers or event["action"] == "protected_branch.policy_override":
                    self._log.setdefault(event["_document_id"], event)

    def facts(self, before_s: int | None) -> Iterator[Fact]:
        """Yield what happened before an epoch second, in order; all that is left for None."""
        limit = None if before_s is None else before_s * 1000
        for event in sorted(self._log.values(), key=lambda e: (e["@timestamp"], e["_document_id"])):
            if limit is not None and event["@timestamp"] >= limit:
                break
            teller = self._tellers.get(event["action"])
            if teller:
                teller(event, self._repositories[event["repo"]])
            del self._log[event["_document_id"]]
        while self._ahead and (limit is None or self._ahead[0][0] < limit):
            yield heapq.heappop(self._ahead)[2]

    def _next(self, event: Object, action: str, within_ms: int, /, **fields: object) -> Object | None:
        """The first event of an action that follows in the same repository, with these fields."""
        begin = event["@timestamp"]
        found = [
            e
            for e in self._log.values()
            if e["action"] == action
            and e["repo"] == event["repo"]
            and begin <= e["@timestamp"] <= begin + within_ms
            and e is not event
            and all(e.get(name) == value for name, value in fields.items())
        ]
        return min(found, key=lambda e: (e["@timestamp"], e["_document_id"]), default=None)

    def _tell(
        self, at_ms: int, event: str, repository: Repository, sender: Object, body: Object, about: object
    ) -> None:
        uid = f"{event}/{body.get('action', '')}/{about}"
        # an object changes later on, what was told of it does not
        fact = Fact(at_ms, event, uid, json.loads(json.dumps(body)), repository, self._where(repository), sender)
        heapq.heappush(self._ahead, (at_ms, next(self._order), fact))

    def _where(self, repository: Repository) -> Object:
        return repository_object(repository, self._visibility.get(repository.name, "private"))

    def _opened_up(self, event: Object, repository: Repository) -> None:
        """A repository that everybody may see from now on, or nobody else any more."""
        self._visibility[repository.name] = event["visibility"]
        body = {"action": "publicized" if event["visibility"] == "public" else "privatized"}
        self._tell(*self._by(event, "repository", repository), body, event["_document_id"])

    def _pushed(self, event: Object, repository: Repository) -> None:
        """A push: to a branch whose pull request follows, past the rules of `main`, or of work that goes on."""
        who = {"actor": event["actor"]}
        past = self._next(event, "protected_branch.policy_override", 1000, **who)
        if past:
            self._push(event, repository, "main", past["after"], "Mend at once", past["before"])
            return
        opened = self._next(event, "pull_request.create", PUSH_MS, **who)
        again = self._next(event, "git.push", PUSH_MS, **who)
        if opened and (again is None or again["@timestamp"] > opened["@timestamp"]):
            number = _number(opened)
            self._push(event, repository, f"change-{number}", self._head(opened, number), f"Change {number}")
            return
        self._push(event, repository, f"{event['actor']}-work", commit_of(event["_document_id"]), "Work in progress")

    def _head(self, opened: Object, number: int) -> str:
        """The commit that a new pull request offers: that of its check."""
        run = self._next(opened, "workflows.created_workflow_run", MERGE_MS, head_branch=f"change-{number}")
        return str(run["head_sha"]) if run else commit_of(opened["_document_id"])

    def _push(
        self, event: Object, repository: Repository, branch: str, after: str, message: str, before: str = ""
    ) -> None:
        at_ms, sender = event["@timestamp"], user(event["actor"], event["actor_id"])
        known = self._heads.get((repository.name, branch))
        if known is None and branch == "main":
            known = commit_of(f"{repository.name}/main")
        before = before or known or ZEROS
        self._heads[repository.name, branch] = after
        person = self._people.get(event["actor"])
        name, email = (person.name, person.email) if person else (event["actor"], f"{event['actor']}@{DOMAIN}")
        author = {"name": name, "email": email, "username": event["actor"]}
        commit = {
            "id": after,
            "tree_id": commit_of(f"tree/{after}"),
            "distinct": True,
            "message": message,
            "timestamp": _z(at_ms - 1000),
            "url": f"https://github.com/{repository.name}/commit/{after}",
            "author": author,
            "committer": author,
            "added": [],
            "removed": [],
            "modified": ["src/main.py"],
        }
        body = {
            "ref": f"refs/heads/{branch}",
            "before": before,
            "after": after,
            "pusher": {"name": event["actor"], "email": email},
            "created": before == ZEROS,
            "deleted": False,
            "forced": False,
            "base_ref": None,
            "compare": f"https://github.com/{repository.name}/compare/{before[:12]}...{after[:12]}",
            "commits": [commit],
            "head_commit": commit,
        }
        if before == ZEROS:
            new = {"ref": branch, "ref_type": "branch", "master_branch": "main", "pusher_type": "user"}
            self._tell(at_ms, "create", repository, sender, new, event["_document_id"])
        self._tell(at_ms, "push", repository, sender, body, event["_document_id"])

    def _opened(self, event: Object, repository: Repository) -> None:
        number, at = _number(event), _z(event["@timestamp"])
        author = user(event["actor"], event["actor_id"])
        base = self._heads.get((repository.name, "main"), commit_of(f"{repository.name}/main"))
        of = {"user": author["login"], "repo": self._where(repository)}
        url = f"https://api.github.com/repos/{repository.name}/pulls/{number}"
        self._pulls[repository.name, number] = {
            "url": url,
            "id": event["pull_request_id"],
            "node_id": node("PR", event["pull_request_id"]),
            "html_url": event["pull_request_url"],
            "number": number,
            "state": "open",
            "locked": False,
            "title": event["pull_request_title"],
            "user": author,
            "body": None,
            "created_at": at,
            "updated_at": at,
            "closed_at": None,
            "merged_at": None,
            "merge_commit_sha": None,
            "requested_reviewers": [],
            "head": {"ref": f"change-{number}", "sha": self._head(event, number), **of},
            "base": {"ref": "main", "sha": base, **of},
            "draft": False,
            "merged": False,
            "merged_by": None,
            "commits": 1,
        }
        self._pull(event, repository, "opened")

    def _pull(self, event: Object, repository: Repository, action: str, **changed: object) -> Object | None:
        """Tell of a pull request that was opened in this run, and how it stands now; return it."""
        pull = self._pulls.get((repository.name, _number(event)))
        if pull is not None:
            pull |= {"updated_at": _z(event["@timestamp"]), **changed}
            body = {"action": action, "number": pull["number"], "pull_request": pull}
            self._tell(*self._by(event, "pull_request", repository), body, event["_document_id"])
        return pull

    @staticmethod
    def _by(event: Object, name: str, repository: Repository) -> tuple[int, str, Repository, Object]:
        return event["@timestamp"], name, repository, user(event["actor"], event["actor_id"])

    def _requested(self, event: Object, repository: Repository) -> None:
        asked = user(event["reviewer"], event["reviewer_id"])
        self._pull(event, repository, "review_requested", requested_reviewers=[asked])

    def _reviewed(self, event: Object, repository: Repository) -> None:
        pull = self._pulls.get((repository.name, _number(event)))
        if pull is None:
            return
        pull |= {"updated_at": _z(event["@timestamp"]), "requested_reviewers": []}
        review = {
            "id": event["review_id"],
            "node_id": node("PRR", event["review_id"]),
            "user": user(event["actor"], event["actor_id"]),
            "body": None,
            "commit_id": pull["head"]["sha"],
            "submitted_at": _z(event["@timestamp"]),
            "state": "approved",
            "html_url": f"{pull['html_url']}#pullrequestreview-{event['review_id']}",
            "pull_request_url": pull["url"],
        }
        body = {"action": "submitted", "review": review, "pull_request": pull}
        self._tell(*self._by(event, "pull_request_review", repository), body, event["review_id"])

    def _merged(self, event: Object, repository: Repository) -> None:
        """A merge: its commit is the one that the run on `main` runs on."""
        run = self._next(
            event, "workflows.created_workflow_run", MERGE_MS, actor=event["actor"], head_branch="main", event="push"
        )
        commit = run["head_sha"] if run else commit_of(event["_document_id"])
        at = _z(event["@timestamp"])
        by = user(event["actor"], event["actor_id"])
        merged = {"state": "closed", "closed_at": at, "merged_at": at, "merged": True, "merged_by": by}
        pull = self._pull(event, repository, "closed", merge_commit_sha=commit, **merged)
        if pull:
            message = f"{MERGED}{pull['number']} from {GITHUB_ORGANISATION}/{pull['head']['ref']}"
            self._push(event, repository, "main", commit, message)
            del self._pulls[repository.name, pull["number"]]

    def _created(self, event: Object, repository: Repository) -> None:
        uid, at = event["workflow_run_id"], _z(event["@timestamp"])
        ended = self._next(event, "workflows.completed_workflow_run", BEHIND_S * 1000, workflow_run_id=uid)
        branch = event["head_branch"]
        pulls = [pull for (name, _), pull in self._pulls.items() if name == repository.name]
        actor = user(event["actor"], event["actor_id"])
        self._runs[uid] = {
            "id": uid,
            "name": event["name"],
            "node_id": node("WFR", uid),
            "head_branch": branch,
            "head_sha": event["head_sha"],
            "path": f".github/workflows/{event['name']}.yml",
            "display_title": f"Change {branch.removeprefix('change-')}",
            "run_number": ended["run_number"] if ended else uid % 4000,
            "event": event["event"],
            "status": "queued",
            "conclusion": None,
            "workflow_id": event["workflow_id"],
            "url": f"https://api.github.com/repos/{repository.name}/actions/runs/{uid}",
            "html_url": f"https://github.com/{repository.name}/actions/runs/{uid}",
            "pull_requests": [
                {"number": pull["number"], "id": pull["id"], "url": pull["url"]}
                for pull in pulls
                if pull["head"]["ref"] == branch and pull["state"] == "open"
            ],
            "created_at": at,
            "updated_at": at,
            "actor": actor,
            "triggering_actor": actor,
            "run_attempt": 1,
            "run_started_at": at,
            "repository": self._where(repository),
        }
        self._run(event, repository, "requested", event["@timestamp"])

    def _run(self, event: Object, repository: Repository, action: str, at_ms: int, **changed: object) -> Object | None:
        """Tell of a run that began in this simulation, and how it stands now; return it."""
        run = self._runs.get(event["workflow_run_id"])
        if run is not None:
            run |= {"updated_at": _z(at_ms), **changed}
            sender: Object = run["actor"]
            self._tell(at_ms, "workflow_run", repository, sender, {"action": action, "workflow_run": run}, run["id"])
        return run

    def _prepared(self, event: Object, repository: Repository) -> None:
        """A job that begins; one that names an environment makes a deployment."""
        at = event["@timestamp"]
        run = self._run(event, repository, "in_progress", at, status="in_progress")
        if run is None:
            return
        uid = made_up(f"job/{run['id']}", 34)
        self._jobs[run["id"]] = {
            "id": uid,
            "run_id": run["id"],
            "workflow_name": run["name"],
            "head_branch": run["head_branch"],
            "run_attempt": 1,
            "node_id": node("CR", uid),
            "head_sha": run["head_sha"],
            "url": f"https://api.github.com/repos/{repository.name}/actions/jobs/{uid}",
            "html_url": f"{run['html_url']}/job/{uid}",
            "status": "queued",
            "conclusion": None,
            "created_at": _z(at),
            "started_at": _z(at),
            "completed_at": None,
            "name": event["job_name"],
            "steps": [],
            "labels": event["runner_labels"],
            "runner_id": None,
            "runner_name": None,
            "runner_group_id": None,
            "runner_group_name": None,
        }
        self._job(run, repository, "queued", at)
        runner = {"runner_id": uid % 900, "runner_name": f"GitHub Actions {uid % 900}"}
        group = {"runner_group_id": 2, "runner_group_name": "GitHub Actions"}
        self._job(run, repository, "in_progress", at + 1000, started_at=_z(at + 1000), **runner, **group)
        if event.get("environment_name"):
            self._deployments[run["id"]] = self._deployed(run, repository, event["environment_name"], at)
            self._status(run, repository, "in_progress", at + 1000)

    def _job(self, run: Object, repository: Repository, status: str, at_ms: int, **changed: object) -> None:
        job = self._jobs[run["id"]]
        job |= {"status": status, **changed}
        self._tell(at_ms, "workflow_job", repository, run["actor"], {"action": status, "workflow_job": job}, job["id"])

    def _deployed(self, run: Object, repository: Repository, environment: str, at_ms: int) -> Object:
        uid = made_up(f"deployment/{run['id']}")
        deployment: Object = {
            "url": f"https://api.github.com/repos/{repository.name}/deployments/{uid}",
            "id": uid,
            "node_id": node("DE", uid),
            "task": "deploy",
            "original_environment": environment,
            "environment": environment,
            "description": None,
            "created_at": _z(at_ms),
            "updated_at": _z(at_ms),
            "creator": run["actor"],
            "sha": run["head_sha"],
            "ref": run["head_branch"],
            "payload": {},
            "production_environment": environment == "prod",
        }
        body = {"action": "created", "deployment": deployment, "workflow_run": _bare(run)}
        self._tell(at_ms, "deployment", repository, run["actor"], body, uid)
        return deployment

    def _status(self, run: Object, repository: Repository, state: str, at_ms: int) -> None:
        """What the runner says of the run's deployment."""
        deployment, page = self._deployments[run["id"]], self._jobs[run["id"]]["html_url"]
        uid = made_up(f"status/{state}/{run['id']}", 33)
        by = user(RUNNER.login, RUNNER.uid)
        status = {
            "url": f"{deployment['url']}/statuses/{uid}",
            "id": uid,
            "node_id": node("DES", uid),
            "state": state,
            "creator": by,
            "description": "",
            "environment": deployment["environment"],
            "target_url": page,
            "log_url": page,
            "created_at": _z(at_ms),
            "updated_at": _z(at_ms),
            "deployment_url": deployment["url"],
        }
        deployment["updated_at"] = _z(at_ms)
        body = {"action": "created", "deployment_status": status, "deployment": deployment}
        self._tell(at_ms, "deployment_status", repository, by, {**body, "workflow_run": _bare(run)}, uid)

    def _completed(self, event: Object, repository: Repository) -> None:
        at, run = event["@timestamp"], self._runs.get(event["workflow_run_id"])
        if run is None:
            return
        if run["id"] in self._jobs:
            ended = {"completed_at": _z(at - 2000), "conclusion": event["conclusion"]}
            self._job(run, repository, "completed", at - 2000, **ended)
        if run["id"] in self._deployments:
            self._status(run, repository, event["conclusion"], at - 2000)
        self._run(event, repository, "completed", at, status="completed", conclusion=event["conclusion"])
        for open_ones in (self._runs, self._jobs, self._deployments):
            open_ones.pop(run["id"], None)


def _bare(run: Object) -> Object:
    """A run as others hold it."""
    return {name: value for name, value in run.items() if name != "repository"}


def _number(event: Object) -> int:
    return int(event["pull_request_url"].rpartition("/")[2])
