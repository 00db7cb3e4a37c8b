"""Vendors' findings as they stand: worked out here from the class tables, whichever there are, without the view."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from simulated import Organisation

pytestmark = pytest.mark.xdist_group("simulated-lake")


@pytest.fixture(scope="module")
def emissions(simulated: Organisation) -> list[dict[str, Any]]:
    """The rows of every class table that holds findings."""
    tables = simulated.sql("select table_name as name from information_schema.tables where table_schema = 'ocsf'")
    found = [table["name"] for table in tables if table["name"].endswith("_finding")]
    assert found
    columns = "source, class_uid, finding_info_uid, finding_info_modified_dt, status, count, event_uid, time_dt"
    return [row for name in found for row in simulated.sql(f"select {columns} from ocsf.{name}")]


def test_the_history_is_all_of_them(simulated: Organisation, emissions: list[dict[str, Any]]) -> None:
    history = simulated.sql("select source, event_uid from marts.vendor_finding_history")
    assert sorted((row["source"], row["event_uid"]) for row in history) == sorted(
        (row["source"], row["event_uid"]) for row in emissions
    )


def changed(row: dict[str, Any]) -> tuple[Any, Any]:
    """When a finding was changed, by its own word where it says so, and when this was told."""
    return row["finding_info_modified_dt"] or row["time_dt"], row["time_dt"]


def test_one_row_a_finding_as_it_was_changed_last(simulated: Organisation, emissions: list[dict[str, Any]]) -> None:
    lives: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in emissions:
        lives[row["source"], row["finding_info_uid"]].append(row)
    assert max(map(len, lives.values())) > 2
    states = simulated.sql("from marts.vendor_finding")
    assert len(states) == len(lives)
    for state in states:
        life = lives.pop((state["source"], state["finding_info_uid"]))
        (latest,) = (row for row in life if row["event_uid"] == state["event_uid"])
        assert changed(latest) == max(map(changed, life))
        assert (state["event_uid"], state["status"], state["count"], state["class_uid"]) == (
            latest["event_uid"], latest["status"], latest["count"], latest["class_uid"]
        )  # fmt: skip
        assert (state["emissions"], state["first_emitted_dt"], state["last_emitted_dt"]) == (
            len(life), min(row["time_dt"] for row in life), latest["time_dt"]
        )  # fmt: skip
        assert state["first_seen_dt"] <= state["first_emitted_dt"]
