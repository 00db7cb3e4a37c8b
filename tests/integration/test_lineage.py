"""The lineage marts on the simulated organisation, scored against its truth; late logs give what one run gives."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.local.simulate import Truth, generate, known_sources
from transforms.land import land
from transforms.settings import Settings
from transforms.warehouse.query import Reader
from transforms.warehouse.runner import build, correlate

pytestmark = pytest.mark.xdist_group("dbt-lake")
END = datetime(2026, 11, 20, 18, tzinfo=UTC)
SOURCES = ("aws_cloudtrail", "github_audit")
Edge = tuple[str, str, str, str, str]


def sql(settings: Settings, query: str) -> list[dict[str, Any]]:
    return Reader(settings).records(query)


def arrive(settings: Settings, logs: Path) -> None:
    for name in SOURCES:
        land(settings, name, str(logs / known_sources()[name].root), sweep=True, clock=lambda: END)
    assert build(settings).failed == {}
    assert correlate(settings).failed == {}


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    logs = tmp_path_factory.mktemp("organisation")
    return logs, generate(logs, seed=11, days=14, end=END, events_per_day=900, sources=SOURCES)


@pytest.fixture(scope="module")
def lake(organisation: tuple[Path, Truth], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings.from_env({}, lake=str(tmp_path_factory.mktemp("lineage") / "lake"))
    arrive(settings, organisation[0])
    return settings


def edges(settings: Settings) -> dict[Edge, dict[str, Any]]:
    return {
        (r["from_kind"], r["from_uid"], r["to_kind"], r["to_uid"], r["method"]): r
        for r in sql(settings, "select * from marts.lineage_edge")
    }


def scores(found: set[Edge], true: set[Edge]) -> tuple[float, float]:
    """(precision, recall)"""
    return len(found & true) / len(found), len(found & true) / len(true)


def test_edges_that_ids_decide(organisation: tuple[Path, Truth], lake: Settings) -> None:
    true: dict[bool, set[Edge]] = defaultdict(set)
    for e in organisation[1]["lineage"]["edges"]:
        true[e["by_ids"]].add((e["from_kind"], e["from_uid"], e["to_kind"], e["to_uid"], e["method"]))
    found: dict[bool, set[Edge]] = defaultdict(set)
    for key, row in edges(lake).items():
        found[row["confidence"] == 1].add(key)
    for by_ids in (True, False):
        for method in sorted({key[4] for key in true[by_ids]}):
            precision, recall = scores(
                {key for key in found[by_ids] if key[4] == method}, {key for key in true[by_ids] if key[4] == method}
            )
            print(f"{method:<26} true {sum(k[4] == method for k in true[by_ids]):>4}  {precision:.3f} {recall:.3f}")
    assert {key[4] for key in true[True]} == {
        "after_revision", "head_sha", "token_subject", "session_name", "access_key", "request"
    }  # fmt: skip
    precision, recall = scores(found[True], true[True])
    print(f"by ids: {len(true[True])} edges, precision {precision:.4f}, recall {recall:.4f}")
    assert len(true[True]) > 200
    assert precision >= 0.98 and recall >= 0.98
    precision, recall = scores(found[False], true[False])
    print(f"inferred: {len(true[False])} edges, precision {precision:.4f}, recall {recall:.4f}")
    assert len(true[False]) > 40
    assert precision >= 0.6 and recall >= 0.8


def test_every_edge_is_proved(lake: Settings) -> None:
    """Its evidence are rows of OCSF, and a share of a confidence adds up to no more than the whole."""
    known = {r["event_uid"] for r in sql(lake, "select event_uid from rollups.lineage_event")}
    shared: Counter[tuple[str, str]] = Counter()
    for (_, _, kind, to_uid, method), row in edges(lake).items():
        assert row["evidence_event_uids"] and known.issuperset(row["evidence_event_uids"])
        if method == "subject_and_time":
            shared[kind, to_uid] += row["confidence"]
    assert shared and all(0 < total <= 0.8 + 1e-9 for total in shared.values())
    ocsf = " union all ".join(
        f"select event_uid from ocsf.{name}" for name in ("api_activity", "authentication", "account_change")
    )
    assert known <= {r["event_uid"] for r in sql(lake, ocsf)}


def test_changes_by_pipelines_and_by_people(organisation: tuple[Path, Truth], lake: Settings) -> None:
    truth = organisation[1]["lineage"]
    changes = {r["change_uid"]: r for r in sql(lake, "select * from marts.lineage_change")}
    by_pipeline = {e["to_uid"] for e in truth["edges"] if e["to_kind"] == "api_call"}
    assert len(by_pipeline) > 50
    assert {uid for uid, row in changes.items() if row["origin"] == "pipeline"} == by_pipeline
    by_hand = truth["changes_outside_pipeline"]
    assert len(by_hand) >= 10
    assert {changes[uid]["origin"] for uid in by_hand} == {"person"}
    assert all(changes[uid]["run_uid"] is None and "@" in changes[uid]["actor_user_name"] for uid in by_hand)
    assert {row["origin"] for row in changes.values()} >= {"pipeline", "person", "unknown"}


def test_a_change_leads_back_to_its_people(organisation: tuple[Path, Truth], lake: Settings) -> None:
    """For every change whose run was started by a merge: repository, commit, pull request, author and reviewer."""
    truth = organisation[1]["lineage"]
    run_of = {e["to_uid"]: e["from_uid"] for e in truth["edges"] if e["method"] == "session_name"}
    pull_of = {e["to_uid"]: e["from_uid"] for e in truth["edges"] if e["method"] == "merge_and_time"}
    commit_of = {e["to_uid"]: e["from_uid"] for e in truth["edges"] if e["method"] == "head_sha"}
    changes = sql(lake, "select * from marts.lineage_change where run_method = 'session_name'")
    right = checked = 0
    for row in changes:
        session = next(
            (
                e["from_uid"]
                for e in truth["edges"]
                if e["to_uid"] == row["session_uid"] and e["from_kind"] == e["to_kind"] == "role_session"
            ),
            row["session_uid"],
        )
        assert row["run_uid"] == run_of[session]
        assert row["revision"] == commit_of[row["run_uid"]]
        if row["run_uid"] in pull_of:
            checked += 1
            right += f"{row['repository']}#{row['pull_request']}" == pull_of[row["run_uid"]]
            assert row["author"] and row["merger_name"] and row["reviewer_names"]
    assert checked > 20 and right / checked >= 0.98
    approved = [row for row in changes if ":environment:" in row["oidc_subject"]]
    assert approved and all(row["approver_names"] for row in approved)


def test_late_logs_give_what_one_run_gives(organisation: tuple[Path, Truth], lake: Settings, tmp_path: Path) -> None:
    """CloudTrail first, GitHub's log after it in two halves: the marts are those of a lake that saw all at once."""
    logs = organisation[0]
    settings = Settings.from_env({}, lake=str(tmp_path / "lake"))
    late = tmp_path / "logs"
    shutil.copytree(logs / known_sources()["aws_cloudtrail"].root, late / known_sources()["aws_cloudtrail"].root)
    root = Path(known_sources()["github_audit"].root)
    objects = sorted((logs / root).rglob("*.gz"))
    (late / root).mkdir(parents=True)
    arrive(settings, late)
    assert {r["origin"] for r in sql(settings, "select origin from marts.lineage_change")} >= {"pipeline", "person"}
    for half in (1, 0):
        for item in objects[half::2]:
            place = late / item.relative_to(logs)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(item, place)
        arrive(settings, late)
    for mart in ("lineage_edge", "lineage_change"):
        both = [Counter(str(row) for row in sql(s, f"select * from marts.{mart}")) for s in (settings, lake)]
        assert both[0] == both[1] and len(both[0]) > 100
