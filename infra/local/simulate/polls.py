"""What a collector gets from GitHub's API: every five minutes the objects that changed, a page of each list."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from infra.local.simulate.forge import BEHIND_S, Fact, Forge, Object
from infra.local.simulate.model import TICK_S, Delivery, Record, Run, utc
from infra.local.simulate.rendering import compact_time

AGAIN = 0.02
"""Part of the pages that the collector writes twice."""

Lists = Mapping[str, Sequence[Object]]
"""What changed, by the name of its list."""


class Polls:
    """The pages of one collector: those of a repository for each five minutes in which something happened there."""

    def __init__(
        self, run: Run, name: str, root: str, changed: Callable[[Sequence[Fact]], Lists], *, enveloped: bool = False
    ):
        """`changed` gives what the facts of one repository leave; `enveloped` pages name their list and its length."""
        self.distinct = 0
        self._run, self._name, self._root = run, name, root
        self._changed, self._enveloped = changed, enveloped
        self._rng, self._forge = run.rng(name), Forge(run)
        self.witness = self._forge.witness

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the pages of what happened in the five minutes that the collector has come to."""
        return self._pages(start + TICK_S, list(self._forge.facts(start - BEHIND_S)))

    def finish(self) -> Iterator[Delivery]:
        """Yield the pages of what is left."""
        return self._pages(self._run.end + TICK_S, list(self._forge.facts(None)))

    def _pages(self, at: int, facts: Sequence[Fact]) -> Iterator[Delivery]:
        for name in sorted({fact.repository.name for fact in facts}):
            lists = self._changed([fact for fact in facts if fact.repository.name == name])
            for kind, objects in sorted(lists.items()):
                if objects:
                    yield from self._page(at, name.partition("/")[2], kind, objects)

    def _page(self, at: int, repository: str, kind: str, objects: Sequence[Object]) -> Iterator[Delivery]:
        self.distinct += len(objects)
        page = {"total_count": len(objects), kind: objects} if self._enveloped else objects
        name = f"{repository}-{kind}-{compact_time(at, '%Y%m%dT%H%M%SZ')}"
        for suffix in ("", "-again") if self._rng.random() < AGAIN else ("",):
            yield Delivery(
                source=self._name,
                key=f"{self._root}/{compact_time(at, '%Y/%m/%d')}/{name}{suffix}.json",
                data=json.dumps(page, separators=(",", ":")).encode(),
                delivered_at=utc(at),
                offset=None,
                records=len(objects),
            )


def last_of(objects: Iterator[Object]) -> list[Object]:
    """Return each object once, as it was last."""
    return list({each["id"]: each for each in objects}.values())
