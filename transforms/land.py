"""Landing: find what is new at a source, plan it in the ledger, read it, commit bronze rows. Nothing lost or doubled.

`plan` commits what is to be read before anything is read; `land_lane` works a lane's open plans in order. Each can be
killed at any point and run again, beside others: the ledger and the txns of the tables decide what is left to do.
"""

from __future__ import annotations

import importlib
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import sha256
from multiprocessing import get_context
from queue import Empty, SimpleQueue

import pyarrow as pa

from transforms.decoders.compression import plain
from transforms.decoders.framing import Bounds
from transforms.decoders.redaction import Redactor
from transforms.errors import CatchmentError, ConfigError, DataError, ObjectGone, RetryableError
from transforms.lake.arrow import keep_memory
from transforms.lake.bronze import BronzeWriter, bronze_table, bronze_txn
from transforms.lake.envelope import EnvelopeBuilder, Place
from transforms.lake.ledger import (
    Known,
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
from transforms.lake.quarantine import INLINE, quarantine_rows, quarantine_table, quarantine_txn
from transforms.lake.records import Bad, Chunk
from transforms.lake.table import Changes, DataFile, Lake, Snapshot, Table
from transforms.readers.base import Notifications, ObjectStore, RemoteObject, open_store, scheme_of
from transforms.readers.probe import check_store
from transforms.readers.remote import shown
from transforms.settings import Settings
from transforms.sources import get
from transforms.sources.base import Beside, Source

Clock = Callable[[], datetime]
LOG = logging.getLogger(__name__)
LIST_LIMIT = 100_000
"""Objects that are held and planned at once; a planning run that planned so many leaves the rest to the next."""
AHEAD = timedelta(days=1)
"""A key dated later than so long after now moves no resume point: it would hide all real days from then on."""
NOTIFIED = {"sqs": "sqs", "sqs+https": "sqs", "sqs+http": "sqs", "pubsub": "pubsub", "azqueue": "azure_queue"}
"""Schemes of queues that announce objects, and the reader of each."""
NUMBER = re.compile(r"\d+", re.ASCII)
QUARANTINE_BUFFER = 64 << 20
NO_LANE = -1
"""Stands for the places that could not be looked through: it fails, and what is red in Airflow is seen."""
PROCESSES_FROM = 8 << 20
"""Bytes of open work, packed as they lie there, from which a second process pays."""
TASKS_FROM = 24 << 20
"""The same of a task of its own, which costs Airflow more."""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """What one planning run found. `lanes` have open work; `more` says that listing stopped at its limit; `failed` is
    why places, of several, could not be looked through."""

    objects: int
    bytes: int
    lanes: list[int]
    more: bool = False
    failed: tuple[CatchmentError, ...] = ()

    @property
    def work(self) -> list[list[int]]:
        """What `land_lanes` is to be called for: of many bytes each lane by itself, else all together, since a process
        would cost more than it saves. And NO_LANE where a place failed."""
        together = [self.lanes] if self.lanes else []
        apart = [[lane] for lane in self.lanes] if self.bytes >= TASKS_FROM else together
        return [*apart, [NO_LANE]] if self.failed else apart


@dataclass(frozen=True, slots=True, kw_only=True)
class LandResult:
    """What was landed: objects, records (bronze rows), quarantined pieces, control messages, bytes of the records."""

    objects: int = 0
    records: int = 0
    quarantined: int = 0
    control: int = 0
    bytes: int = 0

    def __add__(self, other: LandResult) -> LandResult:
        return LandResult(
            objects=self.objects + other.objects,
            records=self.records + other.records,
            quarantined=self.quarantined + other.quarantined,
            control=self.control + other.control,
            bytes=self.bytes + other.bytes,
        )


# --- finding what is new ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Group:
    """The objects below one dated prefix (an account and region, say), as far as they were listed."""

    prefix: str
    day: date
    objects: list[tuple[RemoteObject, date | None]] = field(default_factory=list)
    ordered: bool = False
    """Keys only ever grow (our own landing pages): the last key planned is where to go on."""

    def fingerprint(self, since: date) -> str:
        lines = sorted(f"{o.uri}\n{o.version}\n{o.size}" for o, day in self.objects if day is None or day >= since)
        return sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def discover(
    store: ObjectStore, source: Source, resume: dict[str, ResumePoint], *, sweep: bool = False
) -> Iterator[list[Group]]:
    """List what may be new: all below unknown prefixes, below known ones the days since the resume point.

    At most LIST_LIMIT objects at a time, at least one list, each prefix's days in order. A sweep lists everything.
    """
    skip = re.compile(source.skip_keys) if source.skip_keys else None
    groups: dict[str, Group] = {}
    root = store.root + "/"
    listed = 0

    def allowed(prefix: str, parts: list[str]) -> bool:
        start, latest, _ = source.keys.day_of(parts)
        point = resume.get(root + "/".join(parts[:start])) if start >= 0 else None
        return sweep or point is None or latest is None or latest >= _window(source, point.day)

    def descend() -> Iterator[RemoteObject]:
        waiting = [root]  # no recursion: a key may have a thousand levels
        while waiting:
            listing = store.level(waiting.pop())
            yield from listing.objects
            for child in sorted(listing.prefixes, key=_counted, reverse=True):
                key = child[len(root) :]
                if (skip is None or not skip.search(key)) and allowed(child, key.rstrip("/").split("/")):
                    waiting.append(child)

    for item in descend():
        key = item.uri[len(root) :] if item.uri.startswith(root) else item.uri.rsplit("/", 1)[-1]
        if skip is not None and skip.search(key):
            continue
        parts = key.split("/")[:-1]
        start, latest, exact = source.keys.day_of(parts)
        day = latest if exact else None
        prefix = root + "/".join(parts[:start]) if day is not None else root
        group = groups.setdefault(prefix, Group(prefix, date.min))
        if day is not None:
            group.day = max(group.day, day)
        group.objects.append((item, day))
        listed += 1
        if listed >= LIST_LIMIT:
            yield list(groups.values())
            groups, listed = {}, 0
    yield list(groups.values())


def _counted(prefix: str) -> str:
    """What puts the day 9 before the day 10 where there are no leading zeros: a resume point must pass over none."""
    return NUMBER.sub(lambda found: found[0].zfill(4), prefix)


def plan(
    settings: Settings, source_name: str, place: str | None = None, *, sweep: bool = False, clock: Clock = now
) -> PlanResult:
    """Commit plans for every object version, or grown range of one, that the ledger does not know. Reads no object.

    `place` is where to look (default: the source's configured places). One place that fails holds up no other: it is in
    `failed`. Raises ConfigError, RetryableError where no place could be looked through.
    """
    source, lake = get(source_name), Lake(settings)
    check_store(settings.lake, settings.environment)
    bronze_table(lake, source.name)
    table = ledger_table(lake)
    places = [place] if place else settings.source_locations(source.name)
    objects = size = 0
    lanes: list[int] = []
    more = False
    failed: list[CatchmentError] = []
    for uri in places:
        held = 0
        try:
            find = _finder(settings, source, uri, sweep, clock)
            resume = Ledger(table.open(), source.name).resume_points()
            for groups, left in find.list(resume):
                planned, lanes = _commit_plans(table, source, settings, groups, clock)
                held, size = held + len(planned), size + sum(p.to_byte - p.from_byte for p in planned)
                more = more or left
                if held >= LIST_LIMIT:
                    more = True
                    break
            find.acknowledge()
        except CatchmentError as error:
            if len(places) == 1:
                raise
            failed.append(type(error)(f"{source.name}: {shown(uri)}: {error}"))
            LOG.warning("%s", failed[-1])
        objects += held
    if len(failed) == len(places):
        raise failed[0]
    return PlanResult(objects=objects, bytes=size, lanes=lanes, more=more, failed=tuple(failed))


def _commit_plans(
    table: Table, source: Source, settings: Settings, groups: list[Group], clock: Clock
) -> tuple[list[Planned], list[int]]:
    """Commit the plans for what was listed; they, and the lanes with open work."""
    planned: list[Planned] = []
    lanes: list[int] = []

    def work(snapshot: Snapshot) -> Changes | None:
        ledger = Ledger(snapshot, source.name)
        resume = ledger.resume_points()
        planned[:], points = _plans(source, settings, ledger, groups, resume, clock())
        lanes[:] = sorted({*ledger.lanes(), *(p.lane for p in planned)})
        if not planned and points == resume:
            return None
        counter = snapshot.progress(plan_txn(source.name)) + 1
        rows = plan_rows(source.name, planned, points, clock(), counter)
        return Changes(files=write_ledger(table, rows), progress={plan_txn(source.name): counter})

    table.commit(work)
    return planned, lanes


@dataclass(frozen=True, slots=True)
class Finder:
    """How one place is looked through: `list` gives groups of objects and whether the place holds more than it will
    give now; `acknowledge` is called once their plans are committed."""

    list: Callable[[dict[str, ResumePoint]], Iterable[tuple[list[Group], bool]]]
    acknowledge: Callable[[], None] = lambda: None


def _finder(settings: Settings, source: Source, uri: str, sweep: bool, clock: Clock) -> Finder:
    """By listing, by notification, or by pulling an API whose pages become objects first."""
    scheme = scheme_of(uri)
    if scheme in NOTIFIED:
        reader = importlib.import_module(f"transforms.readers.{NOTIFIED[scheme]}")
        notified: Notifications = reader.receive(uri, settings.environment)
        skip = re.compile(source.skip_keys) if source.skip_keys else None
        wanted = [o for o in notified.objects if skip is None or not skip.search(o.uri)]
        group = Group(uri, date.min, [(o, _day_of(source, o.uri.split("/")[3:-1])) for o in wanted])
        return Finder(lambda resume: [([group], bool(notified.objects))], notified.acknowledge)
    if scheme not in ("http", "https"):
        store = open_store(uri, settings.environment)
        return Finder(lambda resume: ((g, False) for g in discover(store, source, resume, sweep=sweep)))
    if not source.streams:
        raise ConfigError(f"{source.name}: has no API to pull from; give a folder or a bucket, not {uri}")
    address = uri.partition("://")[2].strip("/")  # each has cursors of its own
    folder = re.sub("[^A-Za-z0-9.-]", lambda found: f"_{ord(found[0]):x}_", address)
    pages = open_store(f"{settings.lake}/landing/{source.name}/{folder}", settings.environment)
    return Finder(lambda resume: _pulled(settings, source, uri, pages, resume, clock))


def _pulled(
    settings: Settings, source: Source, uri: str, pages: ObjectStore, resume: dict[str, ResumePoint], clock: Clock
) -> Iterator[tuple[list[Group], bool]]:
    """Pull each stream of an API. One that fails holds up no other: its error is raised once there is nothing new."""
    from transforms.readers import http

    groups: list[Group] = []
    failed: list[CatchmentError] = []
    more = False
    headers = source.streams[0].headers(settings.environment)  # one token for all
    redactor = redactor_of(settings, source)
    with http.new_client() as client:
        for api in source.streams:
            stream = f"{pages.root}/{api.stream}"
            point = resume.get(stream)
            last = point.fingerprint if point else None
            try:
                pulled = http.pull(
                    api,
                    uri,
                    pages,
                    pages.root,
                    settings.environment,
                    clock=clock,
                    sleep=time.sleep,
                    client=client,
                    headers=headers,
                    start_after=last,
                    written=bytes if redactor is None else redactor.record,
                )
                more = more or not pulled.complete
            except CatchmentError as error:
                failed.append(error)
            group = Group(stream, date.min, ordered=True)
            group.objects.extend((item, item.modified.date()) for item in pages.walk(stream + "/", last))
            groups.append(group)
    if failed and not any(group.objects for group in groups):
        raise failed[0]
    yield groups, more or bool(failed)


def _day_of(source: Source, parts: list[str]) -> date | None:
    _, day, exact = source.keys.day_of(parts)
    return day if exact else None


def _plans(
    source: Source,
    settings: Settings,
    ledger: Ledger,
    groups: list[Group],
    resume: dict[str, ResumePoint],
    at: datetime,
) -> tuple[list[Planned], dict[str, ResumePoint]]:
    """The new plans, in the order of the objects' times, and the resume points after them."""
    points = dict(resume)
    changed: list[tuple[Group, str | None]] = []
    horizon = at.date() + AHEAD
    for group in groups:
        if group.ordered:
            if group.objects:
                changed.append((group, max(o.uri for o, _ in group.objects)))
            continue
        point = resume.get(group.prefix)
        since = (point.day if point else date.min) if group.day > date.min else date.min
        window = _window(source, min(group.day, horizon))
        print_ = group.fingerprint(window) if group.day > date.min else None
        if (
            point is None
            or print_ is None
            or point.fingerprint != print_
            or since == date.min
            or any(day is not None and day < window for _, day in group.objects)
        ):
            changed.append((group, print_))
    days = [day for group, _ in changed for _, day in group.objects]
    oldest = None if any(d is None for d in days) or not days else min(d for d in days if d is not None)
    known = ledger.known(oldest) if days else {}
    fresh: list[tuple[RemoteObject, date | None, int, int, bool]] = []
    for group, print_ in changed:
        settled = True
        for item, day in group.objects:
            wanted, complete = _range(source, item, known.get(item.uri), at)
            settled = settled and complete
            if wanted is not None:
                fresh.append((item, day, *wanted))
        if group.ordered:
            points[group.prefix] = ResumePoint(max(o.modified.date() for o, _ in group.objects), print_)
        elif group.day > date.min:
            before = resume.get(group.prefix)
            newest = max(group.day, before.day) if before else group.day
            points[group.prefix] = ResumePoint(min(newest, horizon), print_ if settled else None)
    fresh.sort(key=lambda f: (f[0].modified, f[0].uri))
    return _sequences(settings, source, ledger, fresh), points


def _window(source: Source, newest: date) -> date:
    """The first day that is listed again."""
    return max(newest, date.min + source.keys.overlap) - source.keys.overlap


def _range(
    source: Source, item: RemoteObject, known: Known | None, at: datetime
) -> tuple[tuple[int, int, bool] | None, bool]:
    """((first byte, first record, final) or None where nothing is to plan, whether all that exists is planned)."""
    quiet = at - item.modified >= source.settle
    if not source.grows:
        if known is not None and item.version in known.versions:
            return None, True
        return (0, 0, True), True
    if known is None:
        return ((0, 0, quiet) if item.size or quiet else None), quiet
    if known.open:
        return None, False
    if known.to_byte > item.size and item.modified > known.modified:
        return (0, 0, quiet), quiet  # written anew, and shorter
    if known.to_byte >= item.size:
        return None, True
    if item.version in known.versions and not quiet:
        return None, False  # the incomplete last record is still being written
    return (known.to_byte, known.next_record, quiet), quiet


def _sequences(
    settings: Settings,
    source: Source,
    ledger: Ledger,
    fresh: list[tuple[RemoteObject, date | None, int, int, bool]],
) -> list[Planned]:
    """Bundle objects into sequences of bounded size, each within one lane."""
    following = ledger.last_sequence()
    current: dict[int, tuple[int, int, int]] = {}  # lane -> sequence, objects, bytes
    plans = []
    for item, day, start, record, final in fresh:
        lane = lane_of(item.uri, settings.lanes)
        sequence, objects, size = current.get(lane, (0, 0, 0))
        length = item.size - start
        if not sequence or objects >= settings.plan_objects or size + length > settings.plan_bytes:
            following += 1
            sequence, objects, size = following, 0, 0
        current[lane] = (sequence, objects + 1, size + length)
        plans.append(
            Planned(
                uri=item.uri,
                version=item.version,
                size=item.size,
                object_time=item.modified,
                object_date=day,
                lane=lane,
                sequence=sequence,
                from_byte=start,
                to_byte=item.size,
                from_record=record,
                final=final,
                attributes=item.attributes,
            )
        )
    return plans


# --- reading and committing ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Batch:
    """One sequence as it is read: bronze files, quarantine files, and what became of each object."""

    writer: BronzeWriter
    table: Table
    bad: list[pa.Table] = field(default_factory=list)
    bad_bytes: int = 0
    bad_files: list[DataFile] = field(default_factory=list)
    results: list[Outcome] = field(default_factory=list)
    bytes: int = 0
    taken: tuple[int, int, int] = (0, 0, 0)
    """Records, quarantined pieces and control messages of the object that is read: they stay if it fails half-way."""

    def quarantine(self, rows: pa.Table) -> None:
        if rows.num_rows:
            self.bad.append(rows)
            self.bad_bytes += rows.nbytes
            if self.bad_bytes >= QUARANTINE_BUFFER:
                self.finish_bad()

    def finish_bad(self) -> list[DataFile]:
        if self.bad:
            self.bad_files += self.table.write(pa.concat_tables(self.bad))
            self.bad, self.bad_bytes = [], 0
        return self.bad_files


def land_lane(settings: Settings, source_name: str, lane: int, *, clock: Clock = now) -> LandResult:
    """Land every open plan of one lane, in order. Safe beside another worker on the same lane.

    Raises RetryableError or ConfigError where an object could not be read now; what came before it is committed.
    """
    if lane == NO_LANE:
        raise RetryableError(f"{source_name}: a place could not be looked through; its planning's log says which")
    source, lake = get(source_name), Lake(settings)
    tables = (quarantine_table(lake), bronze_table(lake, source.name), ledger_table(lake))
    total = LandResult()
    while True:
        ledger = Ledger(tables[2].open(), source.name)
        plans = ledger.open_plans(lane)
        if not plans:
            return total
        for sequence, items in plans.items():
            failures = ledger.failures(lane, sequence)
            total += _land_sequence(settings, source, tables, lane, sequence, items, failures, clock)


def _land_sequence(
    settings: Settings,
    source: Source,
    tables: tuple[Table, Table, Table],
    lane: int,
    sequence: int,
    items: list[Planned],
    failures: dict[str, list[datetime]],
    clock: Clock,
) -> LandResult:
    quarantine, bronze, ledger = tables
    at = clock()
    batch = _Batch(BronzeWriter(bronze), quarantine)
    builder = EnvelopeBuilder(source, at)
    for item in items:
        try:
            _read(settings, source, builder, batch, item)
        except (RetryableError, ConfigError, OSError) as error:
            failed = [*failures.get(item.uri, []), at]
            if len(failed) < settings.poison_after or at - min(failed) < settings.poison_age:
                bronze.lake.remove(bronze, batch.writer.finish())
                quarantine.lake.remove(quarantine, batch.bad_files)
                rows = failed_rows(source.name, item, str(error), at)
                ledger.commit(lambda snapshot, rows=rows: Changes(files=write_ledger(ledger, rows)))  # type: ignore[misc]
                kind = ConfigError if isinstance(error, ConfigError) else RetryableError
                raise kind(f"{source.name}: {item.uri}: {error}") from error
            _condemn(
                source,
                batch,
                item,
                Bad(-1, None, f"unreadable after {len(failed)} attempts: {error}", item.size),
                at,
                *batch.taken,
            )
    bad_files, files = batch.finish_bad(), batch.writer.finish()
    if bronze.open().progress(bronze_txn(source.name, lane)) >= sequence:  # a rival's, with what it found bad
        bronze.lake.remove(bronze, files)
        quarantine.lake.remove(quarantine, bad_files)
    else:
        if bad_files:
            _commit(quarantine, quarantine_txn(source.name, lane), sequence, bad_files)
        _commit(bronze, bronze_txn(source.name, lane), sequence, files)
    rows = landed_rows(source.name, batch.results, at)
    _commit(ledger, landed_txn(source.name, lane), sequence, write_ledger(ledger, rows))
    return LandResult(
        objects=len(items),
        records=sum(r.records for r in batch.results),
        quarantined=sum(r.quarantined for r in batch.results),
        control=sum(r.control for r in batch.results),
        bytes=batch.bytes,
    )


def _commit(table: Table, txn: str, sequence: int, files: list[DataFile]) -> None:
    """Commit files as one sequence, unless somebody did already: then they are removed again."""

    def work(snapshot: Snapshot) -> Changes | None:
        return None if snapshot.progress(txn) >= sequence else Changes(files=files, progress={txn: sequence})

    if table.commit(work) is None:
        table.lake.remove(table, files)


def _read(settings: Settings, source: Source, builder: EnvelopeBuilder, batch: _Batch, item: Planned) -> None:
    """Read one planned range into the batch; what is bad in it goes to quarantine."""
    place = Place(
        uri=item.uri,
        version=item.version,
        batch_id=f"{item.lane}-{item.sequence}",
        attributes=item.attributes,
        modified=item.object_time,
    )
    batch.taken = (0, 0, 0)
    redactor = redactor_of(settings, source)
    if item.size == 0:
        _condemn(source, batch, item, Bad(-1, b"", "empty object", 0), builder.landed_at)
        return
    consumed, records, quarantined, control = 0, 0, 0, 0
    try:
        with_store = store_of(item.uri, settings)
        stream = with_store.open(_remote(item), item.from_byte, item.to_byte, pin=not source.grows)
        final = item.final or not source.grows
        try:
            unpacked, packed = plain(stream, size=item.to_byte - item.from_byte, max_ratio=settings.max_ratio)
            final = final or packed
            read = source.read(unpacked, _bounds(settings, item, final))
            for delivered in read:
                chunk = writable(settings, source, redactor, _remote(item), delivered)
                here = place.of(chunk)
                rows = builder.rows(chunk, here)
                batch.writer.add(rows.table)
                if rows.bad:
                    pieces = rows.bad if redactor is None else redactor.bad(rows.bad)
                    batch.quarantine(quarantine_rows(source.name, here, pieces, builder.landed_at))
                records += rows.table.num_rows
                quarantined += len(rows.bad)
                control += chunk.control
                batch.taken = (records, quarantined, control)
                batch.bytes += chunk.consumed - consumed
                consumed = chunk.consumed
        finally:
            stream.close()
    except ObjectGone as error:
        bad = Bad(-1, None, str(error), item.size)
        _condemn(source, batch, item, bad, builder.landed_at, records, quarantined, control)
        return
    except DataError as error:
        bad = Bad(-1, _bytes_of(settings, source, item), str(error), item.size)
        if redactor is not None:
            (bad,) = redactor.bad([bad])
        _condemn(source, batch, item, bad, builder.landed_at, records, quarantined, control)
        return
    end = item.from_byte + consumed if source.grows and not final else item.to_byte
    batch.results.append(Outcome(item, end, records, quarantined, control))


def redactor_of(settings: Settings, source: Source) -> Redactor | None:
    """What takes the secrets out of a source's records; None where it declares none. Raises ConfigError for the key."""
    return None if source.redact is None else Redactor(source.redact, settings.redaction_key)


def writable(settings: Settings, source: Source, redactor: Redactor | None, item: RemoteObject, chunk: Chunk) -> Chunk:
    """The chunk, whose attributes say what the source's verification found of it, and then without its secrets.

    Raises ObjectGone, ConfigError, RetryableError.
    """
    if source.vouch is not None and chunk.records:
        beside = Beside(item, store_of(item.uri, settings), settings)
        chunk.tell_each([source.vouch(bytes(record), beside) for record in chunk.records])
    return chunk if redactor is None else redactor.chunk(chunk)


def _bounds(settings: Settings, item: Planned, final: bool) -> Bounds:
    return Bounds(
        final=final,
        first_no=item.from_record,
        chunk_bytes=settings.chunk_bytes,
        max_record=settings.max_record_bytes,
        max_document=settings.max_document_bytes,
        max_ratio=settings.max_ratio,
        uri=item.uri,
        modified=item.object_time,
        environment=settings.environment,
    )


def _condemn(
    source: Source,
    batch: _Batch,
    item: Planned,
    bad: Bad,
    at: datetime,
    records: int = 0,
    quarantined: int = 0,
    control: int = 0,
) -> None:
    """Quarantine a whole object."""
    place = Place(
        uri=item.uri,
        version=item.version,
        batch_id=f"{item.lane}-{item.sequence}",
        attributes=item.attributes,
    )
    batch.quarantine(quarantine_rows(source.name, place, [bad], at))
    batch.results.append(Outcome(item, item.to_byte, records, quarantined + 1, control, bad.reason))


def _bytes_of(settings: Settings, source: Source, item: Planned) -> bytes | None:
    """The delivered bytes of a bad object, where they may be kept in its row and can be read at all."""
    if source.cuts or item.to_byte - item.from_byte > INLINE:
        return None
    try:
        stream = store_of(item.uri, settings).open(_remote(item), item.from_byte, item.to_byte, pin=not source.grows)
        try:
            parts = []
            while block := stream.read(1 << 20):
                parts.append(block)
            return b"".join(parts)
        finally:
            stream.close()
    except (DataError, ObjectGone):  # archived, say: what condemned the object says so again
        return None


_stores: dict[str, tuple[Mapping[str, str], ObjectStore]] = {}


def store_of(uri: str, settings: Settings) -> ObjectStore:
    """A store that can open an object; one client a bucket, environment and process."""
    scheme, _, rest = uri.partition("://")
    root = f"{scheme}://{rest.split('/', 1)[0]}"
    environment, store = _stores.get(root, (None, None))
    if store is None or environment != settings.environment:
        store = open_store(root if scheme != "file" else "/", settings.environment)
        _stores[root] = settings.environment, store
    return store


def _remote(item: Planned) -> RemoteObject:
    return RemoteObject(
        uri=item.uri,
        version=item.version,
        size=item.size,
        modified=item.object_time,
        attributes=item.attributes,
    )


# --- both together ---------------------------------------------------------------------------------------------------


def land(
    settings: Settings,
    source_name: str,
    place: str | None = None,
    *,
    sweep: bool = False,
    clock: Clock = now,
    progress: Callable[[LandResult], None] = lambda result: None,
) -> LandResult:
    """Plan and land everything new of a source, in as many processes as the work is worth."""
    total = LandResult()
    while True:
        planned = plan(settings, source_name, place, sweep=sweep, clock=clock)
        for result in land_lanes(settings, source_name, planned.lanes, size=planned.bytes, clock=clock):
            total += result
            progress(total)
        if not planned.more:
            if planned.failed:
                raise planned.failed[0]
            return total


def land_lanes(
    settings: Settings, source_name: str, lanes: Sequence[int], *, size: int = 0, clock: Clock = now
) -> Iterable[LandResult]:
    """What each lane landed; of many bytes (`size`) in several processes, else in this one.

    A lane that fails holds up no other; its error is raised when all have been worked.
    """
    waiting: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[LandResult | CatchmentError] = SimpleQueue()
    failed: list[CatchmentError] = []
    for lane in lanes:
        waiting.put(lane)
    helpers = min(settings.workers, len(lanes)) - 1 if size >= PROCESSES_FROM else 0
    if not helpers:
        for _ in _work(partial(land_lane, settings, source_name, clock=clock), waiting, done):
            yield from _landed(done, failed)
        if failed:
            raise failed[0]
        return
    # delta-rs does not survive a fork
    with (
        ThreadPoolExecutor(helpers) as threads,
        ProcessPoolExecutor(helpers, get_context("spawn"), initializer=keep_memory) as processes,
    ):

        def elsewhere(lane: int) -> LandResult:
            return processes.submit(land_lane, settings, source_name, lane).result()

        others = [threads.submit(lambda: list(_work(elsewhere, waiting, done))) for _ in range(helpers)]
        keep_memory()
        for _ in _work(partial(land_lane, settings, source_name, clock=clock), waiting, done):
            yield from _landed(done, failed)
        for other in others:
            other.result()
    yield from _landed(done, failed)
    if failed:
        raise failed[0]


def _work(
    land_one: Callable[[int], LandResult], waiting: SimpleQueue[int], done: SimpleQueue[LandResult | CatchmentError]
) -> Iterator[int]:
    """Take lanes until none is left; this process and each of its helpers do."""
    while True:
        try:
            lane = waiting.get_nowait()
        except Empty:
            return
        try:
            done.put(land_one(lane))
        except (RetryableError, ConfigError) as error:
            done.put(error)
        yield lane


def _landed(done: SimpleQueue[LandResult | CatchmentError], failed: list[CatchmentError]) -> Iterator[LandResult]:
    while not done.empty():
        result = done.get()
        if isinstance(result, LandResult):
            yield result
        else:
            failed.append(result)
