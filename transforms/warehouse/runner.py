"""Runs dbt in this process: `build` works bronze off into OCSF, `correlate` brings rollups and marts up to it,
`detect` turns new rows into findings.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from transforms.errors import CatchmentError, RetryableError
from transforms.lake import rebuild as requests
from transforms.lake.rebuild import honoured
from transforms.lake.table import Lake, Reading, Snapshot, ocsf_txn
from transforms.readers.probe import check_store
from transforms.settings import REPOSITORY, Settings
from transforms.warehouse.places import Places
from transforms.warehouse.routes import routes_of
from transforms.warehouse.runs import append

PROJECT = REPOSITORY / "dbt_project"
PARSED = "partial_parse.msgpack"
DERIVED = ("path:models/ocsf", "path:models/rollups")
"""What detections and marts consume."""
ATTEMPTS = 5
QUIET = (
    *("--no-use-colors", "--log-level", "none", "--log-level-file", "none", "--no-print", "--no-populate-cache"),
    "--no-write-json",  # manifest and results, which nobody reads: a third of an idle run
)


@dataclass(slots=True)
class BuildResult:
    """Rows appended by class table; duplicates left out; ids that collided; rows that the engine could not parse.

    unseen: sources whose bronze log was cleaned up before it was consumed, and why; all of bronze was read instead.
    """

    rows_by_class: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    collisions: int = 0
    unreadable: int = 0
    batches: int = 0
    unseen: dict[str, str] = field(default_factory=dict)
    new: Reading = field(default_factory=Reading)
    seen: Reading = field(default_factory=Reading)
    failed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        return sum(self.rows_by_class.values())


@dataclass(slots=True)
class CorrelateResult:
    """Rows appended to rollups; days (or whole marts) that were replaced."""

    rolled: int = 0
    replaced: int = 0
    new: Reading = field(default_factory=Reading)
    seen: Reading = field(default_factory=Reading)
    failed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(slots=True)
class DetectResult:
    """Findings created, updated, resolved and withdrawn over all detections; those that failed, with the reason."""

    created: int = 0
    updated: int = 0
    resolved: int = 0
    withdrawn: int = 0
    detections: int = 0
    new: Reading = field(default_factory=Reading)
    seen: Reading = field(default_factory=Reading)
    failed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def findings(self) -> int:
        return self.created


def build(settings: Settings) -> BuildResult:
    """Normalise what landed. One broken source does not hold up another; it is in `failed`.

    Raises ConfigError where an operator's database of places cannot be used.
    """
    started = time.monotonic()
    Places(settings)
    run, statuses = _dbt(settings, ["build", "--select", "path:models/ocsf", *_waiting(settings)])
    result = BuildResult()
    for routed in run.routed:
        result.rows_by_class += routed.rows
        result.duplicates += routed.duplicates
        result.collisions += routed.collisions
        result.unreadable += routed.unreadable
        result.batches += routed.batches
        if routed.unseen:
            result.unseen[routed.source] = routed.unseen
        result.new += routed.new
        result.seen += routed.seen
    result.failed = {name: message for name, message in statuses.items() if message}
    result.seconds = time.monotonic() - started
    return result


def correlate(settings: Settings) -> CorrelateResult:
    """Bring rollups and marts up to the OCSF tables. One that fails holds up no other; it is in `failed`."""
    started = time.monotonic()
    run, statuses = _dbt(
        settings,
        [
            "build",
            "--select",
            *DERIVED,
            "path:models/findings",
            "path:models/sdlc",
            "path:models/marts",
            _seeds("marts"),
        ],
    )
    result = CorrelateResult(failed={name: message for name, message in statuses.items() if message})
    for rolled in run.rolled:
        result.rolled += rolled.rows
        result.new += rolled.new
    for marted in run.marted:
        result.replaced += marted.replaced
        result.new += marted.new
        result.seen += marted.seen
    result.seconds = time.monotonic() - started
    return result


FEW = 10
"""Sources up to which naming each costs less than what is left out."""


def _waiting(settings: Settings) -> Iterator[str]:
    """Selects the staging models of sources of which something waits in bronze, and their seeds; of many, all."""
    lake = Lake(settings)
    opened: dict[str, Snapshot | None] = {}
    routes = routes_of(Path(_project(settings)))
    names = [name for name in lake.names("bronze") if _waits(lake, name, routes.get(name, ()), opened)]
    if len(names) > FEW or any(c and honoured(c) < requests.requested(lake)["ocsf"] for c in opened.values()):
        yield from ("path:seeds", "path:models/staging")
        return
    yield "path:seeds/*.csv"
    for name in names:
        yield f"path:seeds/classes/{name}.csv"
        yield f"source:bronze.{name}+1,path:models/staging"


def _waits(lake: Lake, source: str, classes: Sequence[str], opened: dict[str, Snapshot | None]) -> bool:
    """Whether one of a source's class tables has not come to the head of its bronze table; where it has none, yes."""
    for name in classes:
        if name not in opened:
            table = lake.table(f"ocsf/{name}")
            opened[name] = table.open() if table.exists() else None
    snapshots = [opened[name] for name in classes]
    head = lake.table(f"bronze/{source}").open().version
    return not snapshots or any(s is None or s.progress(ocsf_txn(source)) < head for s in snapshots)


def _seeds(part: str) -> str:
    """Selects the seeds that a part of the models reads."""
    return f"+path:models/{part},resource_type:seed"


