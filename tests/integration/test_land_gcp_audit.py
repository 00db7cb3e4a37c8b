"""Google Cloud audit logs into bronze: a sink's objects in an emulated Cloud Storage, and Pub/Sub's wrapping."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Landed
from tests.integration.conftest import Bucket
from transforms.land import land
from transforms.settings import Settings
from transforms.warehouse.query import rows
from transforms.warehouse.runner import build

FIXTURE = Path(__file__).parents[1] / "fixtures" / "gcp_audit"
FOLDER = "cloudaudit.googleapis.com/activity/2026/03/02"
HOUR = f"{FOLDER}/09:00:00_09:59:59"


def entry(uid: str, **changes: Any) -> dict[str, Any]:
    return {
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "cloudresourcemanager.googleapis.com",
            "methodName": "UpdateProject",
            "resourceName": "projects/example-prod",
            "authenticationInfo": {"principalEmail": "alice@example.com"},
        },
        "insertId": uid,
        "resource": {"type": "project", "labels": {"project_id": "example-prod"}},
        "timestamp": "2026-03-02T09:15:00.123456789Z",
        "logName": "projects/example-prod/logs/cloudaudit.googleapis.com%2Factivity",
        **changes,
    }


def lines(*entries: dict[str, Any]) -> bytes:
    return "".join(json.dumps(e) + "\n" for e in entries).encode()


def sql(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    _, blocks = rows(settings, query)
    return [row for block in blocks for row in block]


@pytest.mark.emulator
class TestSink:
    """A bucket that a sink writes into, hour by hour."""

    @pytest.fixture
    def settings(self, tmp_path: Path, gcs_bucket: Bucket) -> Settings:
        return Settings(lake=str(tmp_path / "lake"), environment=gcs_bucket.environment, workers=1)

    def test_an_addendum_that_sorts_before_what_it_completes(self, settings: Settings, gcs_bucket: Bucket) -> None:
        """`A0` of an hour comes after the next hours' `S0` and sorts before its own: each lands when it is there."""
        gcs_bucket.write(f"{HOUR}_S0.json", lines(entry("a"), entry("b")))
        assert land(settings, "gcp_audit", gcs_bucket.uri).records == 2
        gcs_bucket.write(f"{FOLDER}/10:00:00_10:59:59_S0.json", lines(entry("c", timestamp="2026-03-02T10:15:00Z")))
        assert land(settings, "gcp_audit", gcs_bucket.uri).records == 1
        gcs_bucket.write(f"{FOLDER.replace('/02', '/03')}/00:00:00_00:59:59_S0.json", lines(entry("d")))
        gcs_bucket.write(f"{HOUR}_A0.json", lines(entry("late"), entry("a")))
        late = land(settings, "gcp_audit", gcs_bucket.uri)
        assert (late.objects, late.records) == (2, 3)
        gcs_bucket.write(f"{HOUR}_S1.json", lines(entry("b")))  # an overlapping sink
        gcs_bucket.write(f"{HOUR}_A1.json", lines(entry("later")))
        assert land(settings, "gcp_audit", gcs_bucket.uri).records == 2
        assert land(settings, "gcp_audit", gcs_bucket.uri).objects == 0
        built = build(settings)
        assert (built.failed, built.rows, built.duplicates, built.collisions) == ({}, 6, 2, 0)
        assert sql(settings, "select metadata_uid from ocsf.api_activity order by 1") == [
            (uid,) for uid in ("a", "b", "c", "d", "late", "later")
        ]

    def test_the_fixture_lands_as_from_a_folder(self, settings: Settings, gcs_bucket: Bucket, tmp_path: Path) -> None:
        for path in sorted(p for p in FIXTURE.rglob("*") if p.is_file()):
            gcs_bucket.write(str(path.relative_to(FIXTURE)), path.read_bytes())
        remote = land(settings, "gcp_audit", gcs_bucket.uri)
        local = Settings(lake=str(tmp_path / "local"), environment={}, workers=1)
        assert land(local, "gcp_audit", str(FIXTURE)) == remote
        assert remote.records > 20

        def texts(of: Settings) -> list[tuple[int, str]]:
            return sorted((number, raw) for _, number, raw in Landed(of).bronze("gcp_audit"))

        assert texts(settings) == texts(local)


