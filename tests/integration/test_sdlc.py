"""The life of a change: one row a fact, worked out here from the class tables without the views."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from simulated import Organisation

pytestmark = pytest.mark.xdist_group("simulated-lake")
KEYS = {
    "sdlc_commit": ("vcs_provider", "vcs_repository_name", "vcs_ref_revision"),
    "sdlc_change_request": ("vcs_provider", "vcs_repository_name", "vcs_change_uid"),
    "sdlc_run": ("cicd_provider", "cicd_run_uid"),
    "sdlc_artifact": ("artifact_digest",),
    "sdlc_deployment": ("cicd_provider", "cicd_deployment_uid"),
    "sdlc_repository_setting": ("vcs_provider", "vcs_repository_name", "setting", "target"),
}


@pytest.fixture(scope="module")
def activity(simulated: Organisation) -> list[dict[str, Any]]:
    return simulated.sql("from ocsf.api_activity where sdlc_event_type is not null or cicd_run_uid is not null")


@pytest.mark.parametrize("table", KEYS)
def test_a_fact_is_one_row_and_is_proven(simulated: Organisation, table: str) -> None:
    facts = simulated.sql(f"from marts.{table}")
    keys = [tuple(fact[key] for key in KEYS[table]) for fact in facts]
    assert len(set(keys)) == len(keys)
    known = simulated.sql("select event_uid from ocsf.api_activity union select event_uid from ocsf.user_access")
    uids = {row["event_uid"] for row in known}
    for fact in facts:
        assert fact["evidence_event_uids"]
        assert uids.issuperset(fact["evidence_event_uids"])
        assert fact["evidence_count"] >= len(fact["evidence_event_uids"])


def test_runs_are_those_of_the_events(simulated: Organisation, activity: list[dict[str, Any]]) -> None:
    evidence = defaultdict(set)
    for row in activity:
        if row["cicd_run_uid"] is not None and row["provenance_verified"] is not False:
            evidence[row["cicd_provider"] or row["vcs_provider"] or row["source"], row["cicd_run_uid"]].add(
                row["event_uid"]
            )
    runs = {(run["cicd_provider"], run["cicd_run_uid"]): run for run in simulated.sql("from marts.sdlc_run")}
    assert runs.keys() == evidence.keys()
    assert runs
    for key, run in runs.items():
        assert run["evidence_count"] == len(evidence[key])


def test_an_artifact_leads_to_its_run_and_its_commit(simulated: Organisation) -> None:
    """Signed evidence names the run that the audit log tells of; no configured root proves it, and it tells no more."""
    found = simulated.sql(
        "select a.artifact_digest, a.provenance_verified, a.sources as told_by, r.sources, c.vcs_ref_revision"
        " from marts.sdlc_artifact a join marts.sdlc_run r using (cicd_provider, cicd_run_uid)"
        " left join marts.sdlc_commit c on c.vcs_repository_name = r.vcs_repository_name"
        " and c.vcs_ref_revision = r.vcs_ref_revision"
    )
    both = [row for row in found if "slsa_provenance" in row["told_by"] and "github_audit" in row["sources"]]
    assert both
    assert all(row["vcs_ref_revision"] for row in both)
    assert {row["provenance_verified"] for row in both} == {False}
    assert not any("slsa_provenance" in row["sources"] for row in found)


def test_a_setting_is_as_the_last_event_left_it(simulated: Organisation, activity: list[dict[str, Any]]) -> None:
    last: dict[tuple[str, str], tuple[Any, str, str]] = {}
    for row in activity:
        if row["vcs_setting_name"] == "branch protection" and row["status_id"] != 2:
            key = row["vcs_repository_name"], row["vcs_setting_target"]
            last[key] = max(
                last.get(key, (row["time_dt"], "", "")), (row["time_dt"], row["event_uid"], row["vcs_setting_value"])
            )
    facts = simulated.sql("from marts.sdlc_repository_setting where setting = 'branch protection'")
    assert {(f["vcs_repository_name"], f["target"]): f["value"] for f in facts} == {k: v[2] for k, v in last.items()}
    assert last
