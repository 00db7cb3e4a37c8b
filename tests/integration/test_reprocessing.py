"""Reprocessing on a real lake: each way to derive tables again ends where one clean run would have ended."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from detections import project as small
from landed import Landed

from infra.local.simulate import Simulation, apply, known_sources
from transforms import quarantine, report
from transforms.errors import RetryableError
from transforms.lake import rebuild as requests
from transforms.lake.table import Lake
from transforms.settings import REPOSITORY, Settings
from transforms.sources import get
from transforms.warehouse import detect as detecting
from transforms.warehouse.inputs import Inputs
from transforms.warehouse.runner import build, correlate, detect, rebuild

pytestmark = pytest.mark.xdist_group("dbt-lake")
END = datetime(2026, 11, 20, tzinfo=UTC)
TRAIL = "aws_cloudtrail"
PLACES = {name: known_sources()[name].root for name in (TRAIL, "okta_system_log")}
DELETIONS = "det_aws__mass_object_destruction"
DETECTIONS = (
    DELETIONS,
    "det_aws__access_denied_burst",
    "det_aws__api_rate_out_of_baseline",
    "det_aws__trail_not_logging",
    "det_cross__console_login_without_idp",
    "det_okta__password_spray",
)
MODELS = Path("dbt_project") / "models"
READ = ("marts/access", "rollups/rollup_access_day.sql", "rollups/rollup_access_day.yml")
DELETED = f"select finding_uid from findings.findings where analytic_uid = '{DELETIONS}'"
SEED = Path("seeds") / "classes" / f"{TRAIL}.csv"


def project(folder: Path) -> Path:
    """A copy of the project, with a few detections (of rollups and watermarks too) and the marts of access."""
    small(folder, DETECTIONS)
    for part in READ:
        there, here = REPOSITORY / MODELS / part, folder / "models" / part
        if there.is_dir():
            shutil.copytree(there, here, dirs_exist_ok=True)
        else:
            shutil.copyfile(there, here)
    return folder


def map_deletions_elsewhere(folder: Path) -> None:
    """Another mapping: deletions of objects are no datastore activity, so none of their findings stands."""
    seed = folder / SEED
    changed = [
        re.sub(r",6005,\d+,", ",6003,4,", line) if re.search(r"DeleteObject|CopyObject|PutObject", line) else line
        for line in seed.read_text().splitlines()
    ]
    assert changed != seed.read_text().splitlines()
    seed.write_text("\n".join(changed) + "\n")


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Six simulated days: a folder with what was delivered first, and one with the rest."""
    first, rest = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("rest")
    deliveries = list(Simulation(seed=21, days=6, end=END, events_per_day=200, sources=list(PLACES)).deliveries())
    for n, delivery in enumerate(deliveries):
        apply(first if n < len(deliveries) // 2 else rest, delivery)
    return first, rest


def lake_of(root: Path, project_folder: Path, **options: Any) -> Landed:
    environment = {"CATCHMENT_DBT_PROJECT": str(project_folder)}
    return Landed(Settings(lake=str(root), environment=environment, workers=1, **options))


@pytest.fixture
def lake(tmp_path: Path) -> Landed:
    """An empty lake with a copy of the project of its own, in `project` beside it."""
    return lake_of(tmp_path / "lake", project(tmp_path / "project"))


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory, halves: tuple[Path, Path]) -> Landed:
    """A lake that one run made of everything."""
    folder = tmp_path_factory.mktemp("clean")
    found = lake_of(folder / "lake", project(folder / "project"))
    work(found, *halves)
    return found


def work(lake: Landed, *folders: Path) -> tuple[Any, Any, Any]:
    """Land what lies in some folders, then build, correlate and detect."""
    for folder in folders:
        for source, place in PLACES.items():
            lake.land(source, folder / place)
    done = build(lake.settings), correlate(lake.settings), detect(lake.settings)
    assert [step.failed for step in done] == [{}, {}, {}]
    return done


