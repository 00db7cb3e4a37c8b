"""Looking at what could not land, and landing it once the code can read it: exactly once, whatever dies."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from transforms import quarantine
from transforms.errors import ConfigError, DataError
from transforms.lake import bronze
from transforms.lake.records import Chunk
from transforms.lake.table import Lake, Table
from transforms.readers.local import LocalStore
from transforms.settings import Settings

LONG = b'{"eventID":"long","eventTime":"2026-11-01T00:00:00Z","text":"%b"}' % (b"x" * 500)
UNDATED = {
    "checkov": b'{"check_type":"terraform","results":{"failed_checks":[{"check_id":"CKV_AWS_1","resource":"a.b"}]}}',
    "trufflehog": b'{"DetectorName":"AWS","SourceMetadata":{"Data":{"Filesystem":{"file":"a"}}},"Raw":"planted"}',
}
MADE = datetime(2026, 11, 20, 12, tzinfo=UTC)
GOOD = b'{"eventID":"%d","eventTime":"2026-11-01T00:00:00Z"}'


def refused(*args, **options):
    raise DataError("is archived; restore it, then replay")


@pytest.fixture
def strict(settings, lake) -> Settings:
    """A lake in which long records were refused."""
    return replace(settings, max_record_bytes=300)


@pytest.fixture
def landed(strict, lake, tmp_path):
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    (bucket / "a.json").write_bytes(b"\n".join([GOOD % 0, LONG, GOOD % 1, b"{broken", b'{"eventID":"untimed"}']))
    (bucket / "b.json").write_bytes(b"\n".join([GOOD % 2, LONG.replace(b"long", b"other")]))
    type(lake)(strict).land("aws_cloudtrail", bucket)
    return lake


def test_entries_and_their_bytes(landed, settings):
    found = quarantine.entries(settings, None, 10)
    assert len(found) == 4 and "data" not in found[0]
    assert [len(quarantine.entries(settings, "aws_cloudtrail", n)) for n in (1, 3)] == [1, 3]
    assert quarantine.entries(settings, "okta_system_log", 10) == []
    (broken,) = [e for e in found if e["reason"].startswith("not JSON")]
    shown = quarantine.show(settings, broken["quarantine_uid"])
    assert (shown["data"], shown["record_no"], shown["status"]) == (b"{broken", 3, "open")
    with pytest.raises(ConfigError, match="4 open entries begin with ''"):
        quarantine.show(settings, "")
    with pytest.raises(ConfigError, match="no source 'none'"):
        quarantine.entries(settings, "none", 1)


def test_a_lake_without_quarantine_has_no_entries(settings):
    assert quarantine.entries(settings, None, 10) == []
    assert quarantine.replay(settings, None) == quarantine.Replayed()


def test_what_decodes_now_lands_once_at_its_place(landed, settings):
    assert quarantine.replay(settings, "aws_cloudtrail") == quarantine.Replayed(2, 2, 2)
    found = {(uri[-6:], n): raw.encode() for uri, n, raw in landed.bronze("aws_cloudtrail")}
    assert len(found) == 5
    assert found["a.json", 1] == LONG and found["b.json", 1] == LONG.replace(b"long", b"other")
    assert len(quarantine.entries(settings, None, 10)) == 2
    assert quarantine.replay(settings, None) == quarantine.Replayed(0, 0, 2)
    assert len(landed.bronze("aws_cloudtrail")) == 5


def dies_at_the_marks(monkeypatch):
    was = Table.commit

    def commit(self, work):
        if self.name == "ops/quarantine":
            raise KeyboardInterrupt
        return was(self, work)

    monkeypatch.setattr(Table, "commit", commit)


def test_a_replay_that_dies_between_its_commits_is_finished_by_the_next(landed, settings, monkeypatch):
    with monkeypatch.context() as patch:
        dies_at_the_marks(patch)
        with pytest.raises(KeyboardInterrupt):
            quarantine.replay(settings, None)
    assert len(landed.bronze("aws_cloudtrail")) == 5
    assert quarantine.replay(settings, None).replayed == 2
    assert len(landed.bronze("aws_cloudtrail")) == 5
    assert len(quarantine.entries(settings, None, 10)) == 2


def test_what_only_the_second_replay_can_read_is_not_taken_for_done(landed, settings, strict, monkeypatch):
    """The first dies before its marks; the next can read one entry more, of the same object."""
    some = replace(strict, max_record_bytes=len(LONG))  # "other" is one byte longer than "long"
    with monkeypatch.context() as patch:
        dies_at_the_marks(patch)
        with pytest.raises(KeyboardInterrupt):
            quarantine.replay(some, None)
    assert len(landed.bronze("aws_cloudtrail")) == 4
    assert quarantine.replay(settings, None).replayed == 1
    assert quarantine.replay(settings, None).replayed == 1
    assert len(landed.bronze("aws_cloudtrail")) == 5
    assert len(quarantine.entries(settings, None, 10)) == 2


def test_an_object_given_up_half_way_lands_its_rest_only(settings, lake, tmp_path):
    """Its first records landed in chunks before the damage showed; a replay adds those that did not."""
    (tmp_path / "bucket").mkdir()
    long = LONG.replace(b"x" * 500, b"x" * 5000)
    lines = [*(GOOD % n for n in range(100)), long, *(GOOD % n for n in range(100, 200))]
    (tmp_path / "bucket" / "a.json").write_bytes(b"\n".join(lines))
    small = replace(settings, chunk_bytes=1000, max_document_bytes=2000)
    result = type(lake)(small).land("aws_cloudtrail", tmp_path / "bucket")
    assert (result.records, result.quarantined) == (100, 1)
    assert quarantine.replay(settings, None) == quarantine.Replayed(1, 101, 0)
    assert [(n, raw.encode()) for _, n, raw in lake.bronze("aws_cloudtrail")] == list(enumerate(lines))


def test_what_stands_beside_each_record_stays_beside_it():
    numbers, records, said = [0, 1, 2], [b"0", b"1", b"2"], [{"n": 0}, None, {"n": 2}]
    beyond = quarantine._beyond(Chunk(numbers=numbers, records=records, attributes=said), 1)
    assert (beyond.numbers, beyond.records, beyond.attributes) == ([1, 2], [b"1", b"2"], [None, {"n": 2}])
    assert quarantine._beyond(Chunk(numbers=numbers, records=records, attributes={"n": 3}), 1).attributes == {"n": 3}


@pytest.mark.parametrize(("source", "report"), UNDATED.items())
def test_what_has_its_objects_time_has_it_after_a_replay_too(source, report, settings, lake, tmp_path, monkeypatch):
    """No report of these says when it was made: on that day it would be another event, or none."""
    path = tmp_path / "bucket" / "report.json"
    path.parent.mkdir()
    path.write_bytes(report)
    os.utime(path, (MADE.timestamp(), MADE.timestamp()))
    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "open", refused)
        assert lake.land(source, path.parent).quarantined == 1
    assert quarantine.replay(settings, source) == quarantine.Replayed(1, 1, 0)
    assert [row["event_time"] for row in lake.rows(f"bronze/{source}")] == [MADE]


def test_of_a_report_that_quotes_code_no_bytes_are_kept(settings, lake, tmp_path):
    """What is packed and cut short can be unpacked by hand up to there: it may hold what would have been cut out."""
    path = tmp_path / "bucket" / "report.json.gz"
    path.parent.mkdir()
    whole = gzip.compress(UNDATED["checkov"])
    path.write_bytes(whole[:-6])
    assert lake.land("checkov", path.parent).quarantined == 1
    assert [(n, data) for _, n, _, data in lake.quarantine()] == [(-1, None)]
    assert quarantine.replay(settings, "checkov").left == 1


def test_an_object_that_holds_a_bad_record_is_replayed_but_for_that(settings, lake, tmp_path, monkeypatch):
    """As if it could have been read at once; nor is more of it held than a writer does."""
    (tmp_path / "bucket").mkdir()
    lines = [*(GOOD % n for n in range(100)), b"{broken", *(GOOD % n for n in range(100, 200))]
    (tmp_path / "bucket" / "a.json").write_bytes(b"\n".join(lines))
    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "open", refused)
        assert lake.land("aws_cloudtrail", tmp_path / "bucket").quarantined == 1
    with monkeypatch.context() as patch:
        patch.setattr(bronze, "BUFFER", 1)
        patch.setattr(quarantine, "QUARANTINE_BUFFER", 1)
        assert quarantine.replay(settings, "aws_cloudtrail") == quarantine.Replayed(1, 200, 0)
    assert [(n, raw.encode()) for _, n, raw in lake.bronze("aws_cloudtrail")] == [
        (n, line) for n, line in enumerate(lines) if n != 100
    ]
    (left,) = quarantine.entries(settings, "aws_cloudtrail", 10)
    assert left["record_no"] == 100 and left["reason"].startswith("not JSON")
    assert quarantine.show(settings, left["quarantine_uid"])["data"] == b"{broken"
    assert quarantine.replay(settings, "aws_cloudtrail") == quarantine.Replayed(0, 0, 1)
    live = {f.path.rsplit("/", 1)[-1] for f in bronze.bronze_table(Lake(settings), "aws_cloudtrail").open().files()}
    assert {p.name for p in (Path(settings.lake) / "bronze").rglob("*.parquet")} == live
