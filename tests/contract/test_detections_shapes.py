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
PARTS = Input("parts")
WORTH = {"p": 1, "q": 2, "r": 6, "s": 30}
"""What a row with a value adds to its day's total."""
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
    "anomaly": SQL.detect_anomaly(
        rollup=PARTS,
        measure="worth",
        evidence={"input": EVENTS, "where": "kind = 'a'"},
        entity=["who"],
        lookback_days=9,
        learning_days=2,
        at_least=5,
        title="who",
    ),
    "state": SQL.detect_state(
        input=EVENTS, where="true", wrong="kind = 'a'", told=["value"], entity=["who"], memory_days=2, title="who"
    ),
    "state_for": SQL.detect_state(
        input=EVENTS, where="true", wrong="kind = 'a'", entity=["who"], memory_days=2, for_minutes=600, title="who"
    ),
    "absence": SQL.detect_absence(
        expects={"input": EVENTS, "where": "kind = 'a'"},
        missing={"input": EVENTS, "where": "kind = 'b'"},
        entity=["who"],
        before=20,
        after=30,
        lateness=40,
        window=60,
        title="who",
    ),
}
REACH_DAYS = {
    "event": 0, "threshold": 1, "distinct": 1, "sequence": 1, "first_seen": 4, "anomaly": 9, "state": 4, "state_for": 4,
    "absence": 2,
}  # fmt: skip
WAIT = {"state_for": 600 * MINUTE, "absence": 70 * MINUTE}
"""How long a shape waits for the watermark."""


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
    con.execute("create table arrived (upto int, reach int, before_ms bigint, now_ms bigint, wait bigint)")
    con.execute("create schema catchment_new")
    con.execute('create view catchment_new."det_test__watermark" as select before_ms, now_ms from arrived')
    con.execute("create view new_events as select e.* from all_events as e, arrived where part = upto")
    # As the Python half does it: the snapshot, restricted to whole days around those that the new rows touch, or that
    # fell due because the watermark passed them.
    con.execute(
        f"""
        create view seen_events as
        select e.* from all_events as e, arrived
        where part <= upto and (
            exists (select 1 from new_events as n where abs(n.time // {DAY} - e.time // {DAY}) <= reach)
            or e.time // {DAY} between (before_ms - wait) // {DAY} - reach and (now_ms - wait) // {DAY} + reach
        )
        """
    )
    worth = " ".join(f"when '{value}' then {n}" for value, n in WORTH.items())
    for kind in ("new", "seen"):
        con.execute(
            f"""
            create view {kind}_parts as
            select cast(make_timestamp(time * 1000) as date) as event_date, who, case value {worth} end as worth
            from {kind}_events where kind = 'a'
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
    before, now = None, None
    for n in range(len(parts)):
        if shape in WAIT:
            now = max((e.at for part in parts[: n + 1] for e in part), default=None)
        con.execute("delete from arrived")
        con.execute("insert into arrived values (?, ?, ?, ?, ?)", [n, REACH_DAYS[shape], before, now, WAIT.get(shape)])
        before = now
        found = con.execute(
            f"""
            select entity_key, epoch_ms(window_start_dt), fires, evidence_event_uids, count, title, detail,
                epoch_ms(first_seen_dt), epoch_ms(last_seen_dt), resolved
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


def brute_anomaly(events: Sequence[Event]) -> set[tuple[str, int]]:
    """Return the days far above median and spread of the days of their kind in the nine before, zeros included."""
    totals: dict[tuple[str, int], int] = {}
    for e in events:
        if e.kind == "a":
            totals[e.who, e.at // DAY] = totals.get((e.who, e.at // DAY), 0) + WORTH[e.value]
    found = set()
    for (who, day), total in totals.items():
        earlier = [d for w, d in totals if w == who and day - 9 <= d < day]
        if not earlier or day - min(earlier) < 2:
            continue
        alike = [d for d in range(min(earlier), day) if ((d + 3) % 7 >= 5) == ((day + 3) % 7 >= 5)]
        values = sorted((totals.get((who, d), 0) for d in alike), reverse=True)
        if not values:
            continue
        usual, high = values[len(values) // 2], values[len(values) // 10]
        if total >= max(5, 2 * usual, usual + 6 * max(high - usual, usual / 10, 1)):
            found.add((json.dumps([who]), day * DAY))
    return found


def brute_state(events: Sequence[Event], for_ms: int = 0) -> dict[tuple[str, int], tuple[list[str], bool]]:
    """Return (evidence, resolved) of each day on which spells of wrongness began, walking from row to row."""
    now = max((e.at for e in events), default=0)
    found: dict[tuple[str, int], tuple[list[str], bool]] = {}
    for who in {e.who for e in events}:
        mine = sorted((e for e in events if e.who == who), key=lambda e: (e.at, e.uid))
        spells: list[tuple[Event, list[Event], Event | None]] = []
        last: Event | None = None
        for e in mine:
            wrong_before = last is not None and last.kind == "a"
            remembered = last is not None and e.at // DAY - last.at // DAY <= 2
            if e.kind == "a" and not (wrong_before and remembered):
                spells.append((e, [], None))
            elif spells and wrong_before and e.at // DAY - spells[-1][0].at // DAY <= 2:
                begin, told, _ = spells[-1]
                if e.kind == "a" and not for_ms and last is not None and e.value != last.value:
                    told.append(e)
                spells[-1] = begin, told, None if e.kind == "a" else e
            last = e
        for begin, told, mended in spells:
            if (mended.at if mended else now) - begin.at < for_ms:
                continue
            key = json.dumps([who]), begin.at // DAY * DAY
            uids, resolved = found.get(key, ([], True))
            proof = [begin, *told, *([mended] if mended else [])]
            found[key] = uids + [e.uid for e in proof], resolved and mended is not None
    return found


def brute_absence(events: Sequence[Event]) -> dict[tuple[str, int], list[str]]:
    """Return the `a` without a `b` from 20 minutes before to 30 after, of those that the watermark has passed by 70."""
    now = max((e.at for e in events), default=0)
    found: dict[tuple[str, int], list[str]] = {}
    for a in sorted(events, key=lambda e: (e.at, e.uid)):
        if a.kind != "a" or a.at + 70 * MINUTE > now:
            continue
        if not any(b.kind == "b" and b.who == a.who and -20 <= (b.at - a.at) / MINUTE <= 30 for b in events):
            found.setdefault((json.dumps([a.who]), a.at // HOUR * HOUR), []).append(a.uid)
    return found


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
WEEKS = events_within(20 * DAY, 12 * HOUR)
DRAWN = {"first_seen": DAYS, "anomaly": WEEKS, "state": DAYS, "state_for": DAYS}
EACH = settings(max_examples=60, derandomize=True)
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


@EACH
@given(events=WEEKS)
def test_anomaly_knows_the_days_of_a_kind(con: duckdb.DuckDBPyConnection, events: list[Event]) -> None:
    assert set(run(con, "anomaly", [events])) == brute_anomaly(events)


@EACH
@given(events=DAYS)
def test_state_follows_the_latest_row(con: duckdb.DuckDBPyConnection, events: list[Event]) -> None:
    for shape, for_ms in (("state", 0), ("state_for", 600 * MINUTE)):
        found = {pair: (content[0], content[-1]) for pair, content in run(con, shape, [events]).items()}
        assert found == brute_state(events, for_ms)


@EACH
@given(events=AROUND_MIDNIGHT)
def test_absence_waits_for_the_watermark(con: duckdb.DuckDBPyConnection, events: list[Event]) -> None:
    found = {pair: content[0] for pair, content in run(con, "absence", [events]).items()}
    assert found == brute_absence(events)


@pytest.mark.parametrize("shape", list(SHAPES))
@FEWER
@given(data=st.data())
def test_the_order_of_arrival_does_not_matter(con: duckdb.DuckDBPyConnection, shape: str, data: st.DataObject) -> None:
    events = data.draw(DRAWN.get(shape, AROUND_MIDNIGHT))
    where = data.draw(st.lists(st.integers(0, 2), min_size=len(events), max_size=len(events)))
    parts = [[e for e, part in zip(events, where, strict=True) if part == n] for n in range(3)]
    assert run(con, shape, parts) == run(con, shape, [events])


def test_the_firing_sets_are_not_empty(con: duckdb.DuckDBPyConnection) -> None:
    base = 20_000 * DAY
    hour = [
        Event(f"e{n}", base + n * MINUTE, kind, "x", value)
        for n, (kind, value) in enumerate(zip("aaab", "pqrs", strict=True))
    ]
    days = [
        Event("e0", base, "b", "x", "p"),
        Event("e1", base, "a", "x", "q"),
        Event("e2", base + 3 * DAY, "a", "x", "s"),
        Event("e3", base + 4 * DAY, "b", "y", "p"),
    ]
    for shape in SHAPES:
        assert run(con, shape, [hour if shape in ("event", "threshold", "distinct", "sequence") else days]), shape


def test_a_late_earlier_row_withdraws_a_first_sight(con: duckdb.DuckDBPyConnection) -> None:
    base = 20_000 * DAY
    early = [Event("e0", base, "b", "x", ""), Event("e1", base + 3 * DAY, "a", "x", "q")]
    late = [Event("e2", base + 2 * DAY, "a", "x", "q")]
    assert set(run(con, "first_seen", [early])) == {('["x","q"]', base + 3 * DAY)}
    assert set(run(con, "first_seen", [early, late])) == {('["x","q"]', base + 2 * DAY)}


def test_a_state_that_was_mended_is_resolved_and_one_that_never_was_is_withdrawn(
    con: duckdb.DuckDBPyConnection,
) -> None:
    base = 20_000 * DAY
    wrong = Event("e1", base + HOUR, "a", "x", "p")
    mended = Event("e2", base + DAY, "b", "x", "p")
    pair = ('["x"]', base)
    assert run(con, "state", [[wrong]])[pair][-1] is False
    [(uids, *_, resolved)] = run(con, "state", [[wrong], [mended]]).values()
    assert (uids, resolved) == (["e1", "e2"], True)
    assert set(run(con, "state", [[wrong], [Event("e0", base - HOUR, "a", "x", "p")]])) == {('["x"]', base - DAY)}
    assert run(con, "state_for", [[wrong], [mended], [Event("e3", base + 2 * HOUR, "b", "x", "p")]]) == {}


def test_an_absence_falls_due_when_only_others_arrive(con: duckdb.DuckDBPyConnection) -> None:
    base = 20_000 * DAY
    lonely = [Event("e1", base, "a", "x", "p")]
    others = [Event("e2", base + 69 * MINUTE, "b", "y", "p")], [Event("e3", base + 70 * MINUTE, "b", "y", "p")]
    found = Event("e4", base + 30 * MINUTE, "b", "x", "p")
    assert run(con, "absence", [lonely]) == {}
    assert run(con, "absence", [lonely, others[0]]) == {}
    assert set(run(con, "absence", [lonely, *others])) == {('["x"]', base)}
    assert run(con, "absence", [lonely, *others, [found]]) == {}


def test_an_anomaly_says_what_was_usual(con: duckdb.DuckDBPyConnection) -> None:
    monday = 20_003 * DAY
    usual = [Event(f"e{n}", monday + n * DAY, "a", "x", "r") for n in range(5)]
    sunday = Event("e8", monday + 6 * DAY, "a", "x", "s")
    wednesday = [
        Event("e9", monday + 9 * DAY, "a", "x", "s"),
        *(Event(f"f{n}", monday + 9 * DAY, "a", "x", "r") for n in (0, 1)),
    ]
    found = dict(sorted(run(con, "anomaly", [[*usual, sunday, *wednesday]]).items()))
    assert list(found) == [('["x"]', monday + 6 * DAY), ('["x"]', monday + 9 * DAY)]
    first, second = (json.loads(content[3]) for content in found.values())
    assert first == {
        "day_total": 30, "usual": 0, "highest": 0, "spreads_above": 30, "days_learned": 1, "day_kind": "weekend"
    }  # fmt: skip
    assert second == {
        "day_total": 42, "usual": 6, "highest": 6, "spreads_above": 36, "days_learned": 7, "day_kind": "working"
    }  # fmt: skip


@pytest.mark.parametrize(("values", "fires"), [("srrrr", False), ("ss", True)])
def test_a_steady_machine_is_strange_at_twice_its_usual(
    con: duckdb.DuckDBPyConnection, values: str, fires: bool
) -> None:
    monday = 20_003 * DAY
    usual = [Event(f"e{n}", monday + n * DAY, "a", "x", "s") for n in range(4)]
    friday = [Event(f"f{n}", monday + 4 * DAY, "a", "x", value) for n, value in enumerate(values)]
    assert bool(run(con, "anomaly", [[*usual, *friday]])) is fires  # 54 or 60 after 30, whose spread is 3


def test_a_total_beyond_measure_breaks_nothing(con: duckdb.DuckDBPyConnection) -> None:
    monday = 20_003 * DAY
    con.execute("delete from all_events")
    con.execute("delete from arrived")
    con.execute("insert into arrived (upto, reach) values (0, 9)")
    con.execute(
        f"""
        insert into all_events (part, event_uid, time, kind, who, value)
        select 0, 'e' || i, {monday} + i * {DAY}, 'a', 'x', 'p' from range(9) as t(i)
        """
    )
    largest = SHAPES["anomaly"].replace("parts.worth as part", "cast(9223372036854775807 as bigint) as part")
    assert largest != SHAPES["anomaly"]
    rows = con.execute(f"select fires from ({largest})").fetchall()
    assert len(rows) == 9


def test_evidence_is_capped_and_the_count_is_true(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from all_events")
    con.execute("delete from arrived")
    con.execute("insert into arrived (upto, reach) values (0, 1)")
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
    con.execute("insert into arrived (upto, reach) values (0, 1)")
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
