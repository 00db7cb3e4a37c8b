"""`catchment dashboard`: write the dashboard of a lake."""

from __future__ import annotations

from pathlib import Path

import click

from infra.local.dashboard.data import collect
from infra.local.dashboard.page import write
from transforms.settings import Settings


@click.command(name="dashboard", context_settings={"show_default": True})
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write into.")
@click.pass_obj
def command(settings: Settings, out: Path) -> None:
    """Write findings, coverage, lineage and health as one page that needs no server.

    `index.html` in the folder is replaced whole. It holds raw log records as evidence: guard it like the lake.
    """
    path = write(collect(settings), out)
    click.echo(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB): open {path.absolute().as_uri()}")
