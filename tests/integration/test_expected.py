"""Real logs as others normalise them: they say the same of who did what, when, from where, to what and how it ended.

Where `../shared/expected` holds another normaliser's output (Elastic's ECS, Sekoia's, OCSF's own examples) of a sample,
each of its records is paired with the row of the same text. Of the records that say something of a field, 98 % must
agree; `tests/expected/<source>.yml` says where the two differ on purpose, why, and in how many records, and where the
other normaliser has what was acted on.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from landed import Landed
from samples import SAMPLED, SAMPLES, SHARED, folders

from transforms.lake.table import Lake
from transforms.settings import Settings

EXPECTED = SHARED / "expected"
EXPLAINED = Path(__file__).parents[1] / "expected"
AGREE = 0.98
pytestmark = [
    pytest.mark.xdist_group("samples"),
    pytest.mark.skipif(not EXPECTED.is_dir(), reason=f"nothing to compare with at {EXPECTED}: this proof did not run"),
]

ECS = {
    "actor": ["user.id", "user.name", "user.email", "client.user.id", "client.user.name", "client.user.email"],
    "source ip": ["source.ip", "client.ip"],
    "operation": ["event.action", "action.name"],
    "outcome": ["event.outcome", "action.outcome"],
    "time": ["@timestamp"],
    "account": ["cloud.account.id", "cloud.project.id"],
    "resource": [
        *("user.target.id", "user.target.name", "user.target.email", "user.target.group.id", "user.target.group.name"),
        *("group.id", "group.name", "cloud.instance.id", "dns.question.name"),
    ],
}
OCSF = {
    "actor": ["actor.user.uid", "actor.user.name", "actor.user.email_addr"],
    "source ip": ["src_endpoint.ip"],
    "operation": ["api.operation"],
    "outcome": ["status_id"],
    "time": ["time_dt"],
    "account": ["cloud.account.uid"],
    "resource": [
        "user.uid",
        "user.name",
        "group.uid",
        "group.name",
        "resources.uid",
        "resource.uid",
        "dst_endpoint.ip",
    ],
}
"""Where other normalisers have a field."""
COLUMNS = {
    "actor": [
        *("actor_user_name", "actor_user_uid", "actor_user_uid_alt", "actor_user_email_addr", "actor_app_name"),
        *("user_name", "user_uid", "user_email_addr"),
    ],
    "source ip": ["src_endpoint_ip"],
    "operation": ["api_operation", "metadata_event_code"],
    "outcome": ["status_id"],
    "time": ["time"],
    "account": ["cloud_account_uid"],
    "resource": [
        *("resource_uid", "resource_name", "resources", "user_uid", "user_name", "user_email_addr", "group_uid"),
        *("group_name", "databucket_name", "databucket_object", "query_hostname", "url_string", "service_name"),
        *("dst_endpoint_ip", "dst_endpoint_instance_uid", "src_endpoint_instance_uid", "policy_uid", "policy_name"),
    ],
}
"""The columns that may say the same, each normalised in its own way: of one field either may hold a name or an id."""
OUTCOMES = {1: "success", 2: "failure"}


def at(record: Any, path: str) -> list[Any]:
    """What a dotted path leads to in nested objects, through each item of a list."""
    if isinstance(record, list):
        return [found for item in record for found in at(item, path)]
    head, _, rest = path.partition(".")
    inner = record.get(head) if isinstance(record, dict) else None
    if rest:
        return at(inner, rest)
    return [item for item in (inner if isinstance(inner, list) else [inner]) if item not in (None, "")]


def canonical(text: str) -> str:
    """A record's text, however its JSON is spaced and sorted."""
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return " ".join(text.split())


def plain(field: str, value: Any) -> str:
    """A value so that two ways to write it are equal."""
    if field == "outcome":
        return OUTCOMES.get(value, "unknown") if isinstance(value, int) else str(value).lower()
    if field == "time" and not isinstance(value, int):
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return str(int(moment.timestamp() * 1000))
    if field == "source ip":
        try:
            return str(ipaddress.ip_address(str(value)))
        except ValueError:
            pass
    return str(value).strip().lower()


@dataclass(frozen=True)
class Record:
    """A record as another normaliser has it: of which object it is which record, and its text where they keep it."""

    object: str
    number: int
    of: int
    text: str | None
    said: dict[str, Any]


def records(folder: str) -> Iterator[Record]:
    """Each record of the other normalisers for a folder of samples, but what is no JSON or was dropped by them."""
    for path in sorted((EXPECTED / folder).rglob("*.expected.json")):
        try:
            content = json.loads(path.read_text())
        except ValueError:
            continue
        found = content.get("expected", [content])
        name = path.relative_to(EXPECTED).as_posix().removesuffix(".expected.json")
        for number, said in enumerate(found):
            if said is not None:
                (text,) = at(said, "event.original")[:1] or at(said, "message")[:1] or [None]
                yield Record(name, number, len(found), None if "class_uid" in said else text, said)


@dataclass(frozen=True)
class Ours:
    """Every row of a source's samples that others have normalised too, by its record's text and by its object."""

    by_text: dict[str, dict[str, Any]]
    by_object: dict[str, list[dict[str, Any]]]

    def row(self, record: Record) -> dict[str, Any] | None:
        if record.text is not None and canonical(record.text) in self.by_text:
            return self.by_text[canonical(record.text)]
        rows = self.by_object.get(record.object, [])
        return rows[record.number] if len(rows) == record.of else None


def compared(source: str) -> list[str]:
    return [folder.name for folder in folders(source) if (EXPECTED / folder.name).is_dir()]


