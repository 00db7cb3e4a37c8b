"""Findings of AWS's detecting services, as each hands them on: events of EventBridge, answers of the APIs, lines."""

from __future__ import annotations

import msgspec

from transforms.decoders.json_records import Expand, envelope
from transforms.lake.records import Raw

_Items = list[msgspec.Raw] | msgspec.UnsetType


class _Lists(msgspec.Struct):
    """Services write the name in either case."""

    findings: _Items = msgspec.UNSET
    Findings: _Items = msgspec.UNSET

    def items(self) -> list[Raw] | None:
        lists = [found for found in (self.findings, self.Findings) if not isinstance(found, msgspec.UnsetType)]
        return [item for found in lists for item in found] if lists else None


class _Value(_Lists):
    """`body` is that of a landed page, `data` that of an answer which a client kept with its status."""

    kind: str | None = msgspec.field(default=None, name="detail-type")
    detail: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    body: _Lists | msgspec.UnsetType = msgspec.UNSET
    data: _Lists | msgspec.UnsetType = msgspec.UNSET


def findings(*detail_types: str) -> Expand:
    """Takes a JSON value apart into findings: an array, an answer `{"findings": [...]}`, an event.

    An event of EventBridge with one of `detail_types` is the finding that its detail is, or the findings that its
    detail lists; one with another type stays whole.
    https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
    Raises msgspec.DecodeError or RecursionError where the value is not JSON.
    """
    decode = msgspec.json.Decoder(_Value).decode
    lists = msgspec.json.Decoder(_Lists).decode
    plain, none_of = envelope(), envelope("findings", "Findings", "detail", "body", "data")

    def one(value: Raw) -> list[Raw]:
        try:
            found = decode(value)
        except msgspec.ValidationError:  # an array, or a finding that has these names for something else
            return plain(value)
        if not isinstance(found.detail, msgspec.UnsetType) and found.kind in detail_types:
            try:
                inner = lists(found.detail).items()
            except msgspec.ValidationError:
                return [value]
            return [found.detail] if inner is None else inner
        for answer in (found, found.body, found.data):
            if not isinstance(answer, msgspec.UnsetType) and (inner := answer.items()) is not None:
                return inner
        return [value]

    def expand(value: Raw) -> list[Raw]:
        found = one(value)
        if found and found[0] is not value and b'"detail-type"' in bytes(found[0]):  # an array of events
            return [item for event in found for item in one(event)]
        return found

    return Expand(expand, none_of.lines)
