"""`python -m infra.local.airflow run|up|down|status`: what `make run`, `up`, `down` and `status` call."""

from __future__ import annotations

import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from infra.local.airflow import server, summary, tour
from infra.local.airflow.home import REPOSITORY, open_home

console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)


@click.group()
@click.option("--place", type=click.Path(path_type=Path), default=REPOSITORY / ".run", help="Where everything goes.")
@click.pass_context
def main(context: click.Context, place: Path) -> None:
    """The embedded Airflow and the simulated organisation."""
    context.obj = tour.Place(root=place.absolute())


simulation = click.option("--simulate", default="", help="Arguments for `catchment simulate`, in one string.")


@main.command()
@simulation
@click.pass_obj
def run(place: tour.Place, simulate: str) -> None:
    """A simulated organisation through the real DAGs to findings and the dashboard; stops Airflow again."""
    _tour(place, shlex.split(simulate), keep=False)


@main.command()
@simulation
@click.pass_obj
def up(place: tour.Place, simulate: str) -> None:
    """The same, and leave Airflow running."""
    _tour(place, shlex.split(simulate), keep=True)


@main.command()
@click.pass_obj
def down(place: tour.Place) -> None:
    """Stop what `run` or `up` started."""
    stopped = place.airflow.exists() and server.stop(open_home(place.airflow))
    console.print("stopped Airflow" if stopped else "nothing was running")


@main.command()
@click.pass_obj
def status(place: tour.Place) -> None:
    """Whether Airflow runs, and where."""
    home = open_home(place.airflow)
    console.print(f"Airflow runs at {home.url}" if server.running(home) else "Airflow is not running")


def _tour(place: tour.Place, simulate: list[str], *, keep: bool) -> None:
    began, since = time.monotonic(), datetime.now(UTC)

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.0f} s[/]  {text}")

    home = open_home(place.airflow, place.settings())
    was_running = server.running(home) is not None
    try:
        with console.status("working"):
            client = server.start(home, before=lambda: tour.simulate(place, simulate, say=say), say=say)
            say(f"Airflow is healthy at {client.url}")
            tour.land_and_detect(client, since=since, say=say)
            say("nothing is left to do")
        summary.show(console, place.lake, place.truth)
        page = summary.dashboard(place.lake, place.dashboard)
    except (server.AirflowError, RuntimeError, TimeoutError) as error:
        console.print(f"[red]{error}[/]", markup=True)
        sys.exit(1)
    finally:
        if not (keep or was_running):
            server.stop(home)
    console.print(summary.further(place.lake, home.url if keep or was_running else None), soft_wrap=True)
    console.print("\n[bold]Dashboard[/]")
    console.print(f"  {page.as_uri()}", soft_wrap=True)
    console.print(f"\n[bold green]done in {time.monotonic() - began:.0f} s[/]")


main()
