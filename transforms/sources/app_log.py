"""Logs of the organisation's own applications: JSON lines, and a mapping that says which field holds what.

Nothing but configuration is needed. `CATCHMENT_APP_LOG_MAPPING` names a file in YAML (none: well-known names, and those
of the Elastic Common Schema). A line is mapped once, when it lands; the lake keeps the line and what was found in it.

    fields:                         # field: path, or several, of which the first that holds something counts
      time: ts                      # names are joined by dots: `user.name` is {"user": {"name"}} or {"user.name"}
      actor: [user.name, login]     # a field that stands here is looked for nowhere else
    zone: "+01:00"                  # of times that name none; without it they are put aside
    outcomes: {success: [granted], failure: [bounced]}     # the application's own words, beside the usual ones
    logs:                           # what a line is: the first whose conditions all hold
      - class: authentication       # authentication (3002), api (6003), data (6005) or event (a base event)
        where: {event: [login, logout], env: "*"}          # path: value, values, or "*" for any
        activity: logon             # one of the class; without it the operation's word decides
        fields: {actor: account}    # before those above

Fields: time, id, level, message, service, actor, actor_uid, email, address, operation, outcome, reason, code, session,
trace, resource, resource_type, user (whom a sign-in is about), user_agent, database, table, bytes.
Activities of authentication: logon, logoff, other; of api: create, read, update, delete, other; of data: those, list,
query, write, connect, encrypt and decrypt.

A time is RFC 3339, or a number since 1970 in seconds, milli-, micro- or nanoseconds, by its size. A line without one is
quarantined. Lines are told apart by `id` and `service`, without an id by their text: two that are the same are one.
Without `logs`, `event.category` decides: authentication, api or web, database.
https://www.elastic.co/docs/reference/ecs/ecs-field-reference
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import msgspec

from transforms.decoders.compression import Readable
from transforms.decoders.framing import Bounds, text_of
from transforms.decoders.json_records import JsonRecords, envelope
from transforms.errors import ConfigError
from transforms.lake.records import Bad, Chunk, Raw
from transforms.sources.base import Source, Table
from transforms.sources.collected import KEYS
from transforms.sources.scan_reports import clock

if TYPE_CHECKING:  # Airflow reads the declarations of all sources again and again
    import pyarrow as pa
    import yaml

VARIABLE = "CATCHMENT_APP_LOG_MAPPING"
MAPPED = "mapped"
"""The attribute that holds what was found in a line, texts by field."""
LONGEST = 4096
"""Characters of a found text that are kept beside the line; the line has all of it."""
Paths = tuple[str, ...]
WELL_KNOWN: Mapping[str, Paths] = {
    "time": ("time", "timestamp", "@timestamp", "ts", "datetime"),
    "id": ("event.id", "event_id", "log_id"),
    "level": ("log.level", "level", "severity", "levelname", "lvl"),
    "message": ("message", "msg"),
    "service": ("service.name", "service", "application", "app"),
    "actor": ("user.name", "username", "user_name", "user", "actor", "login", "principal"),
    "actor_uid": ("user.id", "user_id", "userId"),
    "email": ("user.email", "email"),
    "address": ("source.ip", "client.ip", "client_ip", "clientIp", "remote_addr", "remote_ip", "ip"),
    "operation": ("event.action", "action", "operation"),
    "outcome": ("event.outcome", "outcome", "result", "status", "success", "http.response.status_code", "status_code"),
    "reason": ("event.reason", "error.message", "error", "reason"),
    "code": ("http.response.status_code", "status_code"),
    "session": ("session.id", "session_id", "sessionId"),
    "trace": ("trace.id", "trace_id", "traceId", "request_id", "requestId", "correlation_id"),
    "resource": ("resource.id", "resource_id", "resource", "object", "target", "url.path", "path"),
    "resource_type": ("resource.type", "resource_type", "object_type"),
    "user": (),
    "user_agent": ("user_agent.original", "user_agent", "userAgent"),
    "database": ("database", "db.name", "db.namespace"),
    "table": ("table", "db.collection.name"),
    "bytes": ("bytes",),
}
CRUD = ("create", "read", "update", "delete", "other")
ACTIVITIES: Mapping[str, Paths] = {
    "authentication": ("logon", "logoff", "other"),
    "api": CRUD,
    "data": (*CRUD, "list", "query", "write", "connect", "encrypt", "decrypt"),
    "event": (),
}
WORDS = {
    word: activity
    for activity, words in {
        "create": "create add post new insert register invite upload import copy grant enable",
        "read": "read get head view show fetch open download export access see",
        "update": "update put patch edit modify change set rename move assign approve reset rotate start stop",
        "delete": "delete remove destroy drop purge revoke disable cancel",
        "list": "list search find browse",
        "query": "query select",
        "write": "write save",
        "connect": "connect",
        "encrypt": "encrypt",
        "decrypt": "decrypt",
        "logoff": "logout logoff signout out",
    }.items()
    for word in words.split()
}
NEAREST = {"list": "read", "query": "read", "write": "update"}
"""What an activity that a class has not is in it."""
SUCCESS = frozenset(
    {"success", "succeeded", "successful", "ok", "true", "allowed", "allow", "granted", "accepted", "pass"}
)
FAILURE = frozenset(
    {
        "failure",
        "failed",
        "fail",
        "error",
        "false",
        "denied",
        "deny",
        "rejected",
        "refused",
        "unauthorized",
        "forbidden",
    }
    | {"blocked"}
)
UNITS = ((10**11, 10**6), (10**14, 10**3), (10**17, 1))
"""(numbers below, microseconds each); what is larger is in nanoseconds. It holds for the years 1974 to 5138."""
OF_ZONE = re.compile(r"[+-]\d\d:?\d\d|Z", re.ASCII)
NO_ZONE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?", re.ASCII)
DECODE = msgspec.json.Decoder(dict[str, Any]).decode
ENCODE = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What lines are for which all conditions hold: path -> the values of which one must be there; none: any."""

    kind: str
    activity: str | None = None
    where: Mapping[str, frozenset[str]] = field(default_factory=dict)
    fields: Mapping[str, Paths] = field(default_factory=dict)


