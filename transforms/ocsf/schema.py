"""The registry of OCSF classes and objects that the lake renders (schema.yml beside this), and the check of an event."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "boolean": (bool,),
    "timestamp": (int,),
    "datetime": (str,),
    "ip": (str,),
    "json": (str, int, float, bool, dict, list),
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: a scalar or an object by name, whether OCSF requires it, whether it is an array."""

    type: str
    required: bool = False
    array: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """What a class or an object may hold. enums: the integers of an attribute. one_of: of each group one at least."""

    attributes: Mapping[str, Attribute]
    enums: Mapping[str, frozenset[int]]
    one_of: tuple[tuple[str, ...], ...] = ()

    def __or__(self, other: Shape) -> Shape:
        return Shape(
            {**self.attributes, **other.attributes}, {**self.enums, **other.enums}, self.one_of + other.one_of
        )


@dataclass(frozen=True, slots=True)
class Schema:
    """OCSF as far as the lake speaks it."""

    version: str
    base: Shape
    classes: Mapping[int, Shape]
    profiles: Mapping[str, Shape]
    objects: Mapping[str, Shape]

    def shape_of(self, event: Mapping[str, Any]) -> Shape:
        """The attributes of an event's class, with those of the profiles that its metadata names."""
        shape = self.base | self.classes[event["class_uid"]]
        for profile in event.get("metadata", {}).get("profiles") or []:
            if profile in self.profiles:
                shape = shape | self.profiles[profile]
        return shape


@cache
def schema() -> Schema:
    """The registry. Raises KeyError where an attribute's type is neither a scalar nor a declared object."""
    text = yaml.safe_load(Path(__file__).with_name("schema.yml").read_text())
    found = Schema(
        version=text["version"],
        base=_shape(text["base"]),
        classes={uid: _shape(items or {}) for uid, items in text["classes"].items()},
        profiles={name: _shape(items) for name, items in text["profiles"].items()},
        objects={name: _shape(items) for name, items in text["objects"].items()},
    )
    shapes = [found.base, *found.classes.values(), *found.profiles.values(), *found.objects.values()]
    for attribute in (a for shape in shapes for a in shape.attributes.values()):
        if attribute.type not in SCALARS and attribute.type not in found.objects:
            raise KeyError(attribute.type)
    return found


def _shape(items: Mapping[str, Any]) -> Shape:
    return Shape(
        attributes={name: _attribute(text) for name, text in items.items() if not name.startswith("+")},
        enums={name: frozenset(values) for name, values in items.get("+enum", {}).items()},
        one_of=tuple(tuple(group) for group in items.get("+one_of", [])),
    )


def _attribute(text: str) -> Attribute:
    name = text.removesuffix("!")
    return Attribute(name.removesuffix("[]"), required=text.endswith("!"), array=name.endswith("[]"))


def problems(event: Mapping[str, Any]) -> list[str]:
    """Why an event is no OCSF of its class: path and reason of each breach; none for a valid one."""
    known = schema()
    if event.get("class_uid") not in known.classes:
        return [f"class_uid: {event.get('class_uid')} is no class of the registry"]
    found = list(_breaches(event, known.shape_of(event), ""))
    uid, activity = event["class_uid"], event.get("activity_id")
    if isinstance(activity, int) and event.get("type_uid") != uid * 100 + activity:
        found.append(f"type_uid: {event.get('type_uid')} is not that of activity {activity}")
    if event.get("category_uid") != uid // 1000:
        found.append(f"category_uid: {event.get('category_uid')} is not that of class {uid}")
    if event.get("metadata", {}).get("version") != known.version:
        found.append(f"metadata.version: not {known.version}")
    return found


def _breaches(value: Mapping[str, Any], shape: Shape, path: str) -> Iterator[str]:
    for name, attribute in shape.attributes.items():
        if attribute.required and value.get(name) is None:
            yield f"{path}{name}: required, and missing"
    for group in shape.one_of:
        if all(value.get(name) is None for name in group):
            yield f"{path or 'event'}: none of {', '.join(group)}"
    for name, inner in value.items():
        known = shape.attributes.get(name)
        if known is None:
            yield f"{path}{name}: no attribute of it"
            continue
        if known.array != isinstance(inner, list) and known.type != "json":
            yield f"{path}{name}: {'no array' if known.array else 'an array'}"
            continue
        for item in inner if known.array else [inner]:
            yield from _wrong(item, known.type, shape.enums.get(name), f"{path}{name}")


def _wrong(value: Any, kind: str, enum: frozenset[int] | None, path: str) -> Iterator[str]:
    if kind not in SCALARS:
        if isinstance(value, Mapping):
            yield from _breaches(value, schema().objects[kind], f"{path}.")
        else:
            yield f"{path}: no {kind}"
        return
    is_flag = isinstance(value, bool) and kind not in ("boolean", "json")
    if not isinstance(value, SCALARS[kind]) or is_flag or (kind == "integer" and not -(2**31) <= value < 2**31):
        yield f"{path}: {type(value).__name__} is no {kind}"
    elif enum is not None and value not in enum:
        yield f"{path}: {value} is none of its values"
    elif (kind == "ip" and not _parses(ipaddress.ip_address, value)) or (
        kind == "datetime" and not _parses(datetime.fromisoformat, value)
    ):
        yield f"{path}: {value!r} is no {kind}"


def _parses(parse: Any, value: str) -> bool:
    try:
        parse(value)
    except ValueError:
        return False
    return True
