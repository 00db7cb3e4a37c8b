"""Where a source gives no country or autonomous system of a public address, a row has them, and says from where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from tests.integration.test_landing_flow_logs import flow, text
from tests.landed import Landed
from transforms.errors import ConfigError
from transforms.ocsf.render import render
from transforms.ocsf.schema import problems
from transforms.settings import Settings
from transforms.warehouse.places import ASN, GEO
from transforms.warehouse.runner import build

CALLERS = {
    "public-4": "8.8.8.8", "public-6": "2606:4700:4700::1111", "test-net": "203.0.113.9", "private": "10.1.2.3",
    "service": "ec2.amazonaws.com",
}  # fmt: skip
FOUND = "src_endpoint_country, src_endpoint_asn, src_endpoint_as_name, src_endpoint_location_provider"
PACKAGED = "geoip2fast MAXMIND:GeoLite2-CountryASN-IPv4IPv6-en-20240618"
COUNTED = f"select {FOUND}, count(*) as n from ocsf.api_activity group by all order by all"
NOTHING = (None, None, None, None)


def call(uid: str, address: str) -> dict[str, Any]:
    return {
        "eventVersion": "1.11", "eventID": uid, "eventTime": "2026-03-02T09:15:00Z", "eventSource": "ec2.amazonaws.com",
        "eventName": "DescribeInstances", "awsRegion": "eu-central-1", "sourceIPAddress": address,
        "recipientAccountId": "111122223333", "eventType": "AwsApiCall", "eventCategory": "Management",
        "userIdentity": {"type": "IAMUser", "userName": "alice", "accountId": "111122223333"},
    }  # fmt: skip


def sign_in(uid: str, country: str | None, number: int | None) -> dict[str, Any]:
    return {
        "uuid": uid, "published": "2026-03-02T09:16:00.000Z", "eventType": "user.session.start", "severity": "INFO",
        "actor": {"id": "00u1", "type": "User", "alternateId": "alice@example.com", "displayName": "Alice"},
        "client": {"ipAddress": "8.8.8.8", "geographicalContext": {"country": country}},
        "securityContext": {"asNumber": number}, "outcome": {"result": "SUCCESS"},
    }  # fmt: skip


def delivered(lake: Landed, folder: Path) -> Landed:
    logs = {
        "aws_cloudtrail": json.dumps({"Records": [call(uid, address) for uid, address in CALLERS.items()]}).encode(),
        "okta_system_log": json.dumps(
            [sign_in("said", "Germany", 64500), sign_in("half", "Germany", None), sign_in("none", None, None)]
        ).encode(),
        "aws_vpc_flow": text(flow(1, srcaddr="1.1.1.1"), flow(2), flow(3, srcaddr="10.9.9.9")),
    }
    for source, data in logs.items():
        (folder / source).mkdir(parents=True, exist_ok=True)
        (folder / source / f"one.{'log' if source == 'aws_vpc_flow' else 'json'}").write_bytes(data)
        lake.land(source, folder / source)
    assert build(lake.settings).failed == {}
    return lake


def places(lake: Landed, table: str, key: str = "metadata_uid") -> dict[Any, tuple[Any, ...]]:
    return {row[key]: tuple(row.values())[1:] for row in lake.sql(f"select {key}, {FOUND} from ocsf.{table}")}


def test_rows_are_filled_and_say_from_where(lake_at: Any, tmp_path: Path) -> None:
    lake = delivered(lake_at("lake"), tmp_path / "logs")
    both = f"country: {PACKAGED}; as: {PACKAGED}"
    assert places(lake, "api_activity") == {
        "public-4": ("US", None, "GOOGLE", both),
        "public-6": ("US", None, "CLOUDFLARENET", both),
        **dict.fromkeys(("test-net", "private", "service"), NOTHING),
    }
    assert places(lake, "authentication") == {
        "said": ("Germany", 64500, None, None),
        "half": ("Germany", None, "GOOGLE", f"as: {PACKAGED}"),
        "none": ("US", None, "GOOGLE", both),
    }
    assert places(lake, "network_activity", "src_endpoint_ip") == {
        "1.1.1.1": ("AU", None, "CLOUDFLARENET", both), "203.0.113.9": NOTHING, "10.9.9.9": NOTHING,
    }  # fmt: skip
    for row in lake.sql("select * from ocsf.api_activity"):
        event = render("api_activity", row)
        assert problems(event) == []
        if row["metadata_uid"] == "public-4":
            assert event["src_endpoint"]["location"] == {"country": "US", "provider": both}
            assert event["src_endpoint"]["autonomous_system"] == {"name": "GOOGLE"}
    again = delivered(lake_at("again"), tmp_path / "logs")
    assert again.ocsf() == lake.ocsf()
    assert delivered(lake, tmp_path / "logs").sql(COUNTED) == again.sql(COUNTED) != []


def test_operators_files_win_and_none_is_nothing(tmp_path: Path) -> None:
    kinds = {"country": {"iso_code": "NL"}}, {"autonomous_system_number": 64500, "autonomous_system_organization": "A"}
    paths = {}
    for variable, kind, record in zip((GEO, ASN), ("Example-Country", "Example-ASN"), kinds, strict=True):
        writer = MMDBWriter(database_type=kind, ip_version=4)
        writer.insert_network(IPSet(["8.8.8.0/24"]), record)
        paths[variable] = str(tmp_path / f"{kind}'s.mmdb")
        writer.to_db_file(paths[variable])
    lake = delivered(Landed(Settings(lake=str(tmp_path / "a"), environment=paths, workers=1)), tmp_path / "logs")
    found = places(lake, "api_activity")
    *filled, provider = found["public-4"]
    assert filled == ["NL", 64500, "A"]
    assert provider.startswith("country: Example-Country 20")
    assert "; as: Example-ASN 20" in provider
    assert set(found.values()) == {found["public-4"], NOTHING}
    off = {GEO: "none", ASN: "none"}
    lake = delivered(Landed(Settings(lake=str(tmp_path / "b"), environment=off, workers=1)), tmp_path / "logs")
    assert set(places(lake, "api_activity").values()) == {NOTHING}


def test_a_file_that_is_not_there_stops_the_build_at_its_start(tmp_path: Path) -> None:
    gone = {GEO: str(tmp_path / "gone.mmdb")}
    with pytest.raises(ConfigError, match=r"CATCHMENT_GEO_DB=.*gone\.mmdb"):
        build(Settings(lake=str(tmp_path / "lake"), environment=gone, workers=1))
