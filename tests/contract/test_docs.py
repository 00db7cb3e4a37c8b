"""The documents say what is: every command is in the README, every path and every query in it works."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from transforms.cli import main
from transforms.errors import ConfigError
from transforms.land import land
from transforms.settings import Settings
from transforms.sources import registry
from transforms.warehouse.query import rows

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def commands() -> list[str]:
    return main.list_commands(click.Context(main))


def test_every_command_is_in_the_readme() -> None:
    assert {"land", "build", "detect", "sql", "status", "simulate", "doctor", "quarantine"} <= set(commands())
    assert [c for c in commands() if not re.search(rf"(?<!\w){c}(?!\w)", README)] == []


def test_every_command_of_the_readme_exists() -> None:
    told = set(re.findall(r"(?:^|`|bin/)catchment (?:--lake \S+ )?([a-z]+)", README, re.M))
    assert told - set(commands()) == set()
    assert len(told) >= 6


def test_every_path_in_the_readme_exists() -> None:
    paths = set(re.findall(r"`((?:transforms|dbt_project|dags|infra|tests)/[\w./]+)`", README))
    assert paths
    assert [p for p in paths if not (ROOT / p).exists()] == []
    links = re.findall(r"\]\((?!http)([^)]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_make_targets_in_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.M)) <= targets


def test_queries_in_the_readme_parse(tmp_path: Path) -> None:
    """Each query is understood: at worst it names the view of a model that this small lake does not have yet."""
    models = {path.stem for path in (ROOT / "dbt_project" / "models").rglob("*.sql")}
    settings = Settings.from_env(lake=str(tmp_path / "lake"))
    land(settings, min(registry()), str(ROOT / "tests" / "fixtures" / min(registry())))
    queries = re.findall(r'sql "([^"]+)"', README)
    assert len(queries) >= 2
    for query in queries:
        try:
            rows(settings, query)
        except ConfigError as error:
            missing = re.search(r"Table with name (\w+) does not exist", str(error))
            assert missing and missing[1] in models, query


@pytest.mark.parametrize("name", commands())
def test_every_command_has_help(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert len(command.get_short_help_str()) > 10
