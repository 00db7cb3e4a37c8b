"""Renders the project's detection macros without dbt, for DuckDB and with inputs of one's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2

PROJECT = Path(__file__).parents[2] / "dbt_project"
DETECTIONS = PROJECT / "models" / "detections"
SHAPES = ("event", "threshold", "sequence", "first_seen", "anomaly", "state", "absence")


class _Return(Exception):
    def __init__(self, value: Any):
        self.value = value


@dataclass(frozen=True)
class Input:
    """Stands for a relation: new_rows reads the table `new_<name>`, seen_rows `seen_<name>`."""

    name: str

    @property
    def identifier(self) -> str:
        """Return the name, as dbt's relations do."""
        return self.name

    def render(self) -> str:
        """Return the name, as dbt's relations do."""
        return self.name


def _environment() -> tuple[jinja2.Environment, list[str]]:
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], undefined=jinja2.StrictUndefined)
    known: dict[str, Any] = environment.globals
    loaded: dict[str, Any] = {}

    def leave(value: Any) -> None:
        raise _Return(value)

    def refuse(message: str) -> None:
        raise ValueError(message)

    def wrapped(name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return loaded[name](*args, **kwargs)
            except _Return as left:
                return left.value

        return call

    known["return"] = leave
    known["execute"] = False
    known["model"] = SimpleNamespace(name="det_test", resource_type="unit_test")
    known["exceptions"] = SimpleNamespace(raise_compiler_error=refuse)
    known["adapter"] = SimpleNamespace(dispatch=lambda name, _package: known[f"duckdb__{name}"])
    known["new_rows"] = lambda relation: f"new_{relation.name}"
    known["seen_rows"] = lambda relation: f"seen_{relation.name}"
    known["ref"] = Input
    known["target"] = SimpleNamespace(name="lake")

    # A template takes a copy of what is known when it is loaded, so every name is known beforehand; and it prefers its
    # own macros to those, so each stands alone.
    files = [
        p.read_text()
        for folder in ("access", "calendar", "detections", "dispatch", "ocsf")
        for p in (PROJECT / "macros" / folder).glob("*.sql")
    ]
    texts = [text for file in files for text in re.findall(r"{%-? *macro .+?endmacro *-?%}", file, re.DOTALL)]
    names = [re.findall(r"macro +(\w+)", text)[0] for text in texts]
    known.update({name: wrapped(name) for name in names})
    for name, text in zip(names, texts, strict=True):
        loaded[name] = vars(environment.from_string(text).module)[name]
    return environment, names


def macros() -> SimpleNamespace:
    """Return every macro of the folders that detections use, callable from Python; they return SQL."""
    environment, names = _environment()
    return SimpleNamespace(**{name: environment.globals[name] for name in names})


def rendered(path: Path) -> str:
    """Return the SQL of a detection model."""
    environment, _ = _environment()
    return environment.from_string(path.read_text()).render()


def arguments(path: Path) -> tuple[str, dict[str, Any]]:
    """Return the shape that a detection model calls, and the arguments it gives."""
    environment, _ = _environment()
    calls: list[tuple[str, dict[str, Any]]] = []

    def noted(shape: str) -> Any:
        return lambda **given: calls.append((shape, given)) or ""

    environment.globals.update(
        {f"detect_{shape}": noted(shape) for shape in SHAPES} | {"detect_silence": noted("absence")}
    )
    environment.from_string(path.read_text()).render()
    assert len(calls) == 1, f"{path.name} calls {len(calls)} shapes"
    return calls[0]