COMPARED = [source for source in SAMPLED if compared(source)]
FOLDERS = sorted({folder for source in COMPARED for folder in compared(source)})


@pytest.fixture(scope="module")
def ours(sample_lake: Settings) -> dict[str, Ours]:
    lake = Landed(sample_lake)
    found = {source: Ours({}, defaultdict(list)) for source in COMPARED}
    rows = defaultdict(list)
    for table in Lake(sample_lake).names("ocsf"):
        for row in lake.sql(f"select * from ocsf.{table} where {of_compared('object_uri')}"):
            rows[row["source"], row["event_uid"]].append(row)
    for source in COMPARED:
        query = f"select event_uid, object_uri, record_no, raw from bronze.{source} where {of_compared('object_uri')}"
        delivered = lake.sql(f"{query} order by object_uri, record_no")
        mine = [row for (of, _), same in rows.items() if of == source for row in same]
        kept = {(row["object_uri"], row["record_no"]): row for row in mine}
        texts = found[source].by_text
        for record in delivered:
            if (row := kept.get((record["object_uri"], record["record_no"]))) is not None:
                texts[canonical(record["raw"])] = row
        for record in delivered:  # of an event that came twice one row was kept, perhaps in other words
            row = texts.setdefault(canonical(record["raw"]), rows[source, record["event_uid"]][0])
            found[source].by_object[sample_of(record["object_uri"])].append(row)
    return found


def of_compared(column: str) -> str:
    """Which objects others have normalised too: by far not all of those that are landed."""
    vendors = [f"{folder}/{vendor.name}" for folder in FOLDERS for vendor in (EXPECTED / folder).iterdir()]
    return "(" + " or ".join(f"{column} like '%/samples/{vendor}/%'" for vendor in vendors) + ")"


def sample_of(object_uri: str) -> str:
    return re.sub(r"^.*?/samples/", "", unquote(object_uri))


def explained(source: str) -> dict[str, Any]:
    path = EXPLAINED / f"{source}.yml"
    return yaml.safe_load(path.read_text()) if path.exists() else {}


def test_some_sources_are_compared() -> None:
    assert len(COMPARED) >= 10


@pytest.mark.parametrize("source", COMPARED)
def test_others_say_the_same(ours: dict[str, Ours], source: str) -> None:
    known = explained(source)
    said, agree, wrong = Counter[str](), Counter[str](), []
    why: dict[int, set[tuple[str, int]]] = {index: set() for index in range(len(known.get("differences", [])))}
    pairs = [(r, row) for folder in compared(source) for r in records(folder) if (row := ours[source].row(r))]
    assert pairs
    for record, row in pairs:
        for field, differing in differing_fields(record, row, known):
            reasons = [reason_of(known, field, path, row) for path, _ in differing]
            if None in reasons:
                wrong.append(f"{record.object} {record.number}: {field}: {differing}")
            elif reasons:
                for index in reasons:
                    why[index].add((record.object, record.number))
                continue
            said[field] += 1
            agree[field] += not reasons
    assert said.keys() & {"time", "operation", "outcome"}
    for field, count in said.items():
        assert agree[field] / count >= AGREE, f"{field}: {agree[field]} of {count} agree: {wrong}"
    for index, difference in enumerate(known.get("differences", [])):
        assert len(why[index]) == difference["records"], f"{difference} is of {len(why[index])} records"


def differing_fields(record: Record, row: dict[str, Any], known: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Each field of which the other normaliser says something, with the paths and values that the row does not have."""
    for field, usual in (OCSF if "class_uid" in record.said else ECS).items():
        paths = [*usual, *known.get("paths", {}).get(field, [])]
        said = [(path, value) for path in paths for value in at(record.said, path)]
        columns = [*COLUMNS[field], *known.get("columns", {}).get(field, [])]
        mine = {plain(field, value) for column in columns for value in values(row.get(column))}
        if field in ("actor", "resource"):  # others cut an address at the @
            mine |= {value.partition("@")[0] for value in mine}
        if field == "actor":  # and name the role of a session
            mine |= {value.partition("/")[0] for value in mine}
        if said:
            yield field, [(path, value) for path, value in said if plain(field, value) not in mine]


def values(value: Any) -> list[Any]:
    """The values of a column: of resources the uids and names."""
    items = [item[name] for item in value for name in ("uid", "name")] if isinstance(value, list) else [value]
    return [item for item in items if item is not None]


def reason_of(known: dict[str, Any], field: str, path: str, row: dict[str, Any]) -> int | None:
    """Which of the explained differences it is that a row has another value than theirs at `path`."""
    for index, difference in enumerate(known.get("differences", [])):
        is_event = re.fullmatch(difference.get("event", ".*"), row["metadata_event_code"] or "")
        if is_event and difference["field"] == field and path in difference["paths"]:
            return index
    return None


@pytest.fixture(scope="module")
def quarantined(sample_lake: Settings) -> set[str]:
    places = Landed(sample_lake).sql(f"select object_uri from ops.quarantine where {of_compared('object_uri')}")
    return {sample_of(place["object_uri"]) for place in places}


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_cannot_be_compared_did_not_land(ours: dict[str, Ours], quarantined: set[str], folder: str) -> None:
    """A record of theirs without a row is not in the sample, or is in quarantine."""
    sources = [source for source in COMPARED if folder in compared(source)]
    texts = {}
    for record in records(folder):
        if any(ours[source].row(record) for source in sources) or record.object in quarantined:
            continue
        if record.object not in texts:
            texts[record.object] = re.sub(r"\s", "", (SAMPLES / record.object).read_text())
        assert record.text is not None, record.object
        assert re.sub(r"\s", "", record.text) not in texts[record.object], f"{record.object} {record.number}"
