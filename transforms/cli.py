"""The command line: everything that a task does, without Airflow."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import click

from transforms import report
from transforms.errors import CatchmentError
from transforms.settings import Settings

if TYPE_CHECKING:
    from transforms.warehouse.runner import BuildResult, CorrelateResult, DetectResult

FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Group(click.Group):
    """Turns the product's errors into one line and exit code 1, and joins commands that live elsewhere."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CatchmentError as error:
            click.echo(f"catchment: {one_line(str(error))}", err=True)
            ctx.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *(e.name for e in entry_points(group="catchment.commands"))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is None:
            for entry in entry_points(group="catchment.commands", name=cmd_name):
                loaded: click.Command = entry.load()
                return loaded
        return found


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--lake",
    metavar="DIR",
    help="Root of the lake: a folder, or s3://, gs://, az://. Default: $CATCHMENT_LAKE, else ./lake.",
)
@click.version_option(package_name="catchment")
@click.pass_context
def main(ctx: click.Context, lake: str | None) -> None:
    """Catchment: raw cloud logs to OCSF tables to findings, with Delta as the only state."""
    ctx.obj = Settings.from_env(lake=lake)


@main.command()
@click.argument("source")
@click.option(
    "--from",
    "place",
    metavar="URI",
    help="A folder, s3://, sqs://, gs://, pubsub://, az:// or https://. Default: the source's configured place.",
)
@click.option("--sweep", is_flag=True, help="List everything, not only what may be new.")
@click.pass_obj
def land(settings: Settings, source: str, place: str | None, sweep: bool) -> None:
    """Land everything new of SOURCE into bronze."""
    from transforms.land import LandResult
    from transforms.land import land as run

    with report.working(f"landing {source}") as show:

        def progress(total: LandResult) -> None:
            show(f"{total.records:,} records of {total.objects:,} objects")

        total = run(settings, source, place, sweep=sweep, progress=progress)
    click.echo(
        f"{source}: landed {total.records:,} records from {total.objects:,} objects, quarantined {total.quarantined:,}"
        + ("" if not total.quarantined else " (see: catchment quarantine list)")
        + ("" if not total.control else f", skipped {total.control:,} control messages")
    )


@main.command()
@click.pass_obj
def build(settings: Settings) -> None:
    """Normalise what landed into the OCSF tables, until caught up."""
    from transforms.warehouse.runner import build as run

    with report.working("building"):
        result = run(settings)
    tell_built(result)
    fail("build", result.failed)


@main.command()
@click.pass_obj
def correlate(settings: Settings) -> None:
    """Bring the marts up to the OCSF tables."""
    from transforms.warehouse.runner import correlate as run

    with report.working("correlating"):
        result = run(settings)
    tell_correlated(result)
    fail("correlate", result.failed)


@main.command()
@click.pass_obj
def detect(settings: Settings) -> None:
    """Run the detections over what is new."""
    from transforms.warehouse.runner import detect as run

    with report.working("detecting"):
        result = run(settings)
    tell_detected(result)
    fail("detect", result.failed)


@main.command()
@click.option(
    "--layer",
    type=click.Choice(["ocsf", "rollups", "marts"]),
    default="ocsf",
    show_default=True,
    help="What begins anew, with all that is derived from it.",
)
@click.pass_obj
def rebuild(settings: Settings, layer: str) -> None:
    """Derive tables anew after a changed mapping: OCSF from bronze, then rollups, marts and findings.

    Bronze and the history of findings stay. A finding that is unchanged is not revised, so nothing alerts anew. Safe
    beside anything else that runs: correlate and detect refuse the tables until they are whole again. When it dies, go
    on with build, correlate and detect.
    """
    from transforms.warehouse.runner import rebuild as run

    with report.working("rebuilding"):
        result = run(settings, layer)
    if result.built is not None:
        tell_built(result.built)
    if result.correlated is not None:
        tell_correlated(result.correlated)
    if result.detected is not None:
        tell_detected(result.detected)
    fail("rebuild", result.failed)


def tell_built(result: BuildResult) -> None:
    for name, count in sorted(result.rows_by_class.items()):
        if count:
            click.echo(f"ocsf.{name}: {count:,} rows")
    for name, why in sorted(result.unseen.items()):
        click.echo(f"{name}: went through all of bronze again ({why})")
    click.echo(
        f"built {result.rows:,} rows in {result.batches} batches, left out {result.duplicates:,} duplicates"
        + (f", flagged {result.collisions:,} id collisions" if result.collisions else "")
        + (f", {result.unreadable:,} rows kept whose text could not be parsed" if result.unreadable else "")
    )


def tell_correlated(result: CorrelateResult) -> None:
    click.echo(f"rolled up into {result.rolled:,} rows, replaced {result.replaced:,} days of marts")


def tell_detected(result: DetectResult) -> None:
    click.echo(
        f"{result.detections} detections: {result.created} findings created, "
        f"{result.updated} updated, {result.resolved} resolved, {result.withdrawn} withdrawn"
    )


def fail(what: str, failed: dict[str, str]) -> None:
    for name, message in sorted(failed.items()):
        click.echo(f"catchment: {what}: {name}: {one_line(message)}", err=True)
    if failed:
        raise SystemExit(1)