ECS = (
    Log(kind="authentication", where={"event.category": frozenset({"authentication"})}),
    Log(kind="data", where={"event.category": frozenset({"database"})}),
    Log(kind="api", where={"event.category": frozenset({"api", "web"})}),
)


Possible: TypeAlias = tuple[Log | None, list[tuple[str, Paths]]]
"""A log, or None for any line, and by field the paths at which it may stand."""
Shapes: TypeAlias = dict[tuple[str, ...], list[Possible]]
"""What lines may be, by their names."""
SHAPES = 4096
"""Shapes that are remembered at once: hostile lines have a new one each."""
SHAPE_LENGTH = 8192
"""Characters of the names of a shape that is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMapping:
    """A mapping as it was read."""

    fields: Mapping[str, Paths] = field(default_factory=lambda: WELL_KNOWN)
    logs: Sequence[Log] = ECS
    zone: str = ""
    success: frozenset[str] = SUCCESS
    failure: frozenset[str] = FAILURE

    def of(self, line: Mapping[str, Any], shapes: Shapes) -> dict[str, str]:
        """What is found in a line: texts by field, and `kind`, a word of the class seed. `shapes` are those met before,
        and lead to what can stand in one."""
        shape = tuple(line)
        possible = shapes.get(shape)
        if possible is None:
            possible = self._possible(frozenset(shape))
            if len(shapes) >= SHAPES:
                shapes.clear()
            if sum(map(len, shape)) <= SHAPE_LENGTH:
                shapes[shape] = possible
        log, fields = next(
            one for one in possible if one[0] is None or all(_holds(line, *each) for each in one[0].where.items())
        )
        found = {}
        for name, paths in fields:
            for path in paths:
                text = _text(line, path)
                if text:
                    found[name] = text[:LONGEST]
                    break
        if "time" in found:
            found["time"] = self._time(found["time"])
        if "outcome" in found:
            result = self._result(found["outcome"].strip().lower())
            found |= {"result": result} if result else {}
        if log is not None:
            activity = log.activity or _activity(log.kind, found.get("operation", ""))
            found["kind"] = f"{log.kind}.{activity}" if activity else log.kind
        return found

    def _possible(self, names: Set[str]) -> list[Possible]:
        """The logs that lines of these names may be, the last any line, each with the paths at which a field may be."""
        possible: list[Possible] = []
        for log in (*self.logs, None):
            if log is None or all(_may_hold(names, path) for path in log.where):
                own = log.fields if log is not None else {}
                every = ((name, (*own.get(name, ()), *paths)) for name, paths in self.fields.items())
                there = [(name, tuple(path for path in paths if _may_hold(names, path))) for name, paths in every]
                possible.append((log, [(name, paths) for name, paths in there if paths]))
        return possible

    def _time(self, text: str) -> str:
        if re.fullmatch(r"\d{1,19}(\.\d{1,9})?", text, re.ASCII):
            whole, _, fraction = text.partition(".")
            count = int(whole)
            unit = next((each for below, each in UNITS if count < below), 0)
            micros = count * unit + int((fraction or "0").ljust(9, "0")) * unit // 10**9 if unit else count // 1000
            return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)).isoformat(
                timespec="microseconds"
            )
        return text + self.zone if NO_ZONE.fullmatch(text) else text

    def _result(self, word: str) -> str | None:
        if word in self.success or word in self.failure:
            return "success" if word in self.success else "failure"
        if re.fullmatch(r"[1-5]\d\d", word, re.ASCII):
            return "success" if word < "400" else "failure"
        return None


@lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[tuple[str, str], ...]:
    """(first name, what follows it) of a path, the longest name first: names may themselves hold dots."""
    parts = path.split(".")
    return tuple((".".join(parts[:count]), ".".join(parts[count:])) for count in range(len(parts) - 1, 0, -1))


def _may_hold(names: Set[str], path: str) -> bool:
    """Whether an object of these names can hold something at a path."""
    return path in names or any(name in names for name, _ in _steps(path))


def _values(line: Mapping[str, Any], path: str) -> Iterator[Any]:
    """What stands at a path."""
    if path in line:
        yield line[path]
    for name, rest in _steps(path):
        inner = line.get(name)
        if isinstance(inner, dict):
            yield from _values(inner, rest)


def _text(line: Mapping[str, Any], path: str) -> str | None:
    """The text at a path, of a list that of its first item; None where there is none."""
    for value in _values(line, path):
        first = value[0] if isinstance(value, list) and value else value
        if not isinstance(first, dict | list) and (text := text_of(first)):
            return text
    return None


def _holds(line: Mapping[str, Any], path: str, wanted: frozenset[str]) -> bool:
    for value in _values(line, path):
        texts = {
            text_of(one) for one in (value if isinstance(value, list) else [value]) if not isinstance(one, dict | list)
        }
        if texts & wanted or (not wanted and texts - {None, ""}):
            return True
    return False


def _activity(kind: str, operation: str) -> str | None:
    """By the first word of an operation that says one (`user.created`, `DeleteOrder`, `POST /orders`)."""
    known = ACTIVITIES[kind]
    if not known:
        return None
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", operation[:200])
    for word in re.findall(r"[a-z]+", spaced.lower()):
        stems = (
            word,
            word.removesuffix("d"),
            word.removesuffix("ed"),
            word.removesuffix("s"),
            word.removesuffix("ing"),
        )
        activity = next((WORDS[stem] for stem in stems if stem in WORDS), None)
        activity = activity if activity in known else NEAREST.get(activity or "")
        if activity in known:
            return activity
    return "logon" if kind == "authentication" else "other"


# --- the mapping's file ----------------------------------------------------------------------------------------------


def mapping_of(environment: Mapping[str, str]) -> FieldMapping:
    """The configured mapping. Raises ConfigError with the file and the line of what is wrong in it."""
    named = environment.get(VARIABLE, "").strip()
    if not named:
        return FieldMapping()
    try:
        text = Path(named).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{VARIABLE}: {named}: {error}") from error
    return _parsed(named, text)


@cache
def _parsed(name: str, text: str) -> FieldMapping:
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f"{name}:{mark.line + 1}" if mark is not None else name
        raise ConfigError(f"{at}: no YAML: {getattr(error, 'problem', None) or error}") from error
    return FieldMapping() if root is None else _File(name).mapping(root)


@dataclass(frozen=True, slots=True)
class _File:
    """Reads the nodes of a mapping's file; each that is wrong is an error with its line."""

    name: str

    def fail(self, node: yaml.Node, text: str) -> NoReturn:
        raise ConfigError(f"{self.name}:{node.start_mark.line + 1}: {text}")

    def mapping(self, root: yaml.Node) -> FieldMapping:
        members = self.members(root, ("fields", "zone", "outcomes", "logs"))
        said = FieldMapping()
        if "fields" in members:
            said = replace(said, fields={**WELL_KNOWN, **self.fields(members["fields"])})
        if "zone" in members:
            zone = self.text(members["zone"])
            if not OF_ZONE.fullmatch(zone):
                self.fail(members["zone"], f"zone {zone!r}: expected one as +01:00, or Z")
            said = replace(said, zone=zone)
        if "outcomes" in members:
            outcomes = self.members(members["outcomes"], ("success", "failure"))
            own = {key: frozenset(word.lower() for word in self.texts(node)) for key, node in outcomes.items()}
            good, bad = own.get("success", frozenset()), own.get("failure", frozenset())
            if good & bad:
                self.fail(members["outcomes"], f"both success and failure: {', '.join(sorted(good & bad))}")
            said = replace(said, success=(SUCCESS - bad) | good, failure=(FAILURE - good) | bad)
        if "logs" in members:
            said = replace(said, logs=tuple(self.log(node) for node in self.items(members["logs"])))
        return said

    def log(self, node: yaml.Node) -> Log:
        members = self.members(node, ("class", "where", "activity", "fields"))
        if "class" not in members:
            self.fail(node, f"a log without a class: expected one of {', '.join(ACTIVITIES)}")
        kind = self.text(members["class"])
        if kind not in ACTIVITIES:
            self.fail(members["class"], f"class {kind!r}: expected one of {', '.join(ACTIVITIES)}")
        activity = self.text(members["activity"]) if "activity" in members else None
        if activity is not None and activity not in ACTIVITIES[kind]:
            expected = ", ".join(ACTIVITIES[kind]) or "none"
            self.fail(members["activity"], f"activity {activity!r} of class {kind}: expected {expected}")
        where = {}
        for path, values in (self.members(members["where"]) if "where" in members else {}).items():
            wanted = frozenset(self.texts(values))
            where[path] = frozenset() if wanted == {"*"} else wanted
        fields = self.fields(members["fields"]) if "fields" in members else {}
        return Log(kind=kind, activity=activity, where=where, fields=fields)

    def fields(self, node: yaml.Node) -> dict[str, Paths]:
        return {name: self.texts(paths) for name, paths in self.members(node, tuple(WELL_KNOWN)).items()}

    def members(self, node: yaml.Node, known: Paths | None = None) -> dict[str, yaml.Node]:
        """The members of a mapping by name; without `known` any name is one."""
        from yaml import MappingNode

        if not isinstance(node, MappingNode):
            self.fail(node, "expected names with values")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self.text(key)
            if known is not None and name not in known:
                self.fail(key, f"unknown name {name!r}: expected {', '.join(known)}")
            if name in found:
                self.fail(key, f"{name!r} stands here twice")
            found[name] = value
        return found

    def items(self, node: yaml.Node) -> list[yaml.Node]:
        from yaml import SequenceNode

        if not isinstance(node, SequenceNode):
            self.fail(node, "expected a list")
        return list(node.value)

    def texts(self, node: yaml.Node) -> Paths:
        """A text, or a list of them."""
        from yaml import SequenceNode

        return tuple(map(self.text, self.items(node))) if isinstance(node, SequenceNode) else (self.text(node),)

    def text(self, node: yaml.Node) -> str:
        from yaml import ScalarNode

        if not isinstance(node, ScalarNode) or not node.value:
            self.fail(node, "expected a text")
        return str(node.value)