def detect(settings: Settings) -> DetectResult:
    """Run every detection over what is new. One that fails is recorded and retried from its last version."""
    started = time.monotonic()
    for _ in range(ATTEMPTS):
        run, statuses = _dbt(
            settings,
            ["build", "--select", *DERIVED, "path:models/findings", "path:models/detections", _seeds("detections")],
        )
        if not run.lost:
            break
    else:
        raise RetryableError(f"detect: lost {ATTEMPTS} times in a row to another run")
    result = DetectResult(failed={name: message for name, message in statuses.items() if message})
    for found in run.detected:
        result.created += found.created
        result.updated += found.updated
        result.resolved += found.resolved
        result.withdrawn += found.withdrawn
        result.new += found.new
        result.seen += found.seen
    result.detections = len(run.detected)
    _report(settings, run)
    result.seconds = time.monotonic() - started
    return result


@dataclass(slots=True)
class RebuildResult:
    """The request that was made, and what working it off did; None for a step that was not come to."""

    request: int
    built: BuildResult | None = None
    correlated: CorrelateResult | None = None
    detected: DetectResult | None = None

    @property
    def failed(self) -> dict[str, str]:
        steps = (self.built, self.correlated, self.detected)
        return {name: message for step in steps if step is not None for name, message in step.failed.items()}


def rebuild(settings: Settings, layer: str = "ocsf") -> RebuildResult:
    """Begin a layer anew and work it off: `ocsf` from bronze, `rollups` and `marts` from what is below them.

    The request is kept, so what a run leaves undone the next `build`, `correlate` and `detect` do. These two refuse to
    read class tables that are not whole again. Findings keep their uids: what is unchanged is not revised.
    """
    result = RebuildResult(requests.request(Lake(settings), layer))
    if layer == "ocsf":
        result.built = build(settings)
    if not result.failed:
        result.correlated = correlate(settings)
        result.detected = detect(settings)
    return result


def _report(settings: Settings, run: Any) -> None:
    """Append the run's rows to ops/detection_runs; nothing for a detection that had nothing new to read."""
    done = {found.model: found for found in run.detected}
    rows = []
    for name, status in run.statuses.items():
        found = done.get(name)
        failed = status["status"] not in ("success", "pass")
        if not name.startswith("det_") or (found is not None and not found.progress) or (found is None and not failed):
            continue
        rows.append(
            {
                "detection": name,
                "status": "failed" if failed else "succeeded",
                "error": str(status["message"])[:2000] if failed else None,
                "versions": ", ".join(f"{app.split('/', 1)[1]}@{v}" for app, v in sorted(found.progress.items()))
                if found
                else None,
                "new_rows": found.new.rows if found else 0,
                "new_bytes": found.new.bytes if found else 0,
                "seen_rows": found.seen.rows if found else 0,
                "seen_bytes": found.seen.bytes if found else 0,
                "created": found.created if found else 0,
                "updated": found.updated if found else 0,
                "resolved": found.resolved if found else 0,
                "withdrawn": found.withdrawn if found else 0,
                "seconds": float(status["seconds"]),
                **status["reach"],
            }
        )
    append(Lake(settings), rows)


def _dbt(settings: Settings, arguments: list[str]) -> tuple[Any, dict[str, str | None]]:
    """One dbt invocation. Returns the plugin's run and each model's error (None where it succeeded).

    Raises CatchmentError where dbt itself could not run.
    """
    check_store(settings.lake, settings.environment)
    with _environment(settings):
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        from transforms.warehouse import plugin

        project = _project(settings)
        cache = Path(tempfile.gettempdir()) / f"catchment-{os.getuid()}" / sha256(project.encode()).hexdigest()[:12]
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="run-", dir=cache) as target:
            _borrow(cache / PARSED, Path(target) / PARSED)
            folders = {"project-dir": project, "profiles-dir": project, "target-path": target, "log-path": target}
            words = [*QUIET, arguments[0], "--target", "lake", "--resource-type", "model", "--resource-type", "seed"]
            words += [word for option, value in folders.items() for word in (f"--{option}", value)]
            words += arguments[1:]
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                try:
                    outcome = dbtRunner().invoke(words)
                finally:  # the next run in this process may be of another lake
                    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
            _borrow(Path(target) / PARSED, cache / PARSED)
    if outcome.result is None:
        raise CatchmentError(f"dbt could not run: {outcome.exception or out.getvalue()[-2000:]}")
    statuses: dict[str, str | None] = {}
    for r in outcome.result.results:  # type: ignore[union-attr]  # build returns a RunExecutionResult
        statuses[r.node.name] = None if str(r.status) in ("success", "pass") else f"{r.status}: {r.message}"
    return plugin.LAST, statuses


def _project(settings: Settings) -> str:
    return settings.environment.get("CATCHMENT_DBT_PROJECT") or str(PROJECT)


def _borrow(here: Path, there: Path) -> None:
    """Copy dbt's parse cache, if there is one; whole or not at all, since other processes borrow it too."""
    with contextlib.suppress(FileNotFoundError):
        with tempfile.NamedTemporaryFile(dir=there.parent, delete=False) as copy:
            copy.write(here.read_bytes())
        Path(copy.name).replace(there)


@contextlib.contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    """The settings and what is to begin anew are handed to the plugin, their environment to this process."""
    from transforms.warehouse import plugin

    before = dict(os.environ)
    os.environ.update(settings.environment)
    os.environ["CATCHMENT_LAKE"] = settings.lake
    plugin.HANDED = plugin.Handed(replace(settings, environment=dict(os.environ)), requests.requested(Lake(settings)))
    try:
        yield
    finally:
        plugin.HANDED = None
        os.environ.clear()
        os.environ.update(before)
