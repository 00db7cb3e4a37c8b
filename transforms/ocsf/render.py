"""A row of a class table as the nested OCSF event that it stands for.

Each column's place is the `ocsf_path` of its contract. What a class has no attribute for (an actor in a base event)
stands under `unmapped`, as OCSF asks; NULL is left out, and so is an object of which nothing is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import yaml

from transforms.ocsf.schema import SCALARS, Shape, schema
from transforms.settings import REPOSITORY

SHA_256 = 3
REGULAR_FILE = 1
BUCKETS = {"AWS": 1, "Azure": 2, "GCP": 3}
"""OCSF's databucket.type_id by the cloud that holds it: S3, Azure Blob, GCS."""


@cache
def paths(table: str) -> dict[str, tuple[str, str]]:
    """(OCSF path, type) of each column of a class table that has one, from the table's contract."""
    file = REPOSITORY / "dbt_project" / "models" / "ocsf" / f"ocsf_{table}.yml"
    (model,) = yaml.safe_load(file.read_text())["models"]
    places = {c["name"]: (c.get("config", {}).get("meta", {}).get("ocsf_path"), c["data_type"]) for c in model["columns"]}
    return {name: (path, kind) for name, (path, kind) in places.items() if path}


def render(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The event of a row of ocsf.`table`: times as RFC 3339, JSON texts as JSON."""
    event: dict[str, Any] = {}
    for name, (path, _) in paths(table).items():
        if row.get(name) is not None:
            _put(event, path, _plain(row[name]))
    for resource in event.get("resources", []):  # the account of a resource is its owner's
        if (account := resource.pop("account_uid", None)) is not None:
            resource["owner"] = {"account": {"uid": account}}
    _complete(event)
    unmapped = _json(event.pop("unmapped", None))
    shape = schema().shape_of(event)
    displaced = {name: event.pop(name) for name in [*event] if name not in shape.attributes}
    if displaced or unmapped is not None:
        inner = unmapped if isinstance(unmapped, dict) else {} if unmapped is None else {"value": unmapped}
        event["unmapped"] = {**inner, **displaced}
    _unknown(event, shape)
    return event


def _put(event: dict[str, Any], path: str, value: Any) -> None:
    """Set what a path leads to; `name[0]` is the first of a list, unless the list is there already."""
    *outer, last = path.split(".")
    at: Any = event
    for part in outer:
        match = re.fullmatch(r"(\w+)\[0\]", part)
        at = at.setdefault(match[1], [{}])[0] if match else at.setdefault(part, {})
    if last == "resources":  # the first of them is the primary one, whose columns came before
        first = at.get(last, [])
        at[last] = [*first, *(item for item in value if item and item.get("uid") != (first or [{}])[0].get("uid"))]
    else:
        at[last] = value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_plain(inner) for inner in value if inner is not None]
    return value


def _json(text: Any) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text


def _complete(event: dict[str, Any]) -> None:
    """What OCSF requires and follows from what the row says."""
    if "raw_data_hash" in event:
        event["raw_data_hash"]["algorithm_id"] = SHA_256
    bucket = event.get("databucket")
    if bucket is not None:
        bucket["type_id"] = BUCKETS.get(event.get("cloud", {}).get("provider"), 99)
        if "file" in bucket and "path" in bucket["file"]:
            bucket["file"] |= {"name": bucket["file"]["path"].rpartition("/")[2] or bucket["file"]["path"], "type_id": REGULAR_FILE}


def _unknown(value: dict[str, Any], shape: Shape) -> None:
    """0, Unknown, for each numbered attribute that OCSF requires of an object and the row does not say."""
    for name, attribute in shape.attributes.items():
        inner = value.get(name)
        if inner is None:
            if attribute.required and name.endswith("_id") and 0 in shape.enums.get(name, {0}):
                value[name] = 0
        elif attribute.type not in SCALARS:
            for item in inner if attribute.array else [inner]:
                if isinstance(item, dict):
                    _unknown(item, schema().objects[attribute.type])
