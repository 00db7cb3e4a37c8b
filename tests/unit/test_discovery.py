"""Finding what is new: all of it, once, and with no more listing than what may be new."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from transforms import land as module
from transforms import quarantine
from transforms.errors import ConfigError, DataError, RetryableError
from transforms.lake.ledger import ResumePoint
from transforms.lake.table import Table
from transforms.land import discover, land_lane, plan
from transforms.readers import local
from transforms.readers.base import Listing, RemoteObject
from transforms.readers.local import LocalStore
from transforms.sources import get

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()
ACCOUNT = "AWSLogs/111122223333/CloudTrail"
TRAIL = get("aws_cloudtrail")
ACTIVITY = get("azure_activity")
EVENT = b'{"Records":[{"eventID":"%b","eventTime":"2026-11-01T00:00:00Z"}]}'


def put(root: Path, key: str, data: bytes | None = None, *, at: datetime = NOW) -> Path:
    path = root / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(EVENT % key.encode() if data is None else data)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def trail(root: Path, days: int, *, region: str = "us-east-1", each: int = 2, end: date = TODAY) -> None:
    for back in range(days):
        day = end - timedelta(days=back)
        for n in range(each):
            put(root, f"{ACCOUNT}/{region}/{day:%Y/%m/%d}/{n}.json")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "bucket"


@pytest.fixture
def listed(monkeypatch) -> list[str]:
    """The prefixes listed so far, below the root."""
    found: list[str] = []
    was = LocalStore.level

    def level(self, prefix):
        found.append(prefix[len(self.root) + 1 :])
        return was(self, prefix)

    monkeypatch.setattr(LocalStore, "level", level)
    return found


@pytest.fixture
def ledger_reads(monkeypatch) -> list[str]:
    """The kind of every ledger file read so far."""
    found: list[str] = []
    was = Table.read

    def read(self, files, *args):
        found.extend(str(f.partition["kind"]) for f in files if "kind" in f.partition)
        return was(self, files, *args)

    monkeypatch.setattr(Table, "read", read)
    return found


def work(settings, source, root, *, at=NOW, **options):
    """Plan and land; (objects planned, records landed)."""
    planned = plan(settings, source, str(root), clock=lambda: at, **options)
    return planned.objects, sum(land_lane(settings, source, n, clock=lambda: at).records for n in planned.lanes)


def test_an_idle_poll_lists_the_overlap_and_reads_no_plan(settings, root, listed, ledger_reads):
    trail(root, 100)
    assert work(settings, "aws_cloudtrail", root) == (200, 200)
    listed.clear()
    ledger_reads.clear()
    version = Table.open(module.ledger_table(module.Lake(settings))).version
    assert work(settings, "aws_cloudtrail", root) == (0, 0)
    days = [p for p in listed if p.count("/") == 7]
    assert [p.rstrip("/").split("/", 4)[-1] for p in days] == ["2026/11/18", "2026/11/19", "2026/11/20"]
    assert len(listed) < 12
    assert set(ledger_reads) == {"resume"}
    assert Table.open(module.ledger_table(module.Lake(settings))).version == version


def test_one_new_object_costs_its_days_plans(settings, root, ledger_reads):
    for back in range(8, -1, -1):
        trail(root, 1, end=TODAY - timedelta(days=back))
        work(settings, "aws_cloudtrail", root)
    ledger_reads.clear()
    put(root, f"{ACCOUNT}/us-east-1/2026/11/20/2.json")
    assert plan(settings, "aws_cloudtrail", str(root)).objects == 1
    assert ledger_reads.count("plan") <= 4 * 3  # the three days' files, by lane


@pytest.mark.parametrize(
    "key",
    [
        f"{ACCOUNT}/us-east-1/2026/11/20/0-smaller-suffix.json",
        f"{ACCOUNT}/us-east-1/2026/11/18/late.json",
        f"{ACCOUNT}/us-east-1/2026/11/21/tomorrow.json",
        f"{ACCOUNT}/us-east-1/2027/01/01/next-year.json",
        f"{ACCOUNT}/af-south-1/2026/11/20/new-region.json",
        f"{ACCOUNT}/af-south-1/2019/01/01/new-region-old-day.json",
        "AWSLogs/000000000001/CloudTrail/us-east-1/2026/11/01/new-account.json",
        "AWSLogs/o-example/444455556666/CloudTrail/us-east-1/2026/11/01/organisation.json",
        "no-date-at-all.json",
    ],
)
def test_what_arrives_later_is_found(settings, root, key):
    trail(root, 30)
    assert work(settings, "aws_cloudtrail", root) == (60, 60)
    put(root, key)
    assert work(settings, "aws_cloudtrail", root) == (1, 1)
    assert work(settings, "aws_cloudtrail", root) == (0, 0)


def test_what_is_later_than_the_overlap_is_found_by_a_sweep(settings, root):
    trail(root, 30)
    work(settings, "aws_cloudtrail", root)
    put(root, f"{ACCOUNT}/us-east-1/2026/11/01/very-late.json")
    assert work(settings, "aws_cloudtrail", root) == (0, 0)
    assert work(settings, "aws_cloudtrail", root, sweep=True) == (1, 1)
    assert work(settings, "aws_cloudtrail", root, sweep=True) == (0, 0)


def test_digests_are_left_alone(settings, root):
    put(root, "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/11/20/d.json")
    put(root, f"{ACCOUNT}/us-east-1/2026/11/20/0.json")
    assert work(settings, "aws_cloudtrail", root) == (1, 1)


def test_a_replaced_object_lands_as_another_version(settings, root, lake):
    path = put(root, f"{ACCOUNT}/us-east-1/2026/11/20/0.json")
    work(settings, "aws_cloudtrail", root)
    put(root, str(path.relative_to(root)), EVENT % b"other, longer")
    assert work(settings, "aws_cloudtrail", root) == (1, 1)
    assert len({r["object_version"] for r in lake.rows("bronze/aws_cloudtrail")}) == 2


def test_an_object_replaced_between_plan_and_reading(settings, root, lake):
    put(root, "a.json")
    planned = plan(settings, "aws_cloudtrail", str(root))
    put(root, "a.json", EVENT % b"another one")
    land_lane(settings, "aws_cloudtrail", planned.lanes[0])
    assert ["replaced before version" in reason for _, _, reason, _ in lake.quarantine()] == [True]
    assert work(settings, "aws_cloudtrail", root) == (1, 1)


def test_listing_in_steps_finds_all(settings, root, monkeypatch):
    """More objects in the overlap than are held at once: every prefix is reached, and it ends."""
    monkeypatch.setattr(module, "LIST_LIMIT", 5)
    trail(root, 3, region="a-region", each=4)
    trail(root, 3, region="b-region", each=4)
    assert sum(len(g.objects) for part in discover(LocalStore(root), TRAIL, {}) for g in part) == 24
    assert all(sum(len(g.objects) for g in part) <= 5 for part in discover(LocalStore(root), TRAIL, {}, sweep=True))
    total = 0
    for _ in range(30):
        planned = plan(settings, "aws_cloudtrail", str(root))
        total += planned.objects
        if not planned.more:
            break
    assert (total, planned.more) == (24, False)
    put(root, f"{ACCOUNT}/b-region/2026/11/20/last.json")
    assert plan(settings, "aws_cloudtrail", str(root)).objects == 1


def test_a_resume_point_prunes_years_and_months(root, listed):
    for day in ("2024/12/31", "2026/10/31", "2026/11/17", "2026/11/18"):
        put(root, f"{ACCOUNT}/us-east-1/{day}/0.json")
    store = LocalStore(root)
    point = {f"{store.root}/{ACCOUNT}/us-east-1": ResumePoint(date(2026, 11, 20))}
    (groups,) = list(discover(store, TRAIL, point))
    assert [day for group in groups for _, day in group.objects] == [date(2026, 11, 18)]
    assert not [p for p in listed if "2024/" in p or "2026/10/" in p]


@pytest.mark.parametrize("day", ["2026/13/01", "2026/02/30", "0000/00/00", "0000", "20266/11/20", "2026/11", "a/b/c"])
def test_folders_that_look_like_dates_and_are_none(settings, root, day):
    put(root, f"{ACCOUNT}/us-east-1/{day}/0.json")
    trail(root, 2)
    assert work(settings, "aws_cloudtrail", root) == (5, 5)
    put(root, f"{ACCOUNT}/us-east-1/{day}/1.json")
    assert work(settings, "aws_cloudtrail", root, sweep=True) == (1, 1)
    assert work(settings, "aws_cloudtrail", root) == (0, 0)


@pytest.mark.parametrize("day", ["9999/12/31", "2027/06/01", "0001/01/01"])
def test_one_wrongly_dated_key_hides_no_other(settings, root, day, ledger_reads):
    """A key in the future must not move the resume point past everything that is still to come."""
    trail(root, 2)
    put(root, f"{ACCOUNT}/us-east-1/{day}/0.json")
    assert work(settings, "aws_cloudtrail", root) == (5, 5)
    put(root, f"{ACCOUNT}/us-east-1/2026/11/20/9.json")
    assert work(settings, "aws_cloudtrail", root) == (1, 1)
    tomorrow = NOW + timedelta(days=1)
    put(root, f"{ACCOUNT}/us-east-1/2026/11/21/0.json", at=tomorrow)
    assert work(settings, "aws_cloudtrail", root, at=tomorrow) == (1, 1)
    ledger_reads.clear()
    assert work(settings, "aws_cloudtrail", root, at=tomorrow) == (0, 0)
    assert set(ledger_reads) == {"resume"}


# --- growing objects -------------------------------------------------------------------------------------------------

BLOB = "resourceId=/SUBSCRIPTIONS/A/y=2026/m=11/d=20/h=11/m=00/PT1H.json"


def line(n: int) -> bytes:
    return b'{"time":"2026-11-20T11:00:00Z","correlationId":"%d","resourceId":"/a","operationName":"o"}\n' % n


def test_a_blob_grows_and_each_byte_lands_once(settings, root, lake):
    text = b"".join(line(n) for n in range(10))
    for n, end in enumerate([0, 5, 150, 150, 151, 400, len(text) - 1, len(text)]):
        put(root, BLOB, text[:end], at=NOW + timedelta(seconds=n))
        work(settings, "azure_activity", root, at=NOW + timedelta(minutes=n))
    assert [(r, raw.encode() + b"\n") for _, r, raw in lake.bronze("azure_activity")] == list(
        enumerate(text.splitlines(keepends=True))
    )
    assert lake.quarantine() == []
    assert work(settings, "azure_activity", root) == (0, 0)


def test_a_last_record_that_stays_cut_off_is_quarantined_when_the_blob_is_settled(settings, root, lake):
    put(root, BLOB, line(0) + line(1)[:-10])
    assert work(settings, "azure_activity", root, at=NOW) == (1, 1)
    assert work(settings, "azure_activity", root, at=NOW + timedelta(hours=23)) == (0, 0)
    assert work(settings, "azure_activity", root, at=NOW + timedelta(hours=25)) == (1, 0)
    assert [(n, data) for _, n, _, data in lake.quarantine()] == [(1, line(1)[:-10])]
    assert work(settings, "azure_activity", root, at=NOW + timedelta(hours=26)) == (0, 0)


def test_a_settled_blob_that_grows_again_is_read_on(settings, root, lake):
    put(root, BLOB, line(0), at=NOW - timedelta(days=2))
    assert work(settings, "azure_activity", root) == (1, 1)
    put(root, BLOB, line(0) + line(1), at=NOW)
    assert work(settings, "azure_activity", root) == (1, 1)
    assert [n for _, n, _ in lake.bronze("azure_activity")] == [0, 1]


def test_a_blob_written_anew_and_shorter_is_read_from_its_beginning(settings, root, lake):
    put(root, BLOB, line(0) + line(1), at=NOW)
    assert work(settings, "azure_activity", root) == (1, 2)
    put(root, BLOB, line(2), at=NOW + timedelta(seconds=1))
    assert work(settings, "azure_activity", root) == (1, 1)
    assert work(settings, "azure_activity", root) == (0, 0)
    assert len(lake.bronze("azure_activity")) == 3


def test_a_listing_older_than_the_ledger_plans_nothing_twice(settings, root):
    """A planner lists, another plans and lands what has grown since; then the first commits."""
    put(root, BLOB, line(0) + line(1), at=NOW)
    (stale,) = list(discover(LocalStore(root), ACTIVITY, {}))
    put(root, BLOB, line(0) + line(1) + line(2), at=NOW + timedelta(seconds=1))
    assert work(settings, "azure_activity", root) == (1, 3)
    table = module.ledger_table(module.Lake(settings))
    planned, _ = module._commit_plans(table, ACTIVITY, settings, stale, lambda: NOW)
    assert planned == []
    assert work(settings, "azure_activity", root) == (0, 0)


def test_an_empty_blob_waits_and_is_quarantined_when_nothing_comes(settings, root, lake):
    put(root, BLOB, b"", at=NOW)
    assert work(settings, "azure_activity", root, at=NOW) == (0, 0)
    assert work(settings, "azure_activity", root, at=NOW + timedelta(hours=25)) == (1, 0)
    assert [reason for _, _, reason, _ in lake.quarantine()] == ["empty object"]
    assert work(settings, "azure_activity", root, at=NOW + timedelta(hours=26)) == (0, 0)


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_a_packed_blob_is_taken_whole(settings, root, lake, kind):
    from gzip import compress as gz

    from zstandard import compress as zst

    put(root, BLOB + "." + kind, {"gz": gz, "zst": zst}[kind](line(0) + line(1)[:-1]), at=NOW)
    assert work(settings, "azure_activity", root, at=NOW) == (1, 2)
    assert work(settings, "azure_activity", root, at=NOW + timedelta(hours=25)) == (0, 0)
    assert lake.quarantine() == []


# --- failures --------------------------------------------------------------------------------------------------------


def test_a_folder_that_does_not_exist_is_a_clear_error(settings, root):
    with pytest.raises(ConfigError, match="no such file or folder"):
        plan(settings, "aws_cloudtrail", str(root))


def unreadable(monkeypatch, name: str, error: Exception) -> None:
    was = LocalStore.open

    def open_(self, item, *args, **options):
        if item.uri.endswith(name):
            raise error
        return was(self, item, *args, **options)

    monkeypatch.setattr(LocalStore, "open", open_)


@pytest.mark.parametrize("error", [RetryableError("throttled"), ConfigError("forbidden"), OSError(5, "I/O error")])
def test_an_unreadable_object_is_condemned_at_last_and_holds_up_no_other_lane(settings, root, lake, monkeypatch, error):
    for n in range(20):
        put(root, f"{n}.json")
    unreadable(monkeypatch, "/7.json", error)
    kind = type(error) if not isinstance(error, OSError) else RetryableError
    for attempt in range(settings.poison_after + 2):  # an outage of a few minutes condemns nothing
        with pytest.raises(kind, match=r"aws_cloudtrail: file://.*/7.json: "):
            lake.land("aws_cloudtrail", root)
        if attempt == 0:
            assert 10 <= len(lake.bronze("aws_cloudtrail")) < 19
    assert lake.quarantine() == []
    lake.land("aws_cloudtrail", root, clock=lambda: datetime.now(UTC) + settings.poison_age)
    assert len(lake.bronze("aws_cloudtrail")) == 19
    assert [(n, reason[:11], data) for _, n, reason, data in lake.quarantine()] == [(-1, "unreadable ", None)]
    orphans = {p.name for p in Path(settings.lake, "bronze").rglob("*.parquet")}
    live = {
        f.path.rsplit("/", 1)[-1] for f in module.bronze_table(module.Lake(settings), "aws_cloudtrail").open().files()
    }
    assert orphans == live
    assert quarantine.replay(settings, None) == quarantine.Replayed(0, 0, 1)
    monkeypatch.undo()  # it can be read again: the replay takes the bytes from their place
    assert quarantine.replay(settings, None) == quarantine.Replayed(1, 1, 0)
    assert len(lake.bronze("aws_cloudtrail")) == 20


def test_an_object_that_cannot_be_opened_for_good_holds_up_nothing(settings, root, lake, monkeypatch):
    """An archived one, say: what would be kept of its bytes cannot be read either."""
    for n in range(3):
        put(root, f"{n}.json")
    with monkeypatch.context() as patch:
        unreadable(patch, "/1.json", DataError("is archived; restore it, then replay"))
        assert work(settings, "aws_cloudtrail", root) == (3, 2)
    assert [(n, reason, data) for _, n, reason, data in lake.quarantine()] == [
        (-1, "is archived; restore it, then replay", None)
    ]
    assert quarantine.replay(settings, "aws_cloudtrail").records == 1


def test_what_landed_of_an_object_before_it_failed_lands_no_second_time(settings, root, lake, monkeypatch):
    """Its first block can be read and its second cannot; a replay adds what did not land."""
    small = replace(settings, chunk_bytes=1000, poison_after=1, poison_age=timedelta(0))
    lines = [EVENT[12:-2] % b"%d" % n for n in range(200)]
    put(root, "0.json", b"\n".join(lines))
    was = LocalStore.open

    class Torn:
        def __init__(self, stream):
            self.stream, self.left = stream, 6000

        def read(self, size=-1):
            if not self.left:
                raise OSError(5, "I/O error")
            block = self.stream.read(min(self.left, size))
            self.left -= len(block)
            return block

        def close(self):
            self.stream.close()

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "open", lambda self, item, *args, **options: Torn(was(self, item, *args, **options)))
        work(small, "aws_cloudtrail", root)
    assert 0 < len(lake.bronze("aws_cloudtrail")) < 200
    assert [n for _, n, _, _ in lake.quarantine()] == [-1]
    assert quarantine.replay(settings, "aws_cloudtrail").left == 0
    assert [raw.encode() for _, _, raw in lake.bronze("aws_cloudtrail")] == lines


def test_days_without_leading_zeros_are_listed_in_their_order(settings, root, monkeypatch):
    """AWS Config writes 2026/9/3: a run that holds its limit must not leave behind what sorts later and is older."""
    monkeypatch.setattr(module, "LIST_LIMIT", 4)
    days = [date(2026, 8, 30) + timedelta(days=n) for n in range(80)]
    for day in days:
        put(root, f"AWSLogs/111122223333/Config/us-east-1/{day.year}/{day.month}/{day.day}/ConfigHistory/0.json")
    total = 0
    for _ in days:
        planned = plan(settings, "aws_config", str(root))
        total += planned.objects
        if not planned.more:
            break
    assert (total, planned.more) == (80, False)


def test_a_key_of_a_thousand_levels_stops_no_listing():
    class Deep:
        """A bucket that holds one object: /////.../x, as long as a key may be."""

        root = "s3://bucket"

        def level(self, prefix: str) -> Listing:
            if len(prefix) < 1024:
                return Listing([f"{prefix}/"], [])
            return Listing([], [RemoteObject(uri=f"{prefix}x", version="1", size=1, modified=NOW)])

    (groups,) = list(discover(Deep(), TRAIL, {}))
    assert [len(group.objects) for group in groups] == [1]


def test_a_folder_that_may_not_be_read_is_a_clear_error(settings, root, monkeypatch):
    def scandir(path):
        raise PermissionError(13, "Permission denied")

    put(root, "a.json")
    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(ConfigError, match="bucket: Permission denied"):
        plan(settings, "aws_cloudtrail", str(root))


def test_a_file_that_is_rotated_away_stops_no_listing(settings, root, monkeypatch):
    put(root, "a.json")
    gone = put(root, "b.json")
    was = local._item

    def item(path):
        if path == gone:
            gone.unlink(missing_ok=True)
        return was(path)

    monkeypatch.setattr(local, "_item", item)
    assert work(settings, "aws_cloudtrail", root) == (1, 1)
