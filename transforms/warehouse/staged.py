"""One batch of new bronze rows through its staging model, and which of the rows it gives are there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date

import duckdb

from transforms.lake.table import DataFile, Lake
from transforms.warehouse.places import SLICE, Places
from transforms.warehouse.session import literal, scan

SCHEMA = "catchment_work"
TABLES = ("held", "verdict", "known", "suspect", "gist", "place")
IP, COUNTRY, PROVIDER = "src_endpoint_ip", "src_endpoint_country", "src_endpoint_location_provider"
ASN, AS_NAME = "src_endpoint_asn", "src_endpoint_as_name"
PRIVATE = ("10.", "172.31.", "192.168.")
"""What most private addresses begin with: so much less to look up."""
BY_ROW = "v.row = s.rowid"
BY_PLACE = (
    "v.record_no = s.record_no and v.object_uri = s.object_uri and v.event_uid = s.event_uid "
    "and v.raw_data_hash is not distinct from s.raw_data_hash"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """What a model made of one batch.

    rows: a FROM clause with the rows, duplicates among them: `s` are the model's columns, `v` the verdict on a row,
    NULL where nothing speaks against it. days: the days of the rows by class_uid. filled: the columns that databases of
    places know better than the model, as SQL over `s` and `p`, which `rows` then joins.
    """

    rows: str
    filled: Mapping[str, str]
    days: Mapping[int | None, Sequence[date]]
    unreadable: int
    duplicates: int
    collisions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """New bronze rows (a FROM clause), the view by which the model's `sql` reads them, and the OCSF rows by class table
    of the days that they touch."""

    con: duckdb.DuckDBPyConnection
    lake: Lake
    source: str
    sql: str
    view: str
    rows: str
    earlier: Mapping[str, Sequence[DataFile]]
    places: Places

    def hold(self) -> Staged:
        """Run the model once, into memory. Rows whose text the engine cannot parse come with raw = NULL."""
        self._begin()
        held = f"create table {SCHEMA}.held as {self.sql}"
        unreadable = 0
        self._show()
        try:
            self.con.execute(held)
        except duckdb.InvalidInputException as error:
            if "JSON" not in str(error):
                raise
            self._show("* replace (case when json_valid(raw) then raw end as raw)")
            self.con.execute(held)
            unreadable = self._count(f"{self.view} where raw is null")
        self._suspect(f"{SCHEMA}.held")
        self._judge(f"{SCHEMA}.held", "s.rowid")
        return self._staged(f"{SCHEMA}.held", BY_ROW, unreadable)

    def give(self) -> Staged | None:
        """Let each class be written from the model itself: what is cheaply parsed is parsed again rather than held.

        None where the batch has to be held: two rows differ in nothing but the version of their object, or the engine
        cannot parse one.
        """
        self._begin()
        given = f"{SCHEMA}.given"
        self._show()
        self.con.execute(f"create view {given} as {self.sql}")
        try:
            self._suspect(self.view)
            self._show(where=f"event_uid in (select event_uid from {SCHEMA}.suspect)")
            self._judge(given, "null::bigint")
            self._show()
            place = "event_uid, raw_data_hash, object_uri, record_no"
            if self._count(f"(select 1 from {SCHEMA}.verdict group by {place} having count(*) > 1)"):
                return None
            return self._staged(given, BY_PLACE, 0)
        except duckdb.InvalidInputException as error:
            if "JSON" not in str(error):
                raise
            return None

    def end(self) -> None:
        """Let go of what the batch holds."""
        self.con.execute(f"drop view if exists {SCHEMA}.given")
        for name in TABLES:
            self.con.execute(f"drop table if exists {SCHEMA}.{name}")

    def _begin(self) -> None:
        self.con.execute("create schema if not exists catchment_new")
        self.con.execute(f"create schema if not exists {SCHEMA}")
        self.end()

    def _show(self, columns: str = "*", where: str = "true") -> None:
        self.con.execute(f"create or replace view {self.view} as select {columns} from {self.rows} where {where}")

    def _count(self, relation: str) -> int:
        return int(self.con.execute(f"select count(*) from {relation}").fetchall()[0][0])

    def _suspect(self, new: str) -> None:
        """Which event_uids come more than once: in `new`, or there and in the OCSF rows of the same days."""
        parts = [
            f"select event_uid, raw_data_hash from {scan(self.lake.table(f'ocsf/{name}'), files)} "
            f"where source = {literal(self.source)}"
            for name, files in self.earlier.items()
            if files
        ]
        self.con.execute(
            f"create table {SCHEMA}.known as "
            + (
                f"select k.event_uid, k.raw_data_hash from ({' union all '.join(parts)}) k "
                f"where k.event_uid in (select event_uid from {new})"
                if parts
                else "select null::varchar as event_uid, null::varchar as raw_data_hash where false"
            )
        )
        self.con.execute(
            f"""
            create table {SCHEMA}.suspect as
            select event_uid from {SCHEMA}.known
            union
            select event_uid from {new} group by event_uid having count(*) > 1
            """
        )

    def _judge(self, relation: str, row: str) -> None:
        """Decide which of the suspect rows are duplicates and which collide; the others get no verdict.

        A duplicate has the event_uid and the text of a row that is there or comes earlier in the batch. A row with the
        event_uid but another text is kept and flagged: some ids are chosen by clients.
        """
        self.con.execute(
            f"""
            create table {SCHEMA}.verdict as
            with texts as (
                select {row} as row, s.event_uid, s.raw_data_hash, s.object_uri, s.record_no,
                    row_number() over (
                        partition by s.event_uid, s.raw_data_hash order by s.object_uri, s.record_no
                    ) as copy,
                    dense_rank() over (partition by s.event_uid order by s.raw_data_hash) as text
                from {relation} s
                where s.event_uid in (select event_uid from {SCHEMA}.suspect)
            ),
            uids as (select distinct event_uid from {SCHEMA}.known),
            pairs as (select distinct event_uid, raw_data_hash from {SCHEMA}.known)
            select t.* exclude (copy, text),
                t.copy > 1 or p.event_uid is not null as is_duplicate,
                u.event_uid is not null or t.text > 1 as is_collision
            from texts t
            left join uids u on u.event_uid = t.event_uid
            left join pairs p on p.event_uid = t.event_uid and p.raw_data_hash is not distinct from t.raw_data_hash
            """
        )

    def _staged(self, relation: str, key: str, unreadable: int) -> Staged:
        have = {name for name, *_ in self.con.execute(f"describe select * from {relation}").fetchall()}
        # once through the rows, which may mean to parse them: what is asked of all of them
        self.con.execute(
            f"create table {SCHEMA}.gist as "
            f"select distinct class_uid, event_date, {unplaced(self.places, have)} as address from {relation} s"
        )
        days = self.con.execute(
            f"select class_uid, list(distinct event_date) from {SCHEMA}.gist group by all"
        ).fetchall()
        filled = self._place(have)
        counts = self.con.execute(
            "select count(*) filter (is_duplicate), count(*) filter (not is_duplicate and is_collision) "
            f"from {SCHEMA}.verdict"
        ).fetchall()
        join = f" left join {SCHEMA}.place p on p.address = s.src_endpoint_ip" if filled else ""
        return Staged(
            rows=f"{relation} s left join {SCHEMA}.verdict v on {key}{join}",
            filled=filled,
            days=dict(days),
            unreadable=unreadable,
            duplicates=int(counts[0][0]),
            collisions=int(counts[0][1]),
        )

    def _place(self, have: Set[str]) -> dict[str, str]:
        """Look up the addresses of the batch, into a table; the columns that it fills, none where nothing is known."""
        reader = self.con.execute(
            f"select distinct address from {SCHEMA}.gist where address is not null"
        ).to_arrow_reader(SLICE)
        found = self.places.table(address for batch in reader for address in batch.column(0).to_pylist())
        if not found.num_rows:
            return {}
        self.con.register("catchment_places", found)
        country, system = literal(f"country: {self.places.countries}"), literal(f"as: {self.places.systems}")
        self.con.execute(
            f"""
            create table {SCHEMA}.place as
            select *,
                case when country is not null then {country} end as says_country,
                case when coalesce(asn::varchar, as_name) is not null then {system} end as says_system,
                nullif(concat_ws('; ', says_country, says_system), '') as says
            from catchment_places
            """
        )
        self.con.unregister("catchment_places")
        told = f"s.{COUNTRY} is not null" if COUNTRY in have else "false"
        told_system = " or ".join(f"s.{name} is not null" for name in (ASN, AS_NAME) if name in have) or "false"

        def own(name: str, is_told: str, known: str) -> str:
            return f"case when {is_told} then {f's.{name}' if name in have else 'null'} else {known} end"

        provider = f"case when {told} then case when {told_system} then null else p.says_system end"
        return {
            COUNTRY: own(COUNTRY, told, "p.country"),
            PROVIDER: f"{provider} when {told_system} then p.says_country else p.says end",
            ASN: own(ASN, told_system, "p.asn"),
            AS_NAME: own(AS_NAME, told_system, "p.as_name"),
        }


def unplaced(places: Places, have: Set[str]) -> str:
    """SQL over `s`: the source address of a row that lacks its country or autonomous system, if it may be public."""
    lacks = []
    if places.has_countries:
        lacks.append(f"s.{COUNTRY} is null" if COUNTRY in have else "true")
    if places.has_systems:
        lacks.append(" and ".join(f"s.{name} is null" for name in (ASN, AS_NAME) if name in have) or "true")
    if not lacks or IP not in have:
        return "null::varchar"
    private = " or ".join(f"starts_with(s.{IP}, {literal(prefix)})" for prefix in PRIVATE)
    return f"case when ({' or '.join(lacks)}) and not ({private}) then s.{IP} end"