@main.command()
@click.argument("query")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "jsonl"]),
    default="table",
    show_default=True,
)
@click.pass_obj
def sql(settings: Settings, query: str, form: str) -> None:
    """Ask the lake in SQL (DuckDB's). Read-only.

    Views: bronze.<source>, ocsf.<class>, rollups.*, marts.*, findings.findings, findings.finding_history, ops.*. In
    csv, text that a spreadsheet would take for a formula gets a leading apostrophe; json and jsonl are exact.
    """
    from transforms.warehouse.query import rows

    names, blocks = rows(settings, query)
    {"table": print_table, "csv": print_csv, "json": print_json, "jsonl": print_jsonl}[form](names, blocks)


@main.command()
@click.argument("event_uid", metavar="UID")
@click.pass_obj
def event(settings: Settings, event_uid: str) -> None:
    """Print the event with event_uid UID as nested OCSF JSON: one line, or one for each text that collided on UID."""
    from transforms.warehouse.events import events

    for found in events(settings, event_uid):
        click.echo(json.dumps(found))


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def print_jsonl(names: list[str], blocks: Iterator[list[tuple[Any, ...]]]) -> None:
    for block in blocks:
        for row in block:
            click.echo(json.dumps(dict(zip(names, map(plain, row), strict=True)), ensure_ascii=False))


def print_json(names: list[str], blocks: Iterator[list[tuple[Any, ...]]]) -> None:
    found = [dict(zip(names, map(plain, row), strict=True)) for block in blocks for row in block]
    click.echo(json.dumps(found, ensure_ascii=False, indent=1))


def print_csv(names: list[str], blocks: Iterator[list[tuple[Any, ...]]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for block in blocks:
        for row in block:
            writer.writerow([cell(plain(v)) for v in row])


def cell(value: Any) -> Any:
    """A csv cell: never a formula."""
    if isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def print_table(names: list[str], blocks: Iterator[list[tuple[Any, ...]]]) -> None:
    found = [[shown(v) for v in row] for block in blocks for row in block]
    report.table(names, found)
    click.echo(f"{len(found):,} rows", err=True)


def shown(value: Any) -> str:
    """A value for a terminal: control characters made visible, so that log content cannot drive it."""
    value = plain(value)
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def one_line(text: str) -> str:
    return " ".join(shown(line.strip()) for line in text.splitlines() if line.strip())


@main.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def sources(settings: Settings, as_json: bool) -> None:
    """The sources that this checkout knows, and where each is read from."""
    show_rows(report.sources(settings), as_json)


@main.command()
@click.argument("source", nargs=-1)
def reference(source: tuple[str, ...]) -> None:
    """The sources as Markdown: rights to copy, event id, lateness, OCSF classes, detections. All, or those named."""
    from transforms.reference import page
    from transforms.sources import get, registry

    click.echo(page([get(name) for name in source] or list(registry().values())), nl=False)


@main.command()
@click.option("--json", "as_json", is_flag=True)
def detections(as_json: bool) -> None:
    """The detections, with the requirement ids that each answers."""
    show_rows(report.detections(), as_json)


@main.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def suppressions(settings: Settings, as_json: bool) -> None:
    """The suppressions: whose they are, until when, and how many findings each hides."""
    show_rows(report.suppressions(settings), as_json)


@main.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """For each source: what landed, how late, what is still open, what is in quarantine."""
    show_rows(report.status(settings), as_json)


def show_rows(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([plain(row) for row in found], ensure_ascii=False, indent=1))
    elif found:
        report.table(list(found[0]), [[shown(v) for v in row.values()] for row in found])
    else:
        click.echo("nothing yet")


@main.group()
def quarantine() -> None:
    """What could not land: list it, look at it, replay it after a fix."""


@quarantine.command("list")
@click.option("--source")
@click.option("--limit", default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def quarantine_list(settings: Settings, source: str | None, limit: int, as_json: bool) -> None:
    """Open entries, newest first."""
    from transforms.quarantine import entries

    show_rows(entries(settings, source, limit), as_json)


@quarantine.command("show")
@click.argument("uid")
@click.pass_obj
def quarantine_show(settings: Settings, uid: str) -> None:
    """One entry with its bytes; UID may be its first characters."""
    from transforms.quarantine import show

    click.echo(json.dumps(plain(show(settings, uid)), ensure_ascii=False, indent=1))


@quarantine.command("replay")
@click.option("--source")
@click.pass_obj
def quarantine_replay(settings: Settings, source: str | None) -> None:
    """Decode the open entries again with today's code; what decodes lands in bronze."""
    from transforms.quarantine import replay

    done = replay(settings, source)
    click.echo(f"replayed {done.replayed:,} entries into {done.records:,} records; {done.left:,} still do not decode")


@main.command()
@click.pass_obj
def doctor(settings: Settings) -> None:
    """Check what Catchment needs, one line each."""
    from transforms.doctor import checks

    bad = 0
    for name, problem in checks(settings):
        click.echo(
            f"{'ok  ' if problem is None else 'FAIL'} {name}{'' if problem is None else ': ' + one_line(problem)}"
        )
        bad += problem is not None
    if bad:
        raise SystemExit(1)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUTF8", "1")
    main()
