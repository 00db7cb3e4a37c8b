"""Renders the project's macros without dbt, with inputs of one's own: what the shapes' property tests run on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2

MACROS = Path(__file__).parents[2] / "dbt_project" / "macros"


class _Return(Exception):  # noqa: N818  (control flow: dbt's own `return` works the same way)
    def __init__(self, value: Any):
        self.value = value


@dataclass(frozen=True)
class Input:
    """Stands for a relation: new_rows reads the table `new_<name>`, seen_rows `seen_<name>`."""

    name: str

    def render(self) -> str:
        """Return the name, as dbt's relations do."""
        return self.name


def macros() -> SimpleNamespace:
    """Return every macro of `detections/` and, for DuckDB, of `dispatch/`, callable from Python."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], undefined=jinja2.StrictUndefined)  # noqa: S701
    known: dict[str, Any] = environment.globals

    def leave(value: Any) -> None:
        raise _Return(value)

    def refuse(message: str) -> None:
        raise ValueError(message)

    known["return"] = leave
    known["execute"] = False
    known["model"] = SimpleNamespace(name="det_test", resource_type="unit_test")
    known["exceptions"] = SimpleNamespace(raise_compiler_error=refuse)
    known["adapter"] = SimpleNamespace(dispatch=lambda name, _package: known[f"duckdb__{name}"])
    known["new_rows"] = lambda relation: f"new_{relation.name}"
    known["seen_rows"] = lambda relation: f"seen_{relation.name}"

    loaded: dict[str, Any] = {}

    def wrapped(name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return loaded[name](*args, **kwargs)
            except _Return as left:
                return left.value

        return call

    # A template takes a copy of what is known when it is loaded, so every name is known beforehand.
    texts = [path.read_text() for folder in ("detections", "dispatch") for path in (MACROS / folder).glob("*.sql")]
    names = re.findall(r"{%-? *macro +(\w+)", "".join(texts))
    known.update({name: wrapped(name) for name in names})
    for text in texts:
        module = vars(environment.from_string(text).module)
        loaded.update({name: value for name, value in module.items() if name in names})
    return SimpleNamespace(**{name: known[name] for name in names})
