"""The access marts on the simulated organisation: what was planted is found, ordinary days are quiet."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from simulated import DAYS, END, Organisation, arrive, columns_of, lake, move, sql, types_of

from infra.local.simulate import generate
from transforms.lake.table import Lake
from transforms.settings import Settings

pytestmark = pytest.mark.xdist_group("simulated-lake")
ORDINARY = 0.01
"""Part of the rows of access_day that may be anomalies without anything planted: a person who touches a few of many
stores at random meets one of them, or comes by another usual network, for the first time in four weeks now and then.
Measured: 0.0064 with six sources, 14 rows of 2,183; a person who seldom uses Google Cloud accounts for most."""
CONTENTS = (
    "rollups.access_day",
    "marts.access_day",
    "marts.access_anomaly",
    "rollups.identity_login",
    "marts.identity_login",
    "marts.identity_person",
)


@pytest.fixture(scope="module")
def anomalies(simulated: Organisation) -> list[dict[str, Any]]:
    """Every anomaly with the vendors' ids of its evidence."""
    return simulated.sql(
        """
        with events as (
            select event_uid, metadata_uid from ocsf.api_activity
            union all select event_uid, metadata_uid from ocsf.datastore_activity
        ),
        proof as (select anomaly_uid, unnest(evidence_event_uids) as event_uid from marts.access_anomaly),
        vendors as (
            select anomaly_uid, list(distinct metadata_uid) as vendor_ids
            from proof join events using (event_uid) group by anomaly_uid
        )
        select a.*, v.vendor_ids from marts.access_anomaly as a join vendors as v using (anomaly_uid)
        """
    )


def test_every_planted_anomaly_is_found_with_its_reason(
    simulated: Organisation, anomalies: list[dict[str, Any]]
) -> None:
    planted = simulated.truth["anomalies"]
    assert sorted(a["kind"] for a in planted) == ["new_network", "new_store", "volume", "weekend"]
    for wanted in planted:
        key = (wanted["principal"], wanted["store"], wanted["day"], wanted["kind"])
        (found,) = [a for a in anomalies if _key(a) == key]
        assert set(wanted["vendor_event_ids"]) <= set(found["vendor_ids"])
        assert found["evidence_count"] == len(found["evidence_event_uids"]) == found["value"]
        assert wanted["store"] in found["reason"]
        number = f"{found['value']:,}"
        said = {
            "new_network": f"{number} times from {found['network']}",
            "new_store": f"for the first time in 28 days, {number} times on a ",
            "volume": f"read {number} objects of ",
            "weekend": "earlier weekend days it touched no store at all",
        }
        assert said[wanted["kind"]] in found["reason"]
        if wanted["kind"] in ("volume", "weekend"):
            assert "on a Saturday" in found["reason"] or "on a Sunday" in found["reason"]


def test_ordinary_days_are_quiet(
    simulated: Organisation, anomalies: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    planted = {uid for a in simulated.truth["anomalies"] for uid in a["vendor_event_ids"]}
    for chain in simulated.truth["chains"]:
        planted |= {part for step in chain["steps"] for uid in step["vendor_event_ids"] for part in uid.split("|")}
    ordinary = [a for a in anomalies if planted.isdisjoint(a["vendor_ids"])]
    (counted,) = simulated.sql(
        "select count(*) as days, count(distinct principal_uid) as principals from marts.access_day"
    )
    with capsys.disabled():
        print(
            f"\n{len(anomalies)} anomalies of access, {len(ordinary)} of them ordinary, in {counted['days']:,} rows of"
            f" {counted['principals']} principals over {DAYS} days: {dict(Counter(a['kind'] for a in ordinary))}"
        )
    assert counted["days"] > 1000
    assert counted["principals"] > 20
    assert len(ordinary) <= ORDINARY * counted["days"]
    assert {a["kind"] for a in ordinary} <= {"new_store", "new_network"}


def test_the_day_table_counts_every_touch_once(simulated: Organisation) -> None:
    (found,) = simulated.sql(
        "select sum(touches) as touches, sum(reads) as reads, sum(denied) as denied from marts.access_day"
    )
    (stored,) = simulated.sql(
        """
        select count(*) as touches, count(*) filter (activity_id in (1, 4) and status_id <> 2) as reads,
            count(*) filter (status_id = 2) as denied
        from ocsf.datastore_activity
        """
    )
    (secrets,) = simulated.sql(
        """
        select count(*) as touches, count(*) filter (api_operation not ilike 'list%' and status_id <> 2) as reads,
            count(*) filter (status_id = 2) as denied
        from ocsf.api_activity
        where (resource_type = 'secret' or api_operation ilike 'microsoft.storage/storageaccounts/list%/action')
            and status_id <> 99
        """
    )
    assert {name: int(n) for name, n in found.items()} == {name: stored[name] + secrets[name] for name in found}
    assert secrets["touches"] > 50
    (rows,) = simulated.sql(
        """
        select count(*) as n, count(distinct (event_date, principal_uid, store_type, store_uid)) as keys
        from marts.access_day
        """
    )
    assert rows["n"] == rows["keys"]


@pytest.mark.parametrize("model", ["access_day", "access_anomaly", "identity_login", "identity_person"])
def test_a_mart_is_what_its_yml_says(simulated: Organisation, model: str) -> None:
    assert types_of(simulated.settings, f"marts.{model}") == columns_of(model)


@pytest.mark.parametrize("name", ["access_day", "identity_login"])
def test_a_rollup_is_what_its_yml_says(simulated: Organisation, name: str) -> None:
    assert types_of(simulated.settings, f"rollups.{name}") == columns_of(f"rollup_{name}")


def test_parts_out_of_order_give_what_one_run_gives(tmp_path: Path) -> None:
    """Half of the objects, whichever, then the others: nearly every day gets late rows."""
    logs = tmp_path / "logs"
    generate(logs, seed=5, days=30, end=END, events_per_day=150, sources=["aws_cloudtrail", "okta_system_log"])
    objects = sorted(path for path in logs.rglob("*") if path.is_file() and path.name != "truth.json")
    random.Random(5).shuffle(objects)
    settings = lake(tmp_path / "parts")
    for part in (objects[::2], objects[1::2]):
        move(part, logs, tmp_path / "in")
        arrive(settings, tmp_path / "in")
    clean = lake(tmp_path / "clean")
    arrive(clean, logs)
    found = _contents(settings)
    assert found == _contents(clean)
    assert all(found.values())
    assert len(Lake(settings).table("rollups/access_day").open().files()) > 40  # parts, two on most days
    kinds = sql(settings, "select distinct kind from marts.access_anomaly")
    assert {row["kind"] for row in kinds} >= {"volume", "weekend"}


def _key(anomaly: dict[str, Any]) -> tuple[str, str, str, str]:
    return (anomaly["principal_uid"], anomaly["store_uid"], str(anomaly["event_date"]), anomaly["kind"])


def _contents(settings: Settings) -> dict[str, Counter[str]]:
    return {name: Counter(str(row) for row in sql(settings, f"from {name}")) for name in CONTENTS}
