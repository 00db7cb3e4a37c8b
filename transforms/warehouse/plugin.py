"""The dbt-duckdb plugin: what the materializations of dbt_project/macros hand over to Python.

One instance lives for one dbt invocation. `store` gets an action by name; the connection is DuckDB in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import TargetConfig

from transforms.lake import rebuild
from transforms.lake.ledger import ledger_table
from transforms.lake.quarantine import quarantine_table
from transforms.lake.table import Lake, Snapshot
from transforms.settings import Settings
from transforms.warehouse import detect, mart, places, rollup, route, runs, session, suppressions, views
from transforms.warehouse.inputs import Inputs
from transforms.warehouse.session import identifier


@dataclass(frozen=True, slots=True)
class Handed:
    """What the runner knew before dbt read the models: its settings, and the rebuilds that were asked for."""

    settings: Settings
    rebuilds: Mapping[str, int]


HANDED: Handed | None = None
"""For the invocation that runs in this process; None where dbt was started by hand."""


class Run:
    """What one dbt invocation did; the runner reads it when dbt has ended."""

    def __init__(self) -> None:
        self.routed: list[route.Routed] = []
        self.rolled: list[rollup.Rolled] = []
        self.marted: list[mart.Marted] = []
        self.detected: list[detect.Detected] = []
        self.statuses: dict[str, dict[str, Any]] = {}
        self.lost = False


LAST = Run()
"""The invocation that ran last in this process."""


class Plugin(BasePlugin):
    """Actions: begin, create_class, create_findings, route, roll, mart, view, detect, end."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self.settings = HANDED.settings if HANDED else Settings.from_env()
        self.lake = Lake(self.settings)
        self.lake.rebuilds = HANDED.rebuilds if HANDED else rebuild.requested(self.lake)
        self.connection: duckdb.DuckDBPyConnection | None = None
        self.places: places.Places | None = None
        self.classes: dict[str, int] = {}
        self.opened: dict[str, Snapshot] = {}
        self.inputs = Inputs(self.lake, self.opened)
        self.views: dict[str, str] | None = None
        self.findings: Snapshot | None = None
        self.suppressions: list[suppressions.Suppression] = []

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        self.connection = conn
        session.configure(conn, self.settings)

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute("set timezone = 'UTC'")

    def store(self, target_config: TargetConfig) -> None:
        assert self.connection is not None
        handed = dict(target_config.config)
        action: Callable[..., None] = getattr(self, f"_{handed.pop('action')}")
        cursor = self.connection.cursor()
        try:
            cursor.execute("set timezone = 'UTC'")
            action(cursor, target_config, **handed)
        finally:
            cursor.close()

    def _begin(self, con: duckdb.DuckDBPyConnection, target: TargetConfig, reads: list[list[str]]) -> None:
        """`reads` are the relations that the selected models read and none of them makes, as [schema, name]."""
        LAST.__init__()  # type: ignore[misc]  # the same object, emptied
        for create in (ledger_table, quarantine_table, runs.runs_table):  # views read them, empty or not
            create(self.lake)
        session.register_views(con, self.lake, [(schema, name) for schema, name in reads])

    def _create_class(
        self,
        con: duckdb.DuckDBPyConnection,
        target: TargetConfig,
        class_uid: int,
        sources: list[str],
        fills: bool,
    ) -> None:
        name = str(target.relation.identifier)
        self.classes[name] = class_uid
        self.opened[f"ocsf/{name}"] = self.lake.table(f"ocsf/{name}").create(
            _schema(con, f"ocsf.{identifier(name + '__contract')}"),
            ["event_date"],
            f"OCSF class {class_uid}",
            append_only=False,
        )
        if fills:
            rebuild.begin_class(self.lake, name, sources, self.lake.rebuilds["ocsf"])
        session.register_view(con, self.lake, "ocsf", name)

    def _create_findings(self, con: duckdb.DuckDBPyConnection, target: TargetConfig) -> None:
        table = self.lake.table("findings/findings")
        table.create(
            _schema(con, "findings.findings__contract"),
            ["event_date"],
            "Revisions of findings; the view shows the latest",
        )
        session.register_view(con, self.lake, "findings", "findings")

    def _route(
        self,
        con: duckdb.DuckDBPyConnection,
        target: TargetConfig,
        model: str,
        sql: str,
        source: str,
        refs: list[str],
    ) -> None:
        classes = {
            ref.removeprefix("ocsf_"): self.classes[ref.removeprefix("ocsf_")]
            for ref in refs
            if ref.startswith("ocsf_") and ref.removeprefix("ocsf_") in self.classes  # a seed may be named so
        }
        if self.places is None:
            self.places = places.Places(self.settings)
        LAST.routed.append(
            route.route(
                con,
                self.settings,
                self.lake,
                model=model,
                sql=sql,
                source=source,
                classes=classes,
                opened=self.opened,
                places=self.places,
            )
        )

    def _roll(
        self,
        con: duckdb.DuckDBPyConnection,
        target: TargetConfig,
        model: str,
        sql: str,
        refs: list[str],
        folds: dict[str, str],
        description: str,
        **_: Any,
    ) -> None:
        name = str(target.relation.identifier)
        schema = _schema(con, f"rollups.{identifier(name + '__contract')}")
        marked = [f.with_metadata({"fold": folds[f.name]}) if f.name in folds else f for f in schema]
        self.lake.table(f"rollups/{name}").create(pa.schema(marked), ["event_date"], description, append_only=False)
        LAST.rolled.append(rollup.roll(con, self.settings, self.inputs, model=model, table=name, sql=sql, refs=refs))
        session.register_view(con, self.lake, "rollups", name)

    def _mart(
        self,
        con: duckdb.DuckDBPyConnection,
        target: TargetConfig,
        model: str,
        sql: str,
        meta: dict[str, Any],
        refs: list[str],
        description: str,
        **_: Any,
    ) -> None:
        whole = bool(meta.get("whole"))
        schema = _schema(con, f"marts.{identifier(model + '__contract')}")
        table = self.lake.table(f"marts/{model}")
        table.create(schema, [] if whole else ["event_date"], description, append_only=False)
        if whole:
            LAST.marted.append(mart.build_whole(con, self.lake, model=model, sql=sql))
        else:
            LAST.marted.append(
                mart.build_mart(con, self.settings, self.inputs, model=model, sql=sql, meta=meta, refs=refs)
            )
        session.register_view(con, self.lake, "marts", model)

    def _view(self, con: duckdb.DuckDBPyConnection, target: TargetConfig, name: str, sql: str) -> None:
        if self.views is None:
            self.views = views.defined(self.lake)
        if self.views.get(name) != sql:
            views.define(self.lake, name, sql)
        views.create(con, name, sql)

    def _detect(
        self,
        con: duckdb.DuckDBPyConnection,
        target: TargetConfig,
        model: str,
        sql: str,
        meta: dict[str, Any],
        refs: list[str],
    ) -> None:
        if self.findings is None:
            self.findings = self.lake.table("findings/findings").open()
            self.suppressions = suppressions.load(self.settings)
        now = datetime.now(UTC)
        found = detect.detect_one(
            con,
            self.settings,
            self.inputs,
            self.findings,
            model=model,
            sql=sql,
            meta=meta,
            refs=refs,
            suppressions=self.suppressions,
            now=now,
        )
        LAST.detected.append(found)

    def _end(self, con: duckdb.DuckDBPyConnection, target: TargetConfig, statuses: dict[str, dict[str, Any]]) -> None:
        LAST.statuses = statuses
        now = datetime.now(UTC)
        for model, status in statuses.items():
            if model.startswith("det_"):
                failed = status["status"] not in ("success", "pass")
                snapshot = self.findings or self.lake.table("findings/findings").open()
                status["reach"] = runs.reach(self.inputs, snapshot, model, status["refs"], failed=failed, now=now)
        if self.findings is not None:
            runs.append(self.lake, [row for found in LAST.detected for row in runs.blind(found.model, found.unseen)])
            LAST.lost = not detect.commit_findings(self.findings, LAST.detected)
            self.findings = None


def _schema(con: duckdb.DuckDBPyConnection, relation: str) -> pa.Schema:
    """The Arrow schema of a relation, as Delta stores it."""
    arrow: pa.Schema = con.execute(f"select * from {relation} limit 0").to_arrow_table().schema
    return arrow
