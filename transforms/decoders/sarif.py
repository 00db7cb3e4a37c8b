"""SARIF: logs of runs that hold results; a record is a result, with its run and its rule beside it.

A run's rules may be megabytes: of them a result keeps its own alone, at the level `rule`.
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from transforms.decoders.framing import HEADER_BYTES
from transforms.decoders.reports import ENCODE, Full, Level, Reports, _Findings
from transforms.lake.records import Raw

KEPT = ("name", "fullName", "version", "semanticVersion", "organization", "informationUri")
"""What is kept of a tool."""


class _Component(msgspec.Struct, gc=False):
    rules: list[msgspec.Raw] | None = None


class _Tool(msgspec.Struct, gc=False):
    driver: _Component | None = None
    extensions: list[_Component] | None = None


class _Run(msgspec.Struct, gc=False):
    tool: _Tool | None = None


class _Named(msgspec.Struct, gc=False):
    id: str | None = None


class _Part(msgspec.Struct, gc=False):
    index: int | None = None


class _RuleReference(msgspec.Struct, gc=False):
    id: str | None = None
    index: int | None = None
    component: _Part | None = msgspec.field(name="toolComponent", default=None)


class _Result(msgspec.Struct, gc=False):
    rule_id: str | None = msgspec.field(name="ruleId", default=None)
    index: int | None = msgspec.field(name="ruleIndex", default=None)
    rule: _RuleReference | None = None


RUN = msgspec.json.Decoder(_Run)
NAMED = msgspec.json.Decoder(_Named)
RESULT = msgspec.json.Decoder(_Result)
ANYTHING = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sarif(Reports):
    """Reports whose findings are results of runs."""

    def _findings(
        self, found: _Findings, document: Raw, member: str, level: Level | None, items: list[msgspec.Raw]
    ) -> Full:
        in_run = level is not None and level.name == "run"
        rules = _Rules(level.text if level is not None and in_run else b"{}")
        run = Level(level.above if level is not None and in_run else level, "run", rules.run)
        groups: dict[bytes, list[msgspec.Raw]] = {}
        for item in items:
            groups.setdefault(rules.of(item), []).append(item)
        for rule, results in groups.items():
            around = Level(run, "rule", rule) if rule else run
            yield from Reports._findings(self, found, document, member, around, results)


class _Rules:
    """The rules of one run's tools, and the run without them."""

    def __init__(self, run: bytes) -> None:
        self.by_id: dict[str, bytes] = {}
        self.lists: list[list[bytes]] = []
        self.run = run
        try:
            tool = RUN.decode(self.run).tool or _Tool()
            for component in (tool.driver or _Component(), *(tool.extensions or [])):
                rules = [bytes(rule) for rule in component.rules or []]
                self.lists.append(rules)
                for rule in rules:
                    name = NAMED.decode(rule).id
                    if name is not None:
                        self.by_id.setdefault(name, rule)
            self.run = ENCODE(_bare(ANYTHING.decode(self.run)))
        except (msgspec.MsgspecError, RecursionError, ValueError):  # a run of another shape is kept as it is
            self.lists = []

    def of(self, result: msgspec.Raw) -> bytes:
        """The text of a result's rule; empty where none is known, or where it is too large to stand beside it."""
        try:
            said = RESULT.decode(result)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            return b""
        reference = said.rule or _RuleReference()
        part = 0 if reference.component is None or reference.component.index is None else reference.component.index + 1
        index = said.index if said.index is not None else reference.index
        name = said.rule_id or reference.id
        rule = self.by_id.get(name or "", self.by_id.get((name or "").partition("/")[0], b""))
        if not rule and index is not None and part < len(self.lists) and 0 <= index < len(self.lists[part]):
            rule = self.lists[part][index]
        return rule if len(rule) < HEADER_BYTES // 2 else b""


def _bare(run: Any) -> Any:
    """A run's tool, and what it says of its code; not its rules, files and logs."""
    tool = run.get("tool") if isinstance(run, dict) else None
    if not isinstance(tool, dict) or not isinstance(driver := tool.get("driver"), dict):
        return {}
    kept = {name: driver[name] for name in KEPT if name in driver}
    beside = {name: run[name] for name in ("automationDetails", "versionControlProvenance") if name in run}
    times = [
        {name: one[name] for name in ("startTimeUtc", "endTimeUtc") if name in one}
        for one in run.get("invocations") or []
        if isinstance(one, dict)
    ]
    first = next((one for one in times if one), None)
    return {"tool": {"driver": kept}, **beside, **({"invocation": first} if first else {})}
