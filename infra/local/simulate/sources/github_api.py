"""GitHub's API as a collector of repositories asks it: pages of pull requests, reviews, commits and deployments.

https://docs.github.com/rest/pulls https://docs.github.com/rest/commits https://docs.github.com/rest/deployments
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.local.simulate.forge import MERGED, Fact, Object, node
from infra.local.simulate.model import Run, Source
from infra.local.simulate.polls import Lists, Polls, last_of
from infra.local.simulate.rendering import seconds_z

NAME = "github_api"
ROOT = "s3/example-org-github-api/repositories"
WEB = {"name": "GitHub", "email": "noreply@github.com"}
"""Who commits what is merged at the web site; GitHub signs it."""


def commit(fact: Fact) -> Object:
    """Return the commit that a push brought."""
    pushed = fact.body["head_commit"]
    merged = pushed["message"].startswith(MERGED)
    author = {"name": pushed["author"]["name"], "email": pushed["author"]["email"], "date": pushed["timestamp"]}
    url = f"https://api.github.com/repos/{fact.repository.name}/commits/{pushed['id']}"
    return {
        "sha": pushed["id"],
        "node_id": node("C", fact.repository.uid, pushed["id"]),
        "commit": {
            "author": author,
            "committer": {**WEB, "date": pushed["timestamp"]} if merged else author,
            "message": pushed["message"],
            "tree": {"sha": pushed["tree_id"]},
            "comment_count": 0,
            "verification": {"verified": merged, "reason": "valid" if merged else "unsigned"},
        },
        "url": url,
        "html_url": pushed["url"],
        "author": fact.sender,
        "committer": fact.sender,
        "parents": [{"sha": fact.body["before"]}],
    }


def repository(fact: Fact) -> Object:
    """Return a repository after a push to its main branch."""
    at = seconds_z(fact.at_ms // 1000)
    return {**fact.where, "created_at": "2025-01-06T09:00:00Z", "updated_at": at, "pushed_at": at}


def changed(facts: Sequence[Fact]) -> Lists:
    """Return what the facts tell of, as it stands."""

    def of(name: str, *others: str) -> Iterator[Object]:
        return (fact.body[name] for fact in facts if fact.event in (name, *others))

    pushes = [fact for fact in facts if fact.event == "push"]
    return {
        "pulls": last_of(of("pull_request", "pull_request_review")),
        "reviews": [fact.body["review"] for fact in facts if fact.event == "pull_request_review"],
        "commits": [commit(fact) for fact in pushes],
        "deployments": last_of(of("deployment", "deployment_status")),
        "statuses": list(of("deployment_status")),
        "repositories": last_of(repository(fact) for fact in pushes if fact.body["ref"] == "refs/heads/main"),
    }


def _open(run: Run, expected: float) -> Polls:
    """`expected` is not asked for: every change that the audit log tells of is seen."""
    return Polls(run, NAME, ROOT, changed)


SOURCE = Source(name=NAME, root=ROOT, share=0.0, open=_open)
