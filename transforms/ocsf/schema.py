"""The registry of OCSF classes and objects that the lake renders (schema.yml), and the check of an event."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from transforms.errors import ConfigError

SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "email": (str,),
    "ip": (str,),
    "datetime": (str,),
    "integer": (int,),
    "long": (int,),
    "port": (int,),
    "timestamp": (int,),
    "float": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "json": (str, int, float, bool, dict, list),
}
"""OCSF's types (https://schema.ocsf.io/1.8.0/data_types) as Python reads them from JSON."""


EMAIL = re.compile(r"[\w!#$%&'*+,\-/=?^`{|}~.]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+", re.ASCII)
DATETIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)


def is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


FORMS: dict[str, Callable[[Any], bool]] = {
    "email": lambda value: EMAIL.fullmatch(value) is not None,
    "ip": is_ip,
    "datetime": lambda value: DATETIME.fullmatch(value) is not None,
    "integer": lambda value: -(2**63) <= value < 2**63,
    "long": lambda value: -(2**63) <= value < 2**63,
    "port": lambda value: 0 <= value < 2**16,
}
"""What a value must be beyond its type in JSON."""


def has_form(value: Any, kind: str) -> bool:
    """Whether a value of the right type in JSON is of the form that OCSF's type asks for."""
    return kind not in FORMS or FORMS[kind](value)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: a scalar or an object by name, whether OCSF requires it, whether it is an array."""

    type: str
    required: bool = False
    array: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """What a class or an object may hold: `enums` are the integers of an attribute, of a group in `one_of` there is
    one at least, of one in `just_one` exactly one."""

    attributes: Mapping[str, Attribute]
    enums: Mapping[str, frozenset[int]]
    one_of: tuple[tuple[str, ...], ...] = ()
    just_one: tuple[tuple[str, ...], ...] = ()

    def __or__(self, other: Shape) -> Shape:
        return Shape(
            attributes={**self.attributes, **other.attributes},
            enums={**self.enums, **other.enums},
            one_of=self.one_of + other.one_of,
            just_one=self.just_one + other.just_one,
        )

    def lacks(self, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """(attribute, breach) of what must be there and is not, and of what must not be there twice."""
        for name, attribute in self.attributes.items():
            if attribute.required and value.get(name) is None:
                yield name, "required, and missing"
        for group in self.one_of:
            if all(value.get(name) is None for name in group):
                yield "", f"none of {', '.join(group)}"
        for group in self.just_one:
            if sum(value.get(name) is not None for name in group) != 1:
                yield "", f"not exactly one of {', '.join(group)}"


@dataclass(frozen=True, slots=True)
class Schema:
    """OCSF as far as the lake speaks it."""

    version: str
    base: Shape
    classes: Mapping[int, Shape]
    profiles: Mapping[str, Shape]
    objects: Mapping[str, Shape]

    def shape_of(self, event: Mapping[str, Any]) -> Shape:
        """The attributes of an event's class, with those of the profiles that its metadata names.

        Raises ConfigError for a class that the registry does not have.
        """
        if event.get("class_uid") not in self.classes:
            raise ConfigError(f"ocsf: class {event.get('class_uid')} is not in transforms/ocsf/schema.yml")
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
        classes={uid: _shape(items) for uid, items in text["classes"].items()},
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
        just_one=tuple(tuple(group) for group in items.get("+just_one", [])),
    )


def _attribute(text: str) -> Attribute:
    name = text.removesuffix("!")
    return Attribute(name.removesuffix("[]"), required=text.endswith("!"), array=name.endswith("[]"))


def problems(event: Mapping[str, Any]) -> list[str]:
    """Why an event is no OCSF of its class: path and reason of each breach; none for a valid one."""
    known = schema()
    uid, activity = event.get("class_uid"), event.get("activity_id")
    if not isinstance(uid, int) or uid not in known.classes:
        return [f"class_uid: {uid} is no class of the registry"]
    found = list(_breaches(event, known.shape_of(event), ""))
    if isinstance(activity, int) and event.get("type_uid") != uid * 100 + activity:
        found.append(f"type_uid: {event.get('type_uid')} is not that of activity {activity}")
    if event.get("category_uid") != uid // 1000:
        found.append(f"category_uid: {event.get('category_uid')} is not that of class {uid}")
    metadata = event.get("metadata", {})
    if metadata.get("version") != known.version:
        found.append(f"metadata.version: not {known.version}")
    found += [f"metadata.profiles: {p} is no profile" for p in metadata.get("profiles", []) if p not in known.profiles]
    return found


def _breaches(value: Mapping[str, Any], shape: Shape, path: str) -> Iterator[str]:
    for name, breach in shape.lacks(value):
        yield f"{f'{path}{name}'.rstrip('.') or 'event'}: {breach}"
    for name, inner in value.items():
        known = shape.attributes.get(name)
        if known is None:
            yield f"{path}{name}: no attribute of it"
        elif known.array and not isinstance(inner, list):
            yield f"{path}{name}: no array"
        else:
            for item in inner if known.array else [inner]:
                yield from _wrong(item, known.type, shape.enums.get(name), f"{path}{name}")


def _wrong(value: Any, kind: str, enum: frozenset[int] | None, path: str) -> Iterator[str]:
    if kind not in SCALARS:
        if isinstance(value, Mapping):
            yield from _breaches(value, schema().objects[kind], f"{path}.")
        else:
            yield f"{path}: {type(value).__name__} is no {kind}"
        return
    is_flag = isinstance(value, bool) and kind not in ("boolean", "json")  # to Python True is an int
    if is_flag or not isinstance(value, SCALARS[kind]):
        yield f"{path}: {type(value).__name__} is no {kind}"
    elif enum is not None and value not in enum:
        yield f"{path}: {value} is none of its values"
    elif not has_form(value, kind):
        yield f"{path}: {value!r} is no {kind}"
