"""`catchment simulate`: write the simulated organisation's logs into a folder."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from infra.local.simulate.simulation import Truth, generate, known_sources, read_truth


def _sources(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[str] | None:
    if value is None:
        return None
    names = [name.strip() for name in value.split(",") if name.strip()]
    unknown = sorted(set(names) - set(known_sources()))
    if unknown or not names:
        raise click.BadParameter(f"unknown {', '.join(unknown) or 'source'}; known are {', '.join(known_sources())}")
    return names


def _end(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not an ISO 8601 time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _same(
    before: Truth,
    *,
    seed: int,
    days: int,
    events_per_day: int,
    end: datetime | None,
    sources: list[str] | None,
) -> bool:
    first, last = datetime.fromisoformat(before["start"]), datetime.fromisoformat(before["end"])
    return (
        before["seed"] == seed
        and last - first == timedelta(days=days)
        and before["events_per_day"] == events_per_day
        and (end is None or last <= end < last + timedelta(hours=1))
        and set(before["sources"]) == set(sources or known_sources())
    )


def _print(out: Path, truth: Truth, *, kept: bool) -> None:
    click.echo(f"{'kept' if kept else 'wrote'} {out}: {truth['start']} to {truth['end']}, seed {truth['seed']}")
    for name, counts in truth["sources"].items():
        click.echo(
            f"  {name:<18} {counts['objects']:>7,} objects {counts['records']:>10,} records "
            f"({counts['distinct_records']:,} distinct)"
        )
    steps = sum(len(chain["steps"]) for chain in truth["chains"])
    click.echo(
        f"  planted: {len(truth['chains'])} attack chains with {steps} steps to find, "
        f"{len(truth['anomalies'])} anomalies of access"
    )


@click.command(name="simulate", context_settings={"show_default": True})
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write into.")
@click.option("--seed", type=int, default=7, help="The same seed and arguments give the same bytes.")
@click.option("--days", type=click.IntRange(min=1), default=21, help="How many days, up to the end.")
@click.option("--events", type=click.IntRange(min=1), default=60_000, help="About how many records in all.")
@click.option("--end", callback=_end, metavar="TIME", help="Last hour, ISO 8601, UTC.  [default: now]")
@click.option("--sources", callback=_sources, metavar="A,B", help="Only these sources.  [default: all]")
@click.option("--no-chains", is_flag=True, help="Ordinary behaviour only.")
def command(
    out: Path,
    seed: int,
    days: int,
    events: int,
    end: datetime | None,
    sources: list[str] | None,
    no_chains: bool,
) -> None:
    """Write a simulated organisation's logs, in their native forms and bucket layouts.

    A folder that already holds this simulation is kept as it is (without --end: whenever it ended); one
    that holds anything else is refused. The folder appears when everything is written.
    """
    per_day = max(1, events // days)
    before = read_truth(out)
    if before is not None:
        if _same(before, seed=seed, days=days, events_per_day=per_day, end=end, sources=sources):
            _print(out, before, kept=True)
            return
        raise click.ClickException(f"{out} already holds a simulation (seed {before['seed']}); remove it first")
    if out.exists() and any(out.iterdir()):
        raise click.ClickException(f"{out} is not empty and holds no simulation")
    unfinished = out.with_name(out.name + ".unfinished")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    truth = generate(
        unfinished,
        seed=seed,
        days=days,
        end=end or datetime.now(UTC),
        events_per_day=per_day,
        sources=sources,
        chains=not no_chains,
    )
    if out.exists():
        out.rmdir()
    unfinished.rename(out)
    _print(out, truth, kept=False)