def same(found: Landed, clean: Landed) -> None:
    """Equal to a clean run: bronze, OCSF, rollups and marts, and the findings that are not withdrawn."""
    for source in PLACES:
        assert found.bronze(source) == clean.bronze(source)
    assert found.ocsf() == clean.ocsf()
    assert found.correlated() == clean.correlated() and len(clean.correlated()) > 100
    assert found.findings() == clean.findings()


def kinds(lake: Landed) -> dict[str, str]:
    """Every revision ever made, by finding: its kinds in order."""
    found: dict[str, str] = {}
    for row in lake.sql("select finding_uid, revision_kind from findings.finding_history order by revision"):
        found[row["finding_uid"]] = f"{found.get(row['finding_uid'], '')} {row['revision_kind']}".strip()
    return found


def forget(lake: Landed, name: str, *, compact: bool = False) -> int:
    """Clean a table's log up to now, or compact it and vacuum its earlier files, as maintenance would. Its version."""
    path = f"{lake.settings.lake}/{name}"
    if compact:
        DeltaTable(path).optimize.compact()
        removed = DeltaTable(path).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
        assert removed
        return DeltaTable(path).version()
    DeltaTable(path).alter.set_table_properties({"delta.logRetentionDuration": "interval 0 seconds"})
    table = DeltaTable(path)
    table.create_checkpoint()
    log = Path(path, "_delta_log")
    for entry in log.glob("*.json"):  # older than a retention of nothing
        os.utime(entry, (0, 0))
    table.cleanup_metadata()
    left = sorted(int(entry.stem) for entry in log.glob("*.json"))
    assert left[0] > 0, "the log was not cleaned up"
    return int(table.version())


def test_a_changed_mapping_is_rebuilt_from_bronze(
    lake: Landed, clean: Landed, halves: tuple[Path, Path], tmp_path: Path
) -> None:
    """Rows change their class, findings are revised and withdrawn; what the mapping does not change is not revised."""
    work(lake, *halves)
    before, rows = kinds(lake), lake.ocsf()
    assert set(before.values()) == {"create"}
    deletions = {row["finding_uid"] for row in lake.sql(DELETED)}
    assert deletions

    other = lake_of(tmp_path / "other", tmp_path / "project")
    map_deletions_elsewhere(tmp_path / "project")
    assert rebuild(lake.settings).failed == {}
    work(other, *halves)
    assert lake.ocsf() != rows
    same(lake, other)
    after = kinds(lake)
    assert {uid: after[uid] for uid in before} == {
        uid: "create withdrawn" if uid in deletions else "create" for uid in before
    }

    shutil.copyfile(REPOSITORY / "dbt_project" / SEED, tmp_path / "project" / SEED)  # and back again
    assert rebuild(lake.settings).failed == {}
    same(lake, clean)
    assert {uid for uid, seen in kinds(lake).items() if seen == "create withdrawn create"} == deletions
    for layer in ("rollups", "marts"):
        assert rebuild(lake.settings, layer).failed == {}
    same(lake, clean)
    again = work(lake)
    assert (again[0].rows, again[1].rolled, again[1].replaced, again[2].created) == (0, 0, 0, 0)


def test_consumers_refuse_a_table_that_is_being_rebuilt(lake: Landed, halves: tuple[Path, Path]) -> None:
    """Between the request and the end of the build nothing is judged; fresh rows and a finished build open it again."""
    work(lake, halves[0])
    expected, before = lake.ocsf(), kinds(lake)
    requests.request(Lake(lake.settings), "ocsf")
    refused = detect(lake.settings)
    assert refused.failed and "a rebuild was asked for" in next(iter(refused.failed.values()))
    table = Lake(lake.settings)
    table.rebuilds = requests.requested(table)
    requests.begin_class(table, "api_activity", list(PLACES), 1)
    with pytest.raises(
        RetryableError, match=r"ocsf/api_activity: is being rebuilt, has come to version 0 of \d+ of bronze"
    ):
        Inputs(table).open("ocsf/api_activity")
    assert correlate(lake.settings).failed
    assert kinds(lake) == before
    work(lake)
    assert lake.ocsf() == expected
    assert kinds(lake) == before


