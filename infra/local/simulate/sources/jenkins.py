"""Jenkins: builds of a repository in Bitbucket and their stages, as a poll of the REST API finds them.

https://www.jenkins.io/doc/book/using/remote-access-api/
https://github.com/jenkinsci/pipeline-stage-view-plugin/tree/master/rest-api
"""

from __future__ import annotations

import json
from typing import Any

from infra.local.simulate.bitbucket import BY_JENKINS, stream
from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.pipelines import RATE, Job, Pipeline, Pipelines, Story, uid

NAME = "jenkins"
ROOT = "s3/example-org-jenkins/api"
HOST = "https://jenkins.example.com"
STREAM = "jenkins.example.com"
EACH = 9
"""Records of a story."""
POLLED_MS = 15_000
CAUSES = {
    "change": ("jenkins.branch.BranchEventCause", "Push event to branch {}"),
    "push": ("jenkins.branch.BranchEventCause", "Push event to branch {}"),
    "schedule": ("hudson.triggers.TimerTrigger$TimerTriggerCause", "Started by timer"),
}


def number(run: Pipeline) -> int:
    """Return a build's number among those of its branch: each change has a branch of its own."""
    return 1 if run.trigger == "change" else run.serial


def path(run: Pipeline) -> str:
    """Return the path of a build: the job of its branch in a multibranch project, and its number."""
    return "".join(f"/job/{part}" for part in (*run.repository.split("/"), run.ref)) + f"/{number(run)}/"


def build(run: Pipeline, at_ms: int) -> Record:
    """Return a build as it stands at a time: it runs, or it has ended."""
    over = at_ms >= run.ended_ms
    kind, said = CAUSES[run.trigger]
    branch = {"SHA1": run.commit, "name": run.ref}
    revision = {"SHA1": run.commit, "branch": [branch]}
    actions: list[dict[str, Any]] = [
        {"_class": "hudson.model.CauseAction", "causes": [{"_class": kind, "shortDescription": said.format(run.ref)}]},
        {"_class": "jenkins.scm.api.SCMRevisionAction"},
        {},
        {
            "_class": "hudson.plugins.git.util.BuildData",
            "lastBuiltRevision": revision,
            "remoteUrls": [f"https://bitbucket.org/{run.repository}.git"],
        },
        {},
    ]
    body = {
        "_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun",
        "actions": actions,
        "building": not over,
        "duration": run.ended_ms - run.began_ms if over else 0,
        "estimatedDuration": 240_000,
        "fullDisplayName": f"{run.repository.replace('/', ' » ')} » {run.ref} #{number(run)}",
        "number": number(run),
        "result": ("SUCCESS" if run.passed else "FAILURE") if over else None,
        "timestamp": run.began_ms,
        "url": HOST + path(run),
    }
    return _record(at_ms, body)


def stage(run: Pipeline, job: Job, place: int) -> Record:
    """Return a stage of a build that has ended."""
    node = 6 + 7 * place
    body = {
        "_links": {"self": {"href": f"{path(run)}execution/node/{node}/wfapi/describe"}},
        "id": str(node),
        "name": job.name,
        "execNode": "",
        "status": "SUCCESS" if job.passed else "FAILED",
        "startTimeMillis": job.began_ms,
        "durationMillis": job.ended_ms - job.began_ms,
        "pauseDurationMillis": 0,
    }
    return _record(job.ended_ms + POLLED_MS, body)


def _record(at_ms: int, body: dict[str, Any]) -> Record:
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Record(at_ms, STREAM, uid(text), text)


def tell(story: Story) -> list[Record]:
    """Return what polls find of a story's builds."""
    return [
        record
        for run in story.runs
        for record in (
            build(run, run.began_ms + POLLED_MS),
            *(stage(run, job, place) for place, job in enumerate(run.jobs)),
            build(run, run.ended_ms + POLLED_MS),
        )
    ]


def _open(run: Run, expected: float) -> Pipelines:
    return Pipelines(run, NAME, ROOT, [stream(run, expected / SOURCE.share, BY_JENKINS)], tell)


SOURCE = Source(name=NAME, root=ROOT, share=EACH * RATE, open=_open)
