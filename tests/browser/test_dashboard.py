"""The dashboard of a real lake, looked at in a real browser: its numbers are the lake's, and log content is inert."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from asking import standing
from playwright.sync_api import Page, expect

from infra.local.airflow import tour
from infra.local.dashboard import data as collecting
from infra.local.dashboard.page import embedded, write
from infra.local.simulate import generate
from transforms.land import land
from transforms.settings import Settings
from transforms.warehouse.runner import build, correlate, detect

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.slow]
END = datetime(2026, 3, 20, 18, tzinfo=UTC)
SCRIPT = "</script><script>window.pwned=1</script>"
IMAGE = "<img src=https://example.com/x onerror=window.pwned=2>"
REVERSED = "\u202egpj.exe"
Opened = Callable[..., Page]
LINES = """
    lines => lines.map(line => [
        [...line.querySelectorAll("*")].filter(e => !e.children.length).map(e => e.textContent.trim()),
        line.querySelectorAll("td")[2].textContent.trim(),
        line.querySelectorAll("svg.bars rect.volume").length,
    ])
"""
"""Of each line of a table its texts, the third cell, and how many bars are drawn in it."""


@dataclass(frozen=True)
class Site:
    """A lake and the page that was written of it."""

    settings: Settings
    path: Path

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        _, blocks = standing(self.settings).rows(query)
        return [row for block in blocks for row in block]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The simulated organisation, and somebody who stopped a trail under names that are meant for a browser."""
    place = tour.Place(root=tmp_path_factory.mktemp("dashboard"))
    generate(place.organisation, seed=7, days=10, end=END, events_per_day=250)
    trail = place.organisation / tour.FEEDS["aws_cloudtrail"]
    hostile(trail / "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/19/hostile.json")
    settings = Settings(lake=str(place.lake), environment={}, workers=1)
    for source, feed in tour.FEEDS.items():
        land(settings, source, str(place.organisation / feed))
    for step in (build, correlate, detect):
        assert step(settings).failed == {}
    yield Site(settings, write(collecting.collect(settings), place.root / "site"))


