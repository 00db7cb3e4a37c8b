"""From a commit to a resource in the cloud: every link of a simulated deployment is a row, and ids join them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from simulated import sql

from infra.local.simulate import Truth, generate, known_sources
from infra.local.simulate.artifacts import TRUSTED_ROOT
from infra.local.simulate.hooks import SIGNED_WITH
from transforms.land import land
from transforms.settings import Settings
from transforms.warehouse.runner import build, correlate

pytestmark = pytest.mark.xdist_group("dbt-lake")
END = datetime(2026, 11, 20, 18, tzinfo=UTC)
CODE = ("github_audit", "github_webhook", "github_actions", "github_api")
SOURCES = (*CODE, "slsa_provenance", "aws_cloudtrail", "aws_eventbridge")
DEPLOYMENTS = """
    select d.cicd_deployment_uid as uid, d.*, r.cicd_trigger, c.vcs_change_uid
    from marts.sdlc_deployment d
    join marts.sdlc_run r on r.cicd_provider = d.cicd_provider and r.cicd_run_uid = d.cicd_run_uid
    join marts.sdlc_change_request c
        on c.vcs_repository_name = d.vcs_repository_name and c.vcs_merge_revision = d.vcs_ref_revision
    where d.cicd_environment_name = 'prod' and r.cicd_trigger = 'push'
"""
"""What pull requests brought into production."""
LINKS = {
    "branch": """
        join ocsf.api_activity branch
            on branch.sdlc_event_type = 'branch.created' and branch.vcs_repository_name = change.vcs_repository_name
            and branch.vcs_ref_name = change.vcs_ref_name
    """,
    "commit": """
        join marts.sdlc_commit head
            on head.vcs_repository_name = change.vcs_repository_name and head.vcs_ref_revision = change.vcs_ref_revision
            and list_contains(head.ref_names, change.vcs_ref_name) and head.pushed_by = change.vcs_change_author
    """,
    "check": """
        join marts.sdlc_run checked
            on checked.vcs_repository_name = head.vcs_repository_name
            and checked.vcs_ref_revision = head.vcs_ref_revision
            and checked.vcs_change_uid = change.vcs_change_uid and checked.cicd_trigger = 'pull_request'
    """,
    "review": """
        join ocsf.api_activity review
            on review.sdlc_event_type = 'change.reviewed' and review.source = 'github_webhook'
            and review.vcs_repository_name = change.vcs_repository_name
            and review.vcs_change_uid = change.vcs_change_uid
            and review.vcs_ref_revision = head.vcs_ref_revision and review.vcs_review_state = 'approved'
            and list_contains(change.approved_by, review.actor_user_name)
            and review.actor_user_name <> change.vcs_change_author
    """,
    "merge": """
        join marts.sdlc_commit merged
            on merged.vcs_repository_name = change.vcs_repository_name
            and merged.vcs_ref_revision = change.vcs_merge_revision and merged.is_merge
            and list_contains(merged.ref_names, 'main') and merged.pushed_by = change.merged_by
    """,
    "run": """
        join marts.sdlc_run run
            on run.cicd_run_uid = deployment.cicd_run_uid and run.vcs_repository_name = merged.vcs_repository_name
            and run.vcs_ref_revision = merged.vcs_ref_revision and run.triggered_by = change.merged_by
            and run.cicd_run_result = 'success'
    """,
    "artifact": """
        join marts.sdlc_artifact artifact
            on artifact.cicd_run_uid = run.cicd_run_uid and artifact.vcs_ref_revision = run.vcs_ref_revision
            and artifact.vcs_repository_name = run.vcs_repository_name and artifact.provenance_verified
    """,
    "registry push": """
        join ocsf.api_activity pushed
            on pushed.source = 'aws_eventbridge' and pushed.api_operation = 'PUSH'
            and pushed.artifact_digest = artifact.artifact_digest and artifact.published_dt = pushed.time_dt
    """,
    "role session": """
        join marts.lineage_edge opened
            on opened.from_kind = 'workflow_run' and opened.from_uid = run.cicd_run_uid
            and opened.to_kind = 'role_session' and opened.confidence = 1
    """,
    "OIDC subject": """
        join marts.lineage_edge token
            on token.from_kind = 'oidc_subject' and token.to_kind = 'role_session' and token.to_uid = opened.to_uid
            and token.from_uid
                = concat('repo:', run.vcs_repository_name, ':environment:', deployment.cicd_environment_name)
        join ocsf.authentication entry
            on entry.api_operation = 'AssumeRoleWithWebIdentity' and entry.user_credential_uid = opened.to_uid
            and entry.actor_user_name = token.from_uid
    """,
    "API call": """
        join marts.lineage_edge called
            on called.from_kind = 'role_session' and called.from_uid = opened.to_uid and called.to_kind = 'api_call'
        join ocsf.api_activity call
            on call.source = 'aws_cloudtrail' and call.metadata_uid = called.to_uid
            and call.actor_user_credential_uid = opened.to_uid and call.api_operation = 'RegisterTaskDefinition'
            and contains(call.api_request_data, artifact.artifact_digest)
    """,
    "resource": """
        join marts.lineage_edge changed
            on changed.from_kind = 'api_call' and changed.from_uid = call.metadata_uid and changed.to_kind = 'resource'
            and changed.to_uid = call.resource_uid
        join marts.lineage_change life
            on life.change_uid = call.metadata_uid and life.run_uid = run.cicd_run_uid
            and life.revision = merged.vcs_ref_revision and life.pull_request = change.vcs_change_uid
            and life.repository = change.vcs_repository_name and life.author = change.vcs_change_author
    """,
}
"""Each link of the chain, as it is joined to the links before it."""


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Truth]:
    """Six days of code and cloud, landed with GitHub's secret and the trusted root, and correlated."""
    logs = tmp_path_factory.mktemp("code") / "logs"
    truth = generate(logs, seed=11, days=6, end=END, events_per_day=900, sources=SOURCES, chains=False)
    known = {
        "CATCHMENT_GITHUB_WEBHOOK_SECRETS": SIGNED_WITH,
        "CATCHMENT_SIGSTORE_ROOTS": str(logs / TRUSTED_ROOT),
    }
    settings = Settings.from_env(known, lake=str(logs.parent / "lake"))
    for name in SOURCES:
        landed = land(settings, name, str(logs / known_sources()[name].root), sweep=True, clock=lambda: END)
        assert landed.quarantined == 0, name
    assert build(settings).failed == {}
    assert correlate(settings).failed == {}
    return settings, truth


