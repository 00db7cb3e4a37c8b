"""What the organisation keeps in Bitbucket, and what builds it there: Bitbucket itself, CircleCI or Jenkins."""

from __future__ import annotations

from infra.local.simulate.model import Run
from infra.local.simulate.pipelines import Stream

WORKSPACE = "example-team"
BY_BITBUCKET = f"{WORKSPACE}/handbook"
BY_CIRCLECI = f"{WORKSPACE}/mobile-app"
BY_JENKINS = f"{WORKSPACE}/ledger"


def stream(run: Run, volume: float, repository: str) -> Stream:
    """Return what happens to a repository."""
    return Stream(run, volume, repository, (repository,))
