"""Inventories: whole answers of the clouds' lists, and their objects one by one; a record is an object of a list.

What stands around an object (the answer, its reservation, what the collector says) is the attribute `fields`, as it is
of a report's finding. An object that stands alone has nothing around it but when its own object was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from transforms.decoders.reports import Level, Reports, Walk, Way, _Findings
from transforms.lake.records import Raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory(Reports):
    """Reports whose findings are what a list holds; one of `own` may stand anywhere by itself.

    Its clock stands around the objects alone: they say when they were made, not when they were seen.
    """

    def _walk(
        self,
        found: _Findings,
        document: Raw,
        members: Mapping[str, msgspec.Raw],
        ways: tuple[Way, ...],
        around: Level | None,
    ) -> Walk:
        if around is None and bytes(members.get("body", b"")) == b"null":  # what a failed call leaves is no empty list
            found.bad(bytes(document), "wrong type: a collection without an answer", len(memoryview(document)))
            return True
        if (yield from Reports._walk(self, found, document, members, ways, around)):
            return True
        if bytes(members.get("kind", b"")).endswith(b'List"'):  # a list of Google's with nothing in it has no `items`
            return True
        if self.own & members.keys():
            yield from self._findings(found, document, "", around, [msgspec.Raw(document)])
            return True
        if around is not None:  # one of several: the others may lead on, and nobody would miss it
            found.bad(bytes(document), "wrong type: no list of an inventory", len(memoryview(document)))
        return around is not None
