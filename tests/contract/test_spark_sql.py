"""Every model is readable as Spark SQL once the dispatched macros give their Spark form.

dbt compiles the project with its own Jinja; only the choice of macro prefix is turned to Spark. sqlglot then parses
what comes out. It shows that nothing engine-specific stands outside the dispatched macros, not that Spark gives the
same rows.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot

PROJECT = Path(__file__).parents[2] / "dbt_project"
COMPILE = """
import sys
from dbt.context.providers import BaseDatabaseWrapper
BaseDatabaseWrapper._get_adapter_macro_prefixes = lambda self: ["spark", "default"]
from dbt.cli.main import dbtRunner
project, target = sys.argv[1:]
done = dbtRunner().invoke([
    "--quiet", "--no-partial-parse", "compile", "--no-introspect", "--no-populate-cache", "--target", "unit",
    "--project-dir", project, "--profiles-dir", project, "--target-path", target, "--log-path", target,
])
sys.exit(0 if done.success else str(done.exception or [r.message for r in done.result if r.message]))
"""
MODELS = sorted((PROJECT / "models").rglob("*.sql"))


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("spark")
    done = subprocess.run(
        [sys.executable, "-c", COMPILE, str(PROJECT), str(target)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"DO_NOT_TRACK": "1"},
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return target / "compiled" / "catchment" / "models"


def test_there_are_models() -> None:
    assert len(MODELS) >= 20


@pytest.mark.xdist_group("spark")
@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_model_is_readable_as_spark_sql(model: Path, compiled: Path) -> None:
    text = (compiled / model.relative_to(PROJECT / "models")).read_text()
    parsed = sqlglot.parse_one(text, read="spark")
    assert isinstance(parsed, sqlglot.exp.Query), text[:200]
    tokens = {token.token_type for token in sqlglot.tokenize(text, read="spark")}
    assert sqlglot.TokenType.DCOLON not in tokens, "a cast is written cast(x as t)"


def columns_of(select: sqlglot.exp.Select, known: dict[str, list[str]]) -> list[str]:
    """The names of its columns, those behind a star among them where a CTE before it has them."""
    joins = [join.this for join in select.args.get("joins") or []]
    tables = {table.alias_or_name: known.get(table.name, []) for table in (select.args["from_"].this, *joins)}
    names: list[str] = []
    for column in select.expressions:
        if isinstance(column, sqlglot.exp.Star):
            names += [name for columns in tables.values() for name in columns]
        elif column.is_star:
            names += tables[column.table]
        else:
            names.append(column.alias_or_name)
    return names


@pytest.mark.xdist_group("spark")
@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_model_names_a_column_once(model: Path, compiled: Path) -> None:
    """DuckDB takes the first of two columns of a name, Spark takes neither."""
    text = (compiled / model.relative_to(PROJECT / "models")).read_text()
    known: dict[str, list[str]] = {}
    for cte in sqlglot.parse_one(text, read="spark").find_all(sqlglot.exp.CTE):
        if isinstance(cte.this, sqlglot.exp.Select) and cte.this.args.get("from_"):
            known[cte.alias] = columns_of(cte.this, known)
            assert len(set(known[cte.alias])) == len(known[cte.alias]), cte.alias