def test_a_new_detection_starts_from_the_snapshot(
    lake: Landed, clean: Landed, halves: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finds what it would have found from the start, and reads a few days at a time, not the whole history."""
    lake = lake_of(tmp_path / "lake", tmp_path / "project", batch_bytes=1)
    (model,) = (tmp_path / "project").rglob(f"{DELETIONS}.sql")
    hidden = {path: path.read_text() for path in (model, model.with_suffix(".yml"))}
    for path in hidden:
        path.unlink()
    work(lake, halves[0])
    work(lake, halves[1])
    for path, text in hidden.items():
        path.write_text(text)
    read: list[set[str]] = []
    view = detecting.input_view

    def noted(con: Any, inputs: Any, kind: str, model: str, name: str, files: Any) -> None:
        if model == DELETIONS:
            read.append({f.partition["event_date"] for f in files})
        view(con, inputs, kind, model, name, files)

    monkeypatch.setattr(detecting, "input_view", noted)
    done = detect(lake.settings)
    assert done.failed == {} and done.created > 0
    days = set().union(*read)
    assert len(read) >= 4 and max(map(len, read)) < len(days) == 6
    monkeypatch.undo()
    same(lake, clean)
    assert detect(lake.settings).created == 0


@pytest.mark.parametrize("compact", [False, True], ids=["log", "files"])
def test_consumers_that_fell_behind_clean_up(
    lake: Landed, clean: Landed, halves: tuple[Path, Path], tmp_path: Path, compact: bool
) -> None:
    """Of each table the log is cleaned up, or its files are compacted and vacuumed, before they were consumed."""
    lake = lake_of(tmp_path / "lake", tmp_path / "project", batch_bytes=100_000)
    work(lake, halves[0])
    for source, place in PLACES.items():
        lake.land(source, halves[1] / place)
        forget(lake, f"bronze/{source}", compact=compact)
    waiting = {row["source"]: row["unbuilt_records"] for row in report.status(lake.settings)}
    assert all(waiting.values())
    built = build(lake.settings)
    assert built.failed == {} and set(built.unseen) == set(PLACES)
    gone = {name: forget(lake, f"ocsf/{name}", compact=compact) for name in ("api_activity", "authentication")}
    done = correlate(lake.settings), detect(lake.settings)
    assert [step.failed for step in done] == [{}, {}]
    blind = lake.sql("select detection, versions, error from ops.detection_runs where status = 'blind'")
    assert {row["versions"].split("@")[0] for row in blind} == {f"ocsf/{name}" for name in gone}
    assert {int(row["versions"].split("-")[1]) for row in blind} == set(gone.values())
    assert all(re.search("log entry \\d+ is gone|is vacuumed", row["error"]) for row in blind)
    same(lake, clean)
    again = work(lake)
    assert (again[0].rows, again[0].unseen, again[1].rolled, again[2].created) == (0, {}, 0, 0)
    assert len(lake.sql("from ops.detection_runs where status = 'blind'")) == len(blind)


def test_quarantine_is_replayed_after_a_fix(
    lake: Landed, clean: Landed, halves: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder that refuses every deletion is mended: the findings come as they would have come."""
    source = get(TRAIL)

    class Head(source.head):  # type: ignore[misc, name-defined]
        eventName: Any = None

    broken = replace(
        source,
        head=Head,
        reject=lambda head: "not understood" if "Delete" in str(head.eventName) else source.reject(head),
    )
    monkeypatch.setattr(f"transforms.sources.{TRAIL}.SOURCE", broken)
    work(lake, *halves)
    monkeypatch.undo()
    entries = lake.sql("select reason from ops.quarantine")
    assert len(entries) > 10 and {row["reason"] for row in entries} == {"not understood"}
    assert lake.findings() != clean.findings()
    done = quarantine.replay(lake.settings, TRAIL)
    assert (done.replayed, done.left) == (len(entries), 0)
    work(lake)
    same(lake, clean)
    assert quarantine.replay(lake.settings, TRAIL) == quarantine.Replayed()
    assert clean.sql("select count(*) as n from ops.quarantine")[0]["n"] == 0
