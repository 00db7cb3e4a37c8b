"""One event of the lake, as OCSF writes it."""

from __future__ import annotations

import re
from typing import Any

from transforms.errors import ConfigError
from transforms.lake.table import Lake
from transforms.ocsf.render import render
from transforms.settings import Settings
from transforms.warehouse.query import rows


def events(settings: Settings, event_uid: str) -> list[dict[str, Any]]:
    """The rendered events of an event_uid: one, or more where texts collided on it. Every class table is searched.

    Raises ConfigError for what is no event_uid, or for one that no row has.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", event_uid):
        raise ConfigError(f"event: an event_uid has 64 hexadecimal digits, {event_uid!r} does not")
    tables = Lake(settings).names("ocsf")
    named = f"where event_uid = '{event_uid}'"
    search = " union all ".join(f"select '{table}', count(*) from ocsf.{table} {named}" for table in tables)
    counts = [row for block in rows(settings, search)[1] for row in block] if tables else []
    found = []
    for table in (table for table, count in counts if count):
        names, blocks = rows(settings, f"select * from ocsf.{table} {named} order by object_uri, record_no")
        found += [render(table, dict(zip(names, row, strict=True))) for block in blocks for row in block]
    if not found:
        raise ConfigError(f"event: none has the event_uid {event_uid}")
    return found
