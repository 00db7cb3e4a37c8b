"""Rows of columns are split again for each class rather than held: the same rows come, whatever was delivered twice."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.integration.test_landing_flow_logs import ROW, SOURCE, flow, text
from tests.landed import Landed
from transforms.warehouse import route
from transforms.warehouse.runner import build
from transforms.warehouse.staged import Batch

OTHER = flow(2).replace(b" 40 ", b" 41 ")
"""What `flow(2)` is by its identity columns, in other bytes."""
ORDINARY = {
    "again.log": text(flow(1), flow(2), flow(1)),
    "other.log": text(OTHER, flow(3, action="-", **{"log-status": "NODATA"})),
}
REWRITTEN = {"again.log": text(flow(1), flow(5))}
HOSTILE = {
    "deep.json": b'{"start":' * 600 + b"1" + b"}" * 600,
    "row.json": json.dumps({**ROW, "interface_id": "eni-7", "note": "\ud800"}).encode(),
}
DELIVERIES = {
    "twice, and in other bytes": ([ORDINARY], []),
    "again after a build": ([ORDINARY], [{"z.log": ORDINARY["again.log"], "y.log": ORDINARY["other.log"]}]),
    "an object written anew, with a row where it was": ([ORDINARY, REWRITTEN], []),
    "rows that are hard to parse": ([ORDINARY, HOSTILE], [{"more.json": HOSTILE["row.json"]}]),
}


def delivered(lake: Landed, bucket: Path, deliveries: tuple[list[dict[str, bytes]], list[dict[str, bytes]]]) -> Landed:
    """A lake that landed the first deliveries, built, and the others, each with a build after it."""
    bucket.mkdir()
    for number, objects in enumerate([*deliveries[0], *deliveries[1]]):
        for name, data in objects.items():
            (bucket / name).write_bytes(data)
        lake.land(SOURCE, bucket)
        if number + 1 >= len(deliveries[0]):
            assert build(lake.settings).failed == {}
    return lake


def seen(lake: Landed, bucket: Path) -> Counter[str]:
    return Counter({text.replace(str(bucket), ""): count for text, count in lake.ocsf().items()})


@pytest.mark.parametrize("name", DELIVERIES)
def test_given_rows_are_those_that_are_held(name, tmp_path, lake_at, monkeypatch):
    ways: list[str] = []
    for way in ("give", "hold"):
        original = getattr(Batch, way)
        monkeypatch.setattr(Batch, way, lambda batch, way=way, original=original: ways.append(way) or original(batch))
    given = delivered(lake_at(tmp_path / "given"), tmp_path / "a", DELIVERIES[name])
    assert ways[0] == "give"
    assert ("hold" in ways) == ("written anew" in name)
    del ways[:]
    monkeypatch.setattr(route, "get", lambda source: SimpleNamespace(table=None))
    held = delivered(lake_at(tmp_path / "held"), tmp_path / "b", DELIVERIES[name])
    assert set(ways) == {"hold"}
    rows = seen(given, tmp_path / "a")
    assert rows == seen(held, tmp_path / "b")
    uids = given.sql("select event_uid, raw_data_hash, id_collision from ocsf.network_activity")
    assert len(uids) == len({(r["event_uid"], r["raw_data_hash"]) for r in uids})
    assert sum(r["id_collision"] for r in uids) == 1
    bronze = {r["event_uid"] for r in given.rows(f"bronze/{SOURCE}")}
    assert {r["event_uid"] for r in uids} == bronze
