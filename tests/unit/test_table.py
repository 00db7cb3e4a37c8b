"""The commit protocol: data and progress in one commit, one winner, nothing lost, nothing of a winner's removed."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake.exceptions import CommitFailedError

from transforms.errors import ConfigError, RetryableError
from transforms.lake import table as module
from transforms.lake.schemas import TIMESTAMP
from transforms.lake.table import Changes, Lake, LogGone, Table, column_stats, reading_of
from transforms.settings import Settings

SCHEMA = pa.schema([("day", pa.string()), ("n", pa.int64())])


@pytest.fixture
def table(settings: Settings) -> Table:
    found = Lake(settings).table("bronze/example")
    found.create(SCHEMA, ["day"], "numbers")
    return found


def rows(*numbers: int, day: str = "2026-11-01") -> pa.Table:
    return pa.table({"day": [day] * len(numbers), "n": list(numbers)}, SCHEMA)


def numbers(table: Table) -> list[int]:
    return sorted(table.read(table.open().files(), ["n"]).column("n").to_pylist())


def test_rows_and_progress_are_one_commit(table):
    assert table.open().progress("a") == -1
    table.commit(lambda snapshot: Changes(files=table.write(rows(1, 2)), progress={"a": 7, "b": 3}))
    after = table.open()
    assert (after.version, after.progress("a"), after.progress("b")) == (1, 7, 3)
    assert numbers(table) == [1, 2]


def test_no_rows_still_carry_progress(table):
    table.commit(lambda snapshot: Changes(progress={"a": 1}))
    assert table.open().progress("a") == 1
    assert table.open().version == 1
    assert list(table.open().added(0)) == [(1, [])]


def test_of_two_handles_the_second_is_refused(table):
    first, second = table.open(), table.open()
    assert table.commit_on(first, Changes(files=table.write(rows(1)), progress={"a": 1}))
    assert not table.commit_on(second, Changes(files=table.write(rows(1)), progress={"a": 1}))
    assert numbers(table) == [1]


def test_of_two_handles_with_other_names_both_commit(table):
    first, second = table.open(), table.open()
    assert table.commit_on(first, Changes(files=table.write(rows(1)), progress={"a": 1}))
    assert table.commit_on(second, Changes(files=table.write(rows(2)), progress={"b": 1}))
    assert numbers(table) == [1, 2]
    assert table.open().version == 2


def test_the_loser_looks_again_and_finds_it_done(table):
    seen = []

    def rival_first(snapshot):
        seen.append(snapshot.progress("a"))
        if snapshot.progress("a") >= 1:
            return None
        table.commit_on(table.open(), Changes(files=table.write(rows(1)), progress={"a": 1}))
        return Changes(files=table.write(rows(1)), progress={"a": 1})

    assert table.commit(rival_first) is None
    assert seen == [-1, 1]
    assert numbers(table) == [1]


def test_the_loser_computes_again_what_is_left(table):
    rivals = iter([1, 2])

    def count_up(snapshot):
        mine = snapshot.progress("a") + 1
        for number in rivals:
            table.commit_on(table.open(), Changes(files=table.write(rows(100 + number)), progress={"a": mine}))
            break
        return Changes(files=table.write(rows(mine)), progress={"a": mine})

    assert table.commit(count_up) is not None
    assert table.open().progress("a") == 2
    assert numbers(table) == [2, 101, 102]


def test_who_loses_for_ever_is_told(table, monkeypatch):
    def refused(*_):
        raise CommitFailedError("somebody else")

    monkeypatch.setattr(Table, "_write", refused)
    monkeypatch.setattr(module.time, "sleep", lambda s: None)
    with pytest.raises(RetryableError, match="bronze/example: lost 30 commits in a row"):
        table.commit(lambda snapshot: Changes(progress={"a": 1}))


def test_a_commit_that_succeeded_but_was_not_told_so_keeps_its_files(table, monkeypatch):
    """The answer to a conditional put can get lost; the repeated put then finds its own log entry."""
    write = Table._write

    def unanswered(self, handle, changes):
        write(self, handle, changes)
        raise CommitFailedError("version 1 exists")

    monkeypatch.setattr(Table, "_write", unanswered)
    files = table.write(rows(1, 2))
    done = table.commit(lambda s: None if s.progress("a") >= 1 else Changes(files=files, progress={"a": 1}))
    assert done is None
    table.lake.remove(table, files)
    assert numbers(table) == [1, 2]


def test_files_of_nobody_are_removed(table):
    files = table.write(rows(1))
    path = Path(table.uri) / files[0].path
    assert path.exists()
    table.lake.remove(table, files)
    assert not path.exists()
    table.lake.remove(table, files)


def test_what_each_version_added(table):
    for n in range(1, 4):
        table.commit(lambda snapshot, n=n: Changes(files=table.write(rows(*range(n))), progress={"a": n}))
    added = dict(table.open().added(1))
    assert sorted(added) == [2, 3]
    assert [f.rows for f in added[3]] == [3]
    assert reading_of(added[2] + added[3]).rows == 5
    pinned = table.open()
    (Path(table.uri) / "_delta_log" / f"{2:020d}.json").unlink()
    with pytest.raises(LogGone):
        list(pinned.added(1))


def test_partitions_and_statistics(table):
    both = pa.concat_tables([rows(5, 9, day="2026-11-01"), rows(7, day="2026-11-02")])
    files = table.write(both, stats=["n"])
    assert [(f.partition["day"], f.low("n"), f.high("n"), f.rows) for f in files] == [
        ("2026-11-01", 5, 9, 2),
        ("2026-11-02", 7, 7, 1),
    ]
    table.commit(lambda snapshot: Changes(files=files))
    again = {f.partition["day"]: (f.low("n"), f.high("n")) for f in table.open().files()}
    assert again == {"2026-11-01": (5, 9), "2026-11-02": (7, 7)}
    assert column_stats(rows(), ["n"]) == {}


def test_a_column_that_is_new_is_added_and_old_rows_lack_it(table, settings):
    table.commit(lambda snapshot: Changes(files=table.write(rows(1))))
    wider = Lake(settings).table("bronze/example")
    wider.create(SCHEMA.append(pa.field("note", pa.string())), ["day"], "numbers")
    wider.create(SCHEMA.append(pa.field("note", pa.string())), ["day"], "numbers")
    assert wider.read(wider.open().files()).to_pylist() == [{"day": "2026-11-01", "n": 1, "note": None}]


def test_a_table_that_was_never_made_is_a_clear_error(settings):
    with pytest.raises(ConfigError, match="bronze/none: no such table"):
        Lake(settings).table("bronze/none").open()


def _commit_many(settings: Settings, worker: int, count: int) -> None:
    table = Lake(settings).table("bronze/many")
    table.create(SCHEMA, ["day"], "numbers")
    for n in range(count):
        files = table.write(rows(worker * 1000 + n))
        table.commit(lambda s, n=n, files=files: Changes(files=files, progress={f"w{worker}": n}))


def _commit_shared(settings: Settings, count: int) -> None:
    table = Lake(settings).table("bronze/many")
    table.create(SCHEMA, ["day"], "numbers")

    def work(snapshot):
        following = snapshot.progress("shared") + 1
        if following >= count:
            return None
        return Changes(files=table.write(rows(following)), progress={"shared": following})

    while table.commit(work) is not None:
        pass


def test_four_processes_forty_commits_each_and_none_is_lost(settings):
    """They also make the table at the same moment, and cross two checkpoints."""
    spawn = multiprocessing.get_context("spawn")
    found = [spawn.Process(target=_commit_many, args=(settings, worker, 40)) for worker in range(4)]
    for process in found:
        process.start()
    for process in found:
        process.join(240)
    assert [p.exitcode for p in found] == [0] * 4
    table = Lake(settings).table("bronze/many")
    assert numbers(table) == sorted(worker * 1000 + n for worker in range(4) for n in range(40))
    assert table.open().version == 160
    assert [table.open().progress(f"w{worker}") for worker in range(4)] == [39] * 4


def test_processes_that_share_a_counter_skip_and_repeat_none(settings):
    spawn = multiprocessing.get_context("spawn")
    found = [spawn.Process(target=_commit_shared, args=(settings, 30)) for _ in range(3)]
    for process in found:
        process.start()
    for process in found:
        process.join(240)
    assert [p.exitcode for p in found] == [0] * 3
    assert numbers(Lake(settings).table("bronze/many")) == list(range(30))


def test_the_latest_instant_is_read_from_the_log_and_never_lies_ahead_of_its_commit(settings):
    schema = pa.schema([("day", pa.string()), ("at", TIMESTAMP)])
    table = Lake(settings).table("bronze/clocked")
    table.create(schema, ["day"], "instants")
    early, late = datetime(2026, 3, 1, 10, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)

    def add(*instants: datetime | None) -> None:
        part = pa.table({"day": ["2026-03-01"] * len(instants), "at": list(instants)}, schema)
        table.commit(lambda snapshot: Changes(files=table.write(part, stats=("at",))))

    assert table.open().latest("at") is None
    add(None)
    assert table.open().latest("at") is None
    add(early)
    add(late, early)
    assert table.open().latest("at") == late
    assert table.open(2).latest("at") == early
    before = datetime.now(UTC)
    add(datetime(2099, 1, 1, tzinfo=UTC))
    latest = table.open().latest("at")
    assert latest is not None and before - timedelta(milliseconds=1) <= latest <= datetime.now(UTC)
