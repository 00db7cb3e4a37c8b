"""Answers of OData services such as Microsoft Graph, alone or as the body of a landed page."""

from __future__ import annotations

import msgspec

from transforms.decoders.json_records import Expand, envelope
from transforms.lake.records import Raw

_Items = list[msgspec.Raw] | msgspec.UnsetType


class _Answer(msgspec.Struct):
    """`value` is OData's; `records` that of an Azure event hub's envelope."""

    value: _Items = msgspec.UNSET
    records: _Items = msgspec.UNSET


class _Page(_Answer):
    body: _Answer | msgspec.UnsetType = msgspec.UNSET


def odata() -> Expand:
    """A function that takes a JSON value apart: an array, an answer or a landed answer into items, else into itself.

    https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html. Raises msgspec.DecodeError
    or RecursionError where the value is not JSON.
    """
    page = msgspec.json.Decoder(_Page)
    plain = envelope()

    def expand(value: Raw) -> list[Raw]:
        try:
            found = page.decode(value)
        except msgspec.ValidationError:  # an array, or a record that has these names for something else
            return plain(value)
        answer = found if found.body is msgspec.UNSET else found.body
        lists = [items for items in (answer.value, answer.records) if items is not msgspec.UNSET]
        return [item for items in lists for item in items] if lists else [value]

    return expand