# --- the lines -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MappedLines:
    """JSON lines, each with what the mapping finds in it."""

    lines: JsonRecords = field(default_factory=lambda: JsonRecords(envelope()))
    appendable: bool = True

    def __call__(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
        """Chunks as the lines come. Raises ConfigError for the mapping, DataError for a document that is too large."""
        mapping = mapping_of(bounds.environment)
        shapes: Shapes = {}
        for chunk in self.lines(stream, bounds):
            numbers: list[int] = []
            records: list[Raw] = []
            found: list[dict[str, str]] = []
            bad = list(chunk.bad)
            for number, record in zip(chunk.numbers, chunk.records, strict=True):
                try:
                    said = mapping.of(DECODE(record), shapes)
                except (msgspec.MsgspecError, RecursionError, ValueError) as error:
                    deep = isinstance(error, RecursionError)
                    reason = "nested too deeply" if deep else f"wrong type: no JSON object: {error}"
                    bad.append(Bad(number, bytes(record), reason, len(memoryview(record))))
                else:
                    numbers.append(number)
                    records.append(record)
                    found.append(said)
            bad.sort(key=lambda one: one.record_no)
            yield replace(
                chunk,
                numbers=numbers,
                records=records,
                bad=bad,
                columns=partial(_columns, records, found),
                attributes=[{MAPPED: said} for said in found],
            )


def _columns(
    records: Sequence[Raw], found: Sequence[Mapping[str, str]], wanted: Sequence[str]
) -> tuple[Mapping[str, pa.Array], Mapping[int, str]]:
    """Columns that identity and clock ask for: `text` is the line of what has no id, `clock` its time."""
    import pyarrow as pa

    def value(name: str, record: Raw, said: Mapping[str, str]) -> bytes | None:
        if name == "text":
            return None if "id" in said else bytes(record)
        text = said.get("time" if name == "clock" else name)
        return None if text is None else text.encode("utf-8", "surrogatepass")

    pairs = list(zip(records, found, strict=True))
    return {name: pa.array([value(name, *pair) for pair in pairs], pa.binary()) for name in wanted}, {}


SOURCE = Source(
    name="app_log",
    title="Application logs",
    vendor="Applications",
    domain="applications",
    documentation="https://www.elastic.co/docs/reference/ecs/ecs-field-reference",
    event_id="the mapping's `id` and `service`; without an id the line's own text",
    lateness="as the shipper of the logs delivers them",
    keys=KEYS,
    framing=MappedLines(),
    table=Table(identity=("id", "service", "text"), needed=(), clock_columns=("clock",), clock=clock),
)