@pytest.fixture(scope="module")
def production(organisation: tuple[Settings, Truth]) -> list[dict[str, Any]]:
    return sql(organisation[0], DEPLOYMENTS)


def test_every_link_is_a_row(organisation: tuple[Settings, Truth], production: list[dict[str, Any]]) -> None:
    """Link by link: none of the deployments is lost, whichever link is added."""
    uids = {row["uid"] for row in production}
    assert len(uids) >= 3
    joined = f"""
        from ({DEPLOYMENTS}) deployment
        join marts.sdlc_change_request change
            on change.vcs_repository_name = deployment.vcs_repository_name
            and change.vcs_change_uid = deployment.vcs_change_uid
    """
    for name, link in LINKS.items():
        joined += link
        rows = sql(organisation[0], f"select distinct deployment.uid as uid {joined}")
        assert {row["uid"] for row in rows} == uids, name


def test_the_ids_are_those_of_the_truth(organisation: tuple[Settings, Truth], production: list[dict[str, Any]]) -> None:
    """The run's commit and pull request are those that the simulation made; each deployment ended well."""
    edges = {(e["from_kind"], e["from_uid"], e["to_kind"], e["to_uid"]) for e in organisation[1]["lineage"]["edges"]}
    for row in production:
        run = row["cicd_run_uid"]
        assert ("commit", row["vcs_ref_revision"], "workflow_run", run) in edges
        assert ("pull_request", f"{row['vcs_repository_name']}#{row['vcs_change_uid']}", "workflow_run", run) in edges
        assert row["cicd_deployment_state"] == "success"
        assert row["sources"] == ["github_api", "github_webhook"]


def test_a_run_is_one_row_whoever_tells_of_it(organisation: tuple[Settings, Truth]) -> None:
    """The audit log, webhooks, the API and signed evidence tell of the same run, and nothing of it is unmapped."""
    settings, _ = organisation
    runs = sql(settings, "from marts.sdlc_run where cicd_pipeline_name = 'deploy' and cicd_run_result = 'success'")
    told = {*CODE, "slsa_provenance"} - {"github_api"}  # the API's deployments do not name their run
    assert len(runs) > 10
    assert all(told <= set(run["sources"]) for run in runs[:-2])
    kinds = "select count(*) as n from ocsf.base_event where source like 'github_%'"
    assert sql(settings, kinds) == [{"n": 0}]


def test_what_github_signed_is_known_as_such(organisation: tuple[Settings, Truth]) -> None:
    signatures = "select distinct status_code from ocsf.api_activity where source = 'github_webhook'"
    assert sql(organisation[0], signatures) == [{"status_code": None}]
    marks = "select distinct json_extract_string(attributes, '$.signature') as mark from bronze.github_webhook"
    assert sql(organisation[0], marks) == [{"mark": "valid"}]
