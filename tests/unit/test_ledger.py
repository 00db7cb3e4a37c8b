"""The ledger: what is open, what is known, and how little of it is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from transforms.lake.ledger import (
    Ledger,
    Outcome,
    Planned,
    ResumePoint,
    failed_rows,
    landed_rows,
    landed_txn,
    lane_of,
    ledger_table,
    plan_rows,
    plan_txn,
    write_ledger,
)
from transforms.lake.table import Changes, Lake, Table

AT = datetime(2026, 11, 20, tzinfo=UTC)
DAY = AT.date()


@pytest.fixture
def table(settings):
    return ledger_table(Lake(settings))


def planned(name: str, sequence: int, *, lane: int = 0, day: date | None = DAY, start: int = 0, end: int = 10):
    return Planned(
        uri=f"file:///logs/{name}",
        version=f"v{end}",
        size=end,
        object_time=AT + timedelta(seconds=sequence),
        object_date=day,
        lane=lane,
        sequence=sequence,
        from_byte=start,
        to_byte=end,
        from_record=0,
        final=False,
        attributes=None,
    )


def commit_plans(table: Table, plans: list[Planned], resume: dict[str, ResumePoint] | None = None) -> None:
    def work(snapshot):
        counter = snapshot.progress(plan_txn("s")) + 1
        rows = plan_rows("s", plans, resume or {}, AT, counter)
        return Changes(files=write_ledger(table, rows), progress={plan_txn("s"): counter})

    table.commit(work)


def commit_landed(table: Table, plan: Planned, *, end: int, records: int = 3, quarantined: int = 1) -> None:
    rows = landed_rows("s", [Outcome(plan, end, records, quarantined)], AT)
    table.commit(
        lambda s: Changes(files=write_ledger(table, rows), progress={landed_txn("s", plan.lane): plan.sequence})
    )


def ledger(table: Table) -> Ledger:
    return Ledger(table.open(), "s")


def test_a_plan_is_open_until_its_sequence_has_landed(table):
    first, second, other = planned("a", 1), planned("b", 3), planned("c", 2, lane=1)
    commit_plans(table, [second, first, other])
    assert ledger(table).lanes() == [0, 1]
    assert ledger(table).last_sequence() == 3
    assert ledger(table).open_plans(0) == {1: [first], 3: [second]}
    commit_landed(table, first, end=10)
    assert ledger(table).open_plans(0) == {3: [second]}
    assert ledger(table).lanes() == [0, 1]
    commit_landed(table, second, end=10)
    assert ledger(table).lanes() == [1]
    assert ledger(table).open_plans(0) == {}
    assert ledger(table).open_plans(7) == {}


def test_what_is_known_of_a_growing_object(table):
    plan = planned("a", 1, end=10)
    commit_plans(table, [plan])
    known = ledger(table).known(None)[plan.uri]
    assert known.open and known.versions == {"v10"}
    commit_landed(table, plan, end=8)
    known = ledger(table).known(None)[plan.uri]
    assert (known.open, known.to_byte, known.next_record) == (False, 8, 4)
    more = replace(plan, sequence=2, version="v30", from_byte=8, to_byte=30, from_record=4, size=30)
    commit_plans(table, [more])
    known = ledger(table).known(None)[plan.uri]
    assert known.open and known.versions == {"v10", "v30"} and known.to_byte == 8
    commit_landed(table, more, end=30, records=2, quarantined=0)
    known = ledger(table).known(None)[plan.uri]
    assert (known.open, known.to_byte, known.next_record) == (False, 30, 6)
    assert known.modified == AT + timedelta(seconds=1)


def test_only_files_that_may_hold_a_recent_object_are_read(table, monkeypatch):
    for n in range(5):
        commit_plans(table, [planned(f"{n}", n + 1, day=date(2026, 11, 1 + n))])
    commit_plans(table, [planned("undated", 9, day=None)])
    read = []
    monkeypatch.setattr(
        Table, "read", lambda self, files, *a, _was=Table.read: read.extend(files) or _was(self, files, *a)
    )
    found = ledger(table).known(date(2026, 11, 4))
    assert sorted(uri.rsplit("/", 1)[-1] for uri in found) == ["3", "4", "undated"]
    assert len(read) == 3


def test_the_newest_resume_points_win(table):
    assert ledger(table).resume_points() == {}
    commit_plans(table, [], {"a": ResumePoint(date(2026, 1, 1))})
    commit_plans(table, [], {"a": ResumePoint(date(2026, 1, 2), "print"), "b": ResumePoint(date(2026, 1, 1))})
    assert ledger(table).resume_points() == {
        "a": ResumePoint(date(2026, 1, 2), "print"),
        "b": ResumePoint(date(2026, 1, 1)),
    }


def test_failures_are_counted_by_object_and_sequence(table):
    for sequence, name in [(1, "a"), (1, "a"), (1, "b"), (2, "a")]:
        rows = failed_rows("s", planned(name, sequence), "unreachable", AT)
        table.commit(lambda s, rows=rows: Changes(files=write_ledger(table, rows)))
    assert ledger(table).failures(0, 1) == {"file:///logs/a": [AT, AT], "file:///logs/b": [AT]}
    assert ledger(table).failures(1, 1) == {}


def test_sources_know_nothing_of_each_other(table):
    commit_plans(table, [planned("a", 1)])
    other = Ledger(table.open(), "t")
    assert (other.lanes(), other.last_sequence(), other.known(None)) == ([], 0, {})


def test_an_object_stays_in_its_lane():
    assert lane_of("file:///logs/a", 4) == lane_of("file:///logs/a", 4)
    assert {lane_of(f"file:///logs/{n}", 4) for n in range(100)} == {0, 1, 2, 3}
    assert lane_of("file:///\udcff", 4) in range(4)