def hostile(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    event = {
        "eventID": "11111111-2222-4333-8444-555555555555",
        "eventTime": "2026-03-19T10:00:00Z",
        "eventName": "StopLogging",
        "eventSource": "cloudtrail.amazonaws.com",
        "recipientAccountId": "111122223333",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.66",
        "userAgent": REVERSED,
        "requestParameters": {"name": SCRIPT},
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/x", "userName": IMAGE},
    }
    path.write_text(json.dumps({"Records": [event]}))


def test_findings_are_those_of_the_lake_and_can_be_filtered_and_sorted(site: Site, opened: Opened) -> None:
    page = opened(site.path, "findings")
    standing = site.sql(
        "select severity, title, count from findings.findings where revision_kind <> 'withdrawn' and status_id <> 4"
    )
    assert len(standing) >= 10
    table = page.locator("main table tbody tr")
    expect(table).to_have_count(len(standing))
    high = sum(severity == "High" for severity, _, _ in standing)
    chip = page.get_by_role("button", name=f"{high} High")
    chip.focus()
    page.keyboard.press("Enter")
    expect(table).to_have_count(high)
    expect(chip).to_have_attribute("aria-pressed", "true")
    chip.click()
    page.get_by_label("Search").fill("no such thing")
    expect(page.locator("main table")).to_contain_text("No finding matches")
    page.get_by_label("Search").fill("")
    page.get_by_role("button", name="Events").click()
    expect(page.locator("th", has_text="Events")).to_have_attribute("aria-sort", "descending")
    expect(table.first.locator("td").nth(5)).to_have_text(f"{max(n for _, _, n in standing):,}")


def test_a_finding_is_proved_down_to_the_bytes(site: Site, opened: Opened) -> None:
    [(uid, title, count)] = site.sql(
        """
        select finding_uid, title, count from findings.findings
        where analytic_uid = 'det_aws__mass_secret_retrieval' order by count desc limit 1
        """
    )
    proof = site.sql(
        f"""
        select distinct b.object_uri, b.record_no, b.raw, event_uid
        from (select unnest(evidence_event_uids) as event_uid from findings.findings where finding_uid = '{uid}')
        join bronze.aws_cloudtrail as b using (event_uid)
        """
    )
    page = opened(site.path, f"finding/{uid}")
    expect(page.locator("h1")).to_contain_text(title)
    shown = page.locator(".record")
    expect(shown).to_have_count(min(count, collecting.EVIDENCE_EACH))
    for n in range(shown.count()):
        record = shown.nth(n)
        uri, number, event_uid = record.locator("dd").all_inner_texts()
        assert (uri, int(number), record.locator("pre").inner_text(), event_uid) in proof
    turn = shown.first.get_by_role("button", name="indented")
    turn.click()
    expect(shown.first.locator("pre")).to_contain_text('{\n  "')
    page.get_by_text("Runbook").click()
    expect(page.locator("details[open] .prose")).to_contain_text("select")


def test_log_content_is_shown_and_never_runs(site: Site, opened: Opened) -> None:
    page = opened(site.path, "findings")
    page.get_by_label("Search").fill("<img")
    row = page.locator("main table tbody tr").first
    expect(row).to_contain_text(IMAGE)
    row.locator("a").click()
    expect(page.locator("h1")).to_contain_text(IMAGE)
    expect(page.locator(".record pre")).to_contain_text(SCRIPT)
    expect(page.locator(".record pre")).to_contain_text("\\u202egpj.exe")  # what turns text around is made visible
    assert page.evaluate("window.pwned") is None
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert "https://example.com/x" in page.locator("h1").inner_text()
    assert page.locator("a[href^='http']").count() == 0


def test_coverage_counts_what_the_lake_says(site: Site, opened: Opened) -> None:
    page = opened(site.path, "coverage")
    states = dict(site.sql("select state, count(*) from marts.health_requirement group by 1"))
    assert sum(states.values()) == 68
    assert states["partly"] > 5
    expect(page.locator(".tile")).to_have_count(68)
    expect(page.locator("#answered")).to_have_text(f"{states.get('answered', 0)} of 68")
    for state, n in states.items():
        expect(page.locator(f".tile.{state.replace(' ', '-')}")).to_have_count(n)
    page.locator("[data-id='CP-T1']").press("Enter")
    [(names,)] = site.sql("select detections from marts.health_requirement where requirement_id = 'CP-T1'")
    assert names
    for name in names:
        expect(page.locator(".panel")).to_contain_text(name)
    techniques = site.sql(
        "select count(distinct t) from (select unnest(attack_technique_uid) as t from findings.findings)"
    )
    assert page.locator(".attack li").count() >= techniques[0][0] > 3


def test_health_shows_sources_and_intervals_of_the_lake(site: Site, opened: Opened) -> None:
    page = opened(site.path, "health")
    lines = page.locator("main table").first.locator("tr.whole")
    known = site.sql("select source, rows_day from marts.health_source where account_uid is null")
    expect(lines).to_have_count(len(known))
    shown = {text: (cell, bars) for texts, cell, bars in lines.evaluate_all(LINES) for text in texts}
    for source, rows_day in known:
        cell, bars = shown[source]
        assert (cell, bars > 0) == (f"{rows_day:,}", True), source
    since = "end_dt > (select max(end_dt) - interval 14 day from marts.health_detection)"
    drawn = dict(site.sql(f"select state, count(*) from marts.health_detection where {since} group by 1"))
    assert {"FIRED", "CLEAN"} <= set(drawn)
    for state, n in drawn.items():
        expect(page.locator(f".heat rect.{state.lower()}")).to_have_count(n)
    page.locator(".heat rect.fired").first.focus()
    expect(page.locator(".said").last).to_contain_text("FIRED")
    [(account, n)] = site.sql(
        f"""
        select account_uid, count(*) from marts.health_detection
        where state = 'FIRED' and account_uid <> '-' and {since} group by 1 order by 2 desc limit 1
        """
    )
    page.get_by_role("combobox", name="Account").select_option(account)
    expect(page.locator(".heat rect.fired")).to_have_count(n)


def test_lineage_is_that_of_the_lake(site: Site, opened: Opened) -> None:
    page = opened(site.path, "lineage")
    marts = site.sql("select count(*) from information_schema.tables where table_name = 'lineage_change'")[0][0]
    if not marts:
        expect(page.locator(".lead")).to_contain_text("This lake has no lineage yet")
        return
    n = site.sql("select count(*) from marts.lineage_change")[0][0]
    expect(page.locator("nav [data-view=lineage] .badge")).to_have_text(f"{n:,}")
    expect(page.locator(".lead").first).to_contain_text(f"{n:,} change")


def planted() -> dict[str, Any]:
    """A page's data with the lineage of one change, which has two possible runs and a hostile name, and one without."""
    nodes = [
        ("pull_request", SCRIPT),
        ("run", "17"),
        ("role_session", "deploy"),
        ("api_call", "c1"),
        ("resource", "r1"),
    ]
    edges = [
        {"from_kind": a, "from_uid": b, "to_kind": c, "to_uid": d, "method": "id", "confidence": 1.0, "evidence": 2}
        for (a, b), (c, d) in pairwise(nodes)
    ]
    edges.append(edges[1] | {"from_uid": "18", "method": "subject_and_time", "confidence": 0.4})
    change = {
        "title": "UpdateStack r1",
        "time": "2026-03-19T10:00:00Z",
        "author": IMAGE,
        "kind": "api_call",
        "facts": [],
    }
    return {
        "generated": "2026-03-20T00:00:00Z", "organisation": "example", "lake": "/lake",
        "findings": {"rows": [], "total": 0}, "evidence": {"each": 20, "rows": {}}, "detections": [],
        "requirements": [],
        "lineage": {
            "present": True, "total": 3, "edges": edges, "edges_total": 5,
            "changes": [
                change | {"uid": "c1", "origin": "pipeline"},
                change | {"uid": "c2", "origin": "person", "title": "DeleteBucket r2"},
            ],
        },
        "health": {"present": False, "sources": [], "sources_total": 0, "volume": {}, "quarantine": [],
                   "intervals": [], "intervals_total": 0},
    }  # fmt: skip


def test_the_lineage_of_one_change_is_drawn(tmp_path: Path, opened: Opened) -> None:
    page = opened(write(planted(), tmp_path), "lineage/c1")
    expect(page.locator("svg.lineage .node")).to_have_count(6)
    expect(page.locator("svg.lineage .edge")).to_have_count(5)
    expect(page.locator("svg.lineage .edge.inferred")).to_have_count(1)
    expect(page.locator("svg.lineage .node.chosen")).to_contain_text("c1")
    across = {text.text_content(): text.bounding_box() for text in page.locator("svg.lineage .kind").all()}
    order = sorted(across, key=lambda kind: (across[kind] or {})["x"])
    assert order == ["pull request", "pipeline run", "role session", "API call", "resource"]
    expect(page.locator("main table").first).to_contain_text(SCRIPT)
    expect(page.locator("main")).to_contain_text("Shown here: 2 of 3 changes")
    page.get_by_role("link", name="DeleteBucket r2").press("Enter")
    expect(page.locator("main")).to_contain_text("nothing on record says where it comes from")
    assert page.evaluate("window.pwned") is None


def test_a_lake_with_nothing_in_it_has_a_page(tmp_path: Path, opened: Opened) -> None:
    settings = Settings(lake=str(tmp_path / "lake"), environment={})
    path = write(collecting.collect(settings), tmp_path)
    for view, said in {
        "findings": "No finding matches",
        "coverage": "0 of 0",
        "lineage": "no lineage yet",
        "health": "no health marts yet",
        "finding/none": "No such finding",
    }.items():
        expect(opened(path, view).locator("main")).to_contain_text(said)


def test_what_is_left_out_is_said(site: Site, opened: Opened, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(collecting, "FINDINGS", 10)
    monkeypatch.setattr(collecting, "RAW_CHARACTERS", 100)
    monkeypatch.setattr(collecting, "EVIDENCE_EACH", 2)
    monkeypatch.setattr(collecting, "INTERVALS", 5)
    collected = collecting.collect(site.settings)
    path = write(collected, tmp_path)
    assert path.stat().st_size < site.path.stat().st_size
    total = site.sql("select count(*) from findings.findings where revision_kind <> 'withdrawn'")[0][0]
    page = opened(path, "findings")
    expect(page.locator("main")).to_contain_text(f"Shown here: 10 of {total:,} findings")
    proved = next(row for row in collected["findings"]["rows"] if row["count"] > 2)
    page = opened(path, f"finding/{proved['uid']}")
    expect(page.locator(".record")).to_have_count(2)
    expect(page.locator(".record").first).to_contain_text(re.compile(r"The first 100 of [\d,]+ characters"))
    intervals = site.sql("select count(*) from marts.health_detection")[0][0]
    expect(opened(path, "health").locator("main")).to_contain_text(f"Shown here: 5 of {intervals:,} intervals")


def test_it_can_be_used_from_the_keyboard_in_the_dark_and_on_paper(site: Site, opened: Opened) -> None:
    page = opened(site.path, "findings", color_scheme="dark")
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.keyboard.press("Tab")
    expect(page.get_by_text("to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("link", name="Health").press("Enter")
    expect(page.locator("h1")).to_have_text("Health")
    expect(page.get_by_role("link", name="Health")).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="light / dark").press("Enter")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != dark
    page.emulate_media(media="print")
    expect(page.locator("nav")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("text", [SCRIPT, "<!--<script>", "]]>", "&lt;", "\u2028\u2029", "\ud83d", 'a"\\b'])
def test_no_text_ends_the_element_that_holds_it(text: str) -> None:
    found = embedded({"raw": text})
    assert json.loads(found) == {"raw": text}
    assert not set("<>&\u2028\u2029") & set(found)
    assert found.isascii()
