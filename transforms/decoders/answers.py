"""Answers of web APIs, alone or as the body of a landed page: an object whose lists are the records."""

from __future__ import annotations

from typing import Any

import msgspec

from transforms.decoders.json_records import Expand, envelope
from transforms.lake.records import Raw


def answers(*keys: str) -> Expand:
    """Takes a JSON value apart: an array, an answer or a landed answer into items, else into itself.

    `keys` are the members that hold an answer's lists. Raises msgspec.DecodeError or RecursionError where the value is
    not JSON.
    """
    lists = [
        (f"f{i}", list[msgspec.Raw] | msgspec.UnsetType, msgspec.field(default=msgspec.UNSET, name=key))
        for i, key in enumerate(keys)
    ]
    answer = msgspec.defstruct("Answer", lists)
    body: tuple[str, Any, Any] = ("body", answer | msgspec.UnsetType, msgspec.UNSET)
    page = msgspec.json.Decoder(msgspec.defstruct("Page", [body], bases=(answer,)))
    plain, none_of = envelope(), envelope("body", *keys)

    def expand(value: Raw) -> list[Raw]:
        try:
            found: Any = page.decode(value)
        except msgspec.ValidationError:  # an array, or a record that has these names for something else
            return plain(value)
        held = found if found.body is msgspec.UNSET else found.body
        parts = [part for name in answer.__struct_fields__ if (part := getattr(held, name)) is not msgspec.UNSET]
        return [item for part in parts for item in part] if parts else [value]

    return Expand(expand, none_of.lines)
