"""GitHub Actions as its API tells it: pages of the workflow runs and jobs that changed, in a collector's bucket.

https://docs.github.com/rest/actions/workflow-runs https://docs.github.com/rest/actions/workflow-jobs
"""

from __future__ import annotations

from collections.abc import Sequence

from infra.local.simulate.forge import Fact
from infra.local.simulate.model import Run, Source
from infra.local.simulate.polls import Lists, Polls, last_of

NAME = "github_actions"
ROOT = "s3/example-org-github-api/actions"


def changed(facts: Sequence[Fact]) -> Lists:
    """Return the runs and the jobs of which the facts tell, as they stand."""
    return {
        f"{name}s": last_of(fact.body[event] for fact in facts if fact.event == event)
        for event, name in (("workflow_run", "workflow_run"), ("workflow_job", "job"))
    }


def _open(run: Run, expected: float) -> Polls:
    """`expected` is not asked for: every run that the audit log tells of is seen."""
    return Polls(run, NAME, ROOT, changed, enveloped=True)


SOURCE = Source(name=NAME, root=ROOT, share=0.0, open=_open)
