"""The shapes give what their definition says, whatever the events are and in whatever order they arrive."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering import Input, macros

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
SQL = macros()
EVENTS = Input("events")
COLUMNS = {
    "event_uid": "varchar", "time": "bigint", "kind": "varchar", "who": "varchar", "value": "varchar",
    **dict.fromkeys(SQL.detection_subject_columns(), "varchar"),
}  # fmt: skip
THRESHOLD = {"window": 60, "at_least": 3, "entity": ["who"], "where": "kind = 'a'", "input": EVENTS, "title": "who"}
SHAPES = {
    "event": SQL.detect_event(input=EVENTS, where="kind = 'a'", entity=["who"], window=60, title="who"),
    "threshold": SQL.detect_threshold(**THRESHOLD),
    "distinct": SQL.detect_threshold(**THRESHOLD, distinct="value"),
    "sequence": SQL.detect_sequence(
        first={"input": EVENTS, "where": "kind = 'a'", "at_least": 2},
        then={"input": EVENTS, "where": "kind = 'b'"},
        entity=["who"],
        window=60,
        title="who",
    ),
    "first_seen": SQL.detect_first_seen(
        input=EVENTS,
        where="kind = 'a'",
        known_where="kind = 'b'",
        entity=["who"],
        value="value",
        lookback_days=4,
        learning_days=2,
        title="who",
    ),
}
REACH_DAYS = {"event": 0, "threshold": 1, "distinct": 1, "sequence": 1, "first_seen": 4}


@dataclass(frozen=True)
class Event:
    """A row of the input; `at` in milliseconds."""

    uid: str
    at: int
    kind: str
    who: str
    value: str


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    """Return a database with the empty input `all_events` and the views that the shapes read."""
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'; set threads = 1")
    con.execute(f"create table all_events (part int, {', '.join(f'{n} {t}' for n, t in COLUMNS.items())})")
    con.execute("create table arrived (upto int, reach int)")
    con.execute("create view new_events as select e.* from all_events as e, arrived where part = upto")
    # As the Python half does it: the snapshot, restricted to whole days around those that the new rows touch.
    con.execute(
        f"""
        create view seen_events as
        select e.* from all_events as e, arrived
        where part <= upto and exists (
            select 1 from new_events as n where abs(n.time // {DAY} - e.time // {DAY}) <= reach
        )
        """
    )
    return con


def run(con: duckdb.DuckDBPyConnection, shape: str, parts: Sequence[Sequence[Event]]) -> dict[tuple[str, int], Any]:
    """Return what fires once all parts have arrived one after the other: (entity, window) -> evidence, detail."""
    con.execute("delete from all_events")
    rows = [(n, e.uid, e.at, e.kind, e.who, e.value) for n, part in enumerate(parts) for e in part]
    if rows:
        con.executemany(
            "insert into all_events (part, event_uid, time, kind, who, value) values (?, ?, ?, ?, ?, ?)", rows
        )
    standing: dict[tuple[str, int], Any] = {}
    for n in range(len(parts)):
        con.execute("delete from arrived")
        con.execute("insert into arrived values (?, ?)", [n, REACH_DAYS[shape]])
        found = con.execute(
            f"""
            select entity_key, epoch_ms(window_start_dt), fires, evidence_event_uids, count, title, detail,
                epoch_ms(first_seen_dt), epoch_ms(last_seen_dt)
            from ({SHAPES[shape]})
            """
        ).fetchall()
        keys = [(key, window) for key, window, *_ in found]
        assert len(keys) == len(set(keys)), "a pair was returned twice"
        for key, window, fires, *content in found:
            if fires:
                assert content[0] and content[1] == len(content[0]) and content[2]
                standing[key, window] = content
            else:
                assert content[:3] == [[], 0, None]
                standing.pop((key, window), None)
    return standing


def brute_threshold(events: Sequence[Event], *, distinct: bool) -> dict[tuple[str, int], list[str]]:
    """Return the evidence of each bucket with a row whose trailing hour holds three rows, or three values."""
    mine = sorted((e for e in events if e.kind == "a"), key=lambda e: (e.at, e.uid))
    hot: dict[tuple[str, int], list[int]] = {}
    for e in mine:
        held = {(o.value if distinct else o.uid) for o in mine if o.who == e.who and e.at - HOUR < o.at <= e.at}
        if len(held) >= 3:
            hot.setdefault((e.who, e.at // HOUR * HOUR), []).append(e.at)
    return {
        (json.dumps([who]), window): [
            o.uid for o in mine if o.who == who and any(at - HOUR < o.at <= at for at in instants)
        ]
        for (who, window), instants in hot.items()
    }


def brute_sequence(events: Sequence[Event]) -> set[tuple[str, int]]:
    """Return the buckets with a `b` that has two `a` in its trailing hour."""
    return {
        (json.dumps([b.who]), b.at // HOUR * HOUR)
        for b in events
        if b.kind == "b" and sum(a.kind == "a" and a.who == b.who and b.at - HOUR < a.at <= b.at for a in events) >= 2
    }


def brute_first_seen(events: Sequence[Event]) -> set[tuple[str, int]]:
    """Return the days with a value not seen in four days, of an entity known two to four days before."""
    days = {(e.who, e.value, e.at // DAY) for e in events if e.kind == "a"}
    known = {(e.who, e.at // DAY) for e in events}
    return {
        (json.dumps([who, value], separators=(",", ":")), day * DAY)
        for who, value, day in days
        if not any((who, value, day - back) in days for back in range(1, 5))
        and any((who, day - back) in known for back in range(2, 5))
    }


def events_within(span: int, step: int) -> st.SearchStrategy[list[Event]]:
    """Draw events of two entities on a grid, so that ties and exact window lengths are common."""
    one = st.tuples(
        st.integers(0, span // step),
        st.integers(0, 1),
        st.sampled_from("aaab"),
        st.sampled_from("xy"),
        st.sampled_from("pqrs"),
    )
    return st.lists(one, min_size=1, max_size=25).map(
        lambda drawn: [
            Event(f"e{n:02d}", 20_000 * DAY + at * step + jitter, kind, who, value)
            for n, (at, jitter, kind, who, value) in enumerate(drawn)
        ]
    )


HOURS = events_within(5 * HOUR, 10 * MINUTE)
AROUND_MIDNIGHT = HOURS.map(lambda events: [Event(e.uid, e.at + 22 * HOUR, e.kind, e.who, e.value) for e in events])
DAYS = events_within(9 * DAY, 8 * HOUR)
EACH = settings(max_examples=60, deadline=None, derandomize=True)
FEWER = settings(EACH, max_examples=25)


@EACH
@given(events=AROUND_MIDNIGHT)
def test_threshold_counts_every_trailing_window(con: duckdb.DuckDBPyConnection, events: list[Event]) -> None:
    for shape, distinct in (("threshold", False), ("distinct", True)):
        found = {pair: content[0] for pair, content in run(con, shape, [events]).items()}
        assert found == brute_threshold(events, distinct=distinct)


@EACH
@given(events=AROUND_MIDNIGHT)
def test_sequence_wants_the_first_before_the_then(con: duckdb.DuckDBPyConnection, events: list[Event]) -> None:
    assert set(run(con, "sequence", [events])) == brute_sequence(events)


@EACH
@given(events=DAYS)
def test_first_seen_knows_whom_and_what_it_knows(con: duckdb.DuckDBPyConnection, events: list[Event]) -> None:
    assert set(run(con, "first_seen", [events])) == brute_first_seen(events)


@pytest.mark.parametrize("shape", list(SHAPES))
@FEWER
@given(data=st.data())
def test_the_order_of_arrival_does_not_matter(con: duckdb.DuckDBPyConnection, shape: str, data: st.DataObject) -> None:
    events = data.draw(DAYS if shape == "first_seen" else AROUND_MIDNIGHT)
    where = data.draw(st.lists(st.integers(0, 2), min_size=len(events), max_size=len(events)))
    parts = [[e for e, part in zip(events, where, strict=True) if part == n] for n in range(3)]
    assert run(con, shape, parts) == run(con, shape, [events])


def test_the_firing_sets_are_not_empty(con: duckdb.DuckDBPyConnection) -> None:
    base = 20_000 * DAY
    hour = [
        Event(f"e{n}", base + n * MINUTE, kind, "x", value)
        for n, (kind, value) in enumerate(zip("aaab", "pqrs", strict=True))
    ]
    days = [Event("e0", base, "b", "x", "p"), Event("e1", base + 3 * DAY, "a", "x", "q")]
    for shape in SHAPES:
        assert run(con, shape, [days if shape == "first_seen" else hour]), shape


def test_a_late_earlier_row_withdraws_a_first_sight(con: duckdb.DuckDBPyConnection) -> None:
    base = 20_000 * DAY
    early = [Event("e0", base, "b", "x", ""), Event("e1", base + 3 * DAY, "a", "x", "q")]
    late = [Event("e2", base + 2 * DAY, "a", "x", "q")]
    assert set(run(con, "first_seen", [early])) == {('["x","q"]', base + 3 * DAY)}
    assert set(run(con, "first_seen", [early, late])) == {('["x","q"]', base + 2 * DAY)}


def test_evidence_is_capped_and_the_count_is_true(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from all_events")
    con.execute("delete from arrived")
    con.execute("insert into arrived values (0, 1)")
    con.execute(
        "insert into all_events (part, event_uid, time, kind, who) "
        "select 0, printf('e%05d', 2500 - i), 1000 + i, 'a', 'x' from range(2500) as t(i)"
    )
    rows = con.execute(f"select count, evidence_event_uids from ({SHAPES['threshold']}) where fires").fetchall()
    [(count, uids)] = rows
    assert count == 2500
    assert uids == [f"e{2500 - i:05d}" for i in range(1000)]


def test_a_row_without_entity_or_time_is_left_out(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from all_events")
    con.execute("delete from arrived")
    con.execute("insert into arrived values (0, 1)")
    con.execute("insert into all_events (part, event_uid, time, kind) values (0, 'e1', 1000, 'a')")
    con.execute("insert into all_events (part, event_uid, kind, who) values (0, 'e2', 'a', 'x')")
    assert con.execute(f"select * from ({SHAPES['event']})").fetchall() == []
    kept = SQL.detect_event(input=EVENTS, where="kind = 'a'", entity=["who"], nullable=["who"], window=60, title="'t'")
    assert con.execute(f"select entity_key, fires from ({kept})").fetchall() == [("[null]", True)]


@pytest.mark.parametrize("window", [0, 7, 100, 1441, 2000])
def test_a_window_that_no_day_holds_is_refused(window: int) -> None:
    with pytest.raises(ValueError, match="neither divides a day"):
        SQL.detect_event(input=EVENTS, where="true", entity=["who"], window=window, title="'t'")


def test_hostile_values_stay_data(con: duckdb.DuckDBPyConnection) -> None:
    name = "'; drop table all_events; -- {{ 1 }} \"\\ \u202e"
    found = run(con, "event", [[Event("e1", DAY, "a", name, "p")]])
    [(key, _)] = found
    assert json.loads(key) == [name]