def test_one_entry_however_it_is_written(lake: Landed, tmp_path: Path) -> None:
    """The log's name encoded or not, zeros at the fraction's end or not, alone, in an array or in an API's answer."""
    plain = entry("x", timestamp="2026-03-02T09:15:00.08Z")
    decoded = {**plain, "logName": plain["logName"].replace("%2F", "/")}
    padded = {**plain, "timestamp": "2026-03-02T09:15:00.080000000Z"}
    (tmp_path / "a.json").write_bytes(lines(plain))
    (tmp_path / "b.json").write_text(json.dumps([decoded], indent=2))
    (tmp_path / "c.json").write_text(json.dumps({"entries": [padded], "nextPageToken": ""}))
    (tmp_path / "d.json").write_bytes(
        lines(
            entry("x", timestamp="2026-03-02T09:15:00.080000001Z"),
            {**plain, "logName": plain["logName"].replace("activity", "data_access")},
            entry("y", timestamp="2026-03-02T09:15:00.08Z"),
        )
    )
    assert lake.land("gcp_audit", tmp_path).records == 6
    found = lake.rows("bronze/gcp_audit")
    by_file = {r["object_uri"][-6]: r["event_uid"] for r in found}
    assert by_file["a"] == by_file["b"] == by_file["c"]
    assert len({r["event_uid"] for r in found}) == 4
    assert {r["event_time"] for r in found} == {datetime(2026, 3, 2, 9, 15, 0, 80_000, UTC)}
    assert any("00.080000001Z" in r["raw"] for r in found), "nanoseconds stay in the text"


def wrapped(value: bytes, **changes: Any) -> dict[str, Any]:
    """A message as Pub/Sub pushes it."""
    message = {
        "data": base64.b64encode(value).decode(),
        "messageId": "4711",
        "publishTime": "2026-03-02T09:15:01Z",
        "attributes": {"logging.googleapis.com/timestamp": "2026-03-02T09:15:00.123456789Z"},
        **changes,
    }
    subscription = "projects/example-prod/subscriptions/audit"
    return {"message": {k: v for k, v in message.items() if v is not None}, "subscription": subscription}


def test_entries_out_of_pubsub(lake: Landed, tmp_path: Path) -> None:
    """Pushed and pulled messages: the entry's own text is the row, what the transport knows its attributes."""
    text = json.dumps(entry("x"), indent=1).encode()
    pulled = {"receivedMessages": [{"ackId": "lease", "message": wrapped(lines(entry("y")).strip())["message"]}]}
    (tmp_path / "a.json").write_bytes(lines(wrapped(text), pulled, entry("z")))
    assert lake.land("gcp_audit", tmp_path).records == 3
    found = sorted(lake.rows("bronze/gcp_audit"), key=lambda r: r["record_no"])
    assert [r["raw"] for r in found] == [text.decode(), json.dumps(entry("y")), json.dumps(entry("z"))]
    assert json.loads(found[0]["attributes"])["pubsub"] == {
        "messageId": "4711",
        "publishTime": "2026-03-02T09:15:01Z",
        "attributes": {"logging.googleapis.com/timestamp": "2026-03-02T09:15:00.123456789Z"},
        "subscription": "projects/example-prod/subscriptions/audit",
    }
    assert found[2]["attributes"] is None


def test_what_is_no_audit_entry_is_quarantined_with_the_reason(lake: Landed, tmp_path: Path) -> None:
    dns = entry("dns", logName="projects/p/logs/dns.googleapis.com%2Fdns_queries", jsonPayload={"queryName": "x."})
    del dns["protoPayload"]
    app = entry("app", protoPayload={"@type": "type.googleapis.com/google.appengine.logging.v1.RequestLog"})
    bad = [
        (dns, "a log entry without protoPayload, not an audit entry"),
        (app, "a log entry with a type.googleapis.com/google.appengine.logging.v1.RequestLog, not an audit entry"),
        (entry("text", protoPayload="text"), "wrong type"),
        (entry("typed", protoPayload={"@type": ["x"]}), "wrong type"),
        (wrapped(b"{}", data="*no base64*"), "not JSON: a Pub/Sub message whose data is no base64"),
        (wrapped(b"{}", data=None), "not JSON: a Pub/Sub message without data"),
        (wrapped(b"no json"), "not JSON"),
        (wrapped(json.dumps(dns).encode()), "a log entry without protoPayload"),
        (entry("never", timestamp=None), "no time"),
        (entry("odd", timestamp="2026-03-02 09:15"), "time not readable"),
    ]
    (tmp_path / "a.json").write_bytes(lines(*(record for record, _ in bad), entry("good")))
    landed = lake.land("gcp_audit", tmp_path)
    assert (landed.records, landed.quarantined) == (1, len(bad))
    found = sorted(lake.quarantine(), key=lambda row: row[1])
    for (record, reason), (_, number, why, data) in zip(bad, found, strict=True):
        assert why.startswith(reason), (number, why)
        assert data == lines(record).strip()
