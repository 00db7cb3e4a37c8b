"""Questions to lakes that are not changed any more: each is opened once, and not for every question anew."""

from __future__ import annotations

from transforms.settings import Settings
from transforms.warehouse.query import Reader

_readers: dict[str, Reader] = {}


def standing(settings: Settings) -> Reader:
    """The lake, opened."""
    if settings.lake not in _readers:
        _readers[settings.lake] = Reader(settings)
    return _readers[settings.lake]


def changed(settings: Settings) -> None:
    """The lake got tables: who asks next opens it anew."""
    _readers.pop(settings.lake, None)
