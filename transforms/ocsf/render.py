"""A row of a class table as the nested OCSF event that it stands for.

Each column's place is the `ocsf_path` of its contract. NULL is left out. What OCSF has no place for stands under
`unmapped` by its path: what the class has no attribute for (an actor in a base event), an object that lacks what OCSF
requires of it (a request's size without the request), and text that is not of the attribute's form (an address with a
blank in it).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import yaml

from transforms.ocsf.schema import SCALARS, Shape, has_form, schema
from transforms.settings import REPOSITORY

JSON = {"data", "unmapped"}
"""The attributes that are JSON in OCSF, and text in the lake."""
SHA_256 = 3
REGULAR_FILE = 1
BUCKETS = {"AWS": 1, "Azure": 2, "GCP": 3}
"""OCSF's databucket.type_id by the cloud that holds it: S3, Azure Blob, GCS."""


@cache
def paths(table: str) -> dict[str, str]:
    """The OCSF path of each column of a class table that has one, from the table's contract."""
    file = REPOSITORY / "dbt_project" / "models" / "ocsf" / f"ocsf_{table}.yml"
    (model,) = yaml.safe_load(file.read_text())["models"]
    places = {column["name"]: column.get("config", {}).get("meta", {}).get("ocsf_path") for column in model["columns"]}
    return {name: path for name, path in places.items() if path}


def render(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The event of a row of ocsf.`table`: dates as RFC 3339, JSON texts as JSON.

    Nothing of the row is lost. The event lacks what OCSF requires of its class only where the row does.
    """
    event: dict[str, Any] = {}
    for name, path in paths(table).items():
        if row.get(name) not in (None, []):
            is_json = path.rpartition(".")[2] in JSON
            _put(event, path, _json(row[name]) if is_json else _plain(row[name]))
    shape = schema().shape_of(event)
    _complete(event, shape)
    vendor = event.pop("unmapped", None)
    event, left = _fit(event, shape)
    unmapped = vendor if isinstance(vendor, dict) else {} if vendor is None else {"value": vendor}
    for path, value in left.items():
        name = path
        while name in unmapped:  # a vendor may have a field of any name
            name = f"ocsf.{name}"
        unmapped[name] = value
    return {**event, "unmapped": unmapped} if unmapped else event


def _put(at: dict[str, Any], path: str, value: Any) -> None:
    """Set what a path leads to: `name[0]` is in the first of a list, `name[]` a further item of it for each value.

    What `name[0]` says apart from the list is of its first item, unless that says something else.
    """
    head, _, rest = path.partition(".")
    if head.endswith("[]"):
        for item in value:
            at.setdefault(head[:-2], []).append({})
            _put(at[head[:-2]][-1], rest, item)
    elif head.endswith("[0]"):
        _put(at.setdefault(head[:-3], [{}])[0], rest, value)
    elif rest:
        _put(at.setdefault(head, {}), rest, value)
    elif head in at and not at[head][0].keys() & value[0].keys():
        at[head] = [at[head][0] | value[0], *value[1:]]
    else:
        at[head] = [*at.get(head, []), *value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_plain(inner) for inner in value if inner is not None]
    return value


def _json(text: str) -> Any:
    """What a JSON text says; a text that is none, or is nested too deep to be read, as it is."""
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return text


def _complete(event: dict[str, Any], shape: Shape) -> None:
    """Say in OCSF's words what the row says in fewer."""
    if "raw_data_hash" in event:
        event["raw_data_hash"]["algorithm_id"] = SHA_256
    if "databucket" in event:
        event["databucket"]["type_id"] = BUCKETS.get(event.get("cloud", {}).get("provider"), 99)
        file = event["databucket"].get("file", {})
        if "path" in file:
            file |= _named(file["path"])
    for process in (event.get("process", {}), event.get("process", {}).get("parent_process", {})):
        if "path" in (program := process.get("file", {})):
            program |= _named(program["path"])
    if "device" in event:
        event["device"].setdefault("type_id", 0)
    if "hash" in (package := event.get("package", {})):
        package["hash"]["algorithm_id"] = SHA_256
    if "sbom" in event:
        listed = ("name", "version", "purl")
        event["sbom"]["software_components"] = [{name: package[name] for name in listed if name in package}]
    if "path" in (file := event.get("file", {})):
        file |= _named(file["path"])
    if "resources" in event:
        primary, *others = _resources(event.pop("resources"))
        if "resource" in shape.attributes:
            event |= {"resource": primary} | ({"resources": others} if others else {})
        else:
            event["resources"] = [primary, *others]
    if "evidences" in shape.attributes:  # what a finding itself has no place for
        evidence = schema().objects["evidences"].attributes
        names = [name for name in event if name in evidence and name not in shape.attributes]
        event |= {"evidences": [{name: event.pop(name) for name in names}]} if names else {}


def _named(path: str) -> dict[str, Any]:
    """What OCSF requires of a file, of which the lake has the path."""
    return {"name": path.rpartition("/")[2] or path, "type_id": REGULAR_FILE}


def _resources(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The resources of a row, the primary one first, which may be one of the others too: with what is said of each."""
    primary, *others = found
    distinct = [primary]
    for other in others:
        if all(primary.get(name, value) == value for name, value in other.items()):
            primary |= other
        else:
            distinct.append(other)
    for resource in distinct:
        if (account := resource.pop("account_uid", None)) is not None:  # OCSF has it of a resource's owner
            resource["owner"] = {"account": {"uid": account}}
        if (relations := resource.pop("resource_relationship", None)) is not None:
            resource["resource_relationship"] = _graph(resource.get("uid"), relations)
    return distinct


def _graph(uid: str | None, relations: list[dict[str, Any]]) -> dict[str, Any]:
    """A resource's relations as OCSF's graph: a node for each other resource, an edge to it from this one."""
    nodes = [{name: value for name, value in r.items() if name != "relation"} for r in relations]
    edges = [_plain({"name": r.get("relation"), "source": uid, "target": r.get("uid")}) for r in relations]
    return {"name": "resources", "nodes": nodes, "edges": edges}


def _fit(value: Mapping[str, Any], shape: Shape) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of a value fits a shape, with 0, Unknown, for each number that OCSF requires and nobody knows; and by its
    path what does not fit."""
    fits: dict[str, Any] = {}
    left: dict[str, Any] = {}
    for name, inner in value.items():
        attribute = shape.attributes.get(name)
        if attribute is None:
            left[name] = inner
        elif attribute.type in SCALARS:
            (fits if attribute.array or has_form(inner, attribute.type) else left)[name] = inner
        elif attribute.array:
            items = [_whole(item, schema().objects[attribute.type], f"{name}[{i}]") for i, item in enumerate(inner)]
            fits |= {name: found} if (found := [item for item, _ in items if item]) else {}
            left |= {path: rest for _, beside in items for path, rest in beside.items()}
        else:
            item, beside = _whole(inner, schema().objects[attribute.type], name)
            fits |= {name: item} if item else {}
            left |= beside
    unknown = [
        n for n, a in shape.attributes.items() if a.required and n.endswith("_id") and 0 in shape.enums.get(n, ())
    ]
    return dict.fromkeys(unknown, 0) | fits, left


def _whole(value: Mapping[str, Any], shape: Shape, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What fits an object, and what stands beside it: all of it, where what fits is no whole object."""
    fits, left = _fit(value, shape)
    if any(shape.lacks(fits)):
        return {}, {path: dict(value)}
    return fits, {f"{path}.{name}": rest for name, rest in left.items()}
