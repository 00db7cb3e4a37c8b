"""Cloud Storage's notifications out of a stand-in for Pub/Sub: messages stay until they are acknowledged.

No real emulator of Pub/Sub can be had here: pubsub_server.py checks every request and gives again what is not
acknowledged in time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Landed
from tests.integration.conftest import Bucket
from tests.integration.pubsub_server import Pubsub
from transforms.errors import ConfigError, RetryableError
from transforms.land import land, plan
from transforms.readers import pubsub as reader
from transforms.readers.pubsub import HOLD_SECONDS, announced, receive
from transforms.settings import Settings

ROOT = Path(__file__).parents[1]
KEY = "cloudaudit.googleapis.com/activity/2026/03/02/09:00:00_09:59:59_S0.json"


@pytest.fixture
def pubsub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pubsub]:
    monkeypatch.setattr(reader.time, "sleep", lambda seconds: None)
    server = Pubsub()
    yield server
    server.close()
    assert server.problems == []


def notification(bucket: str, name: str, generation: str = "17", **attributes: str) -> tuple[dict[str, str], bytes]:
    """(attributes, data) as Cloud Storage publishes them with the payload format JSON_API_V1."""
    thing = {
        "kind": "storage#object",
        "id": f"{bucket}/{name}/{generation}",
        "name": name,
        "bucket": bucket,
        "generation": generation,
        "metageneration": "1",
        "contentType": "application/json",
        "timeCreated": "2026-11-03T10:00:00.123Z",
        "updated": "2026-11-03T10:00:00.123Z",
        "size": "7",
        "md5Hash": "rL0Y20zC+Fzt72VPzMSk2A==",
    }
    told = {
        "notificationConfig": f"projects/_/buckets/{bucket}/notificationConfigs/1",
        "eventType": "OBJECT_FINALIZE",
        "payloadFormat": "JSON_API_V1",
        "bucketId": bucket,
        "objectId": name,
        "objectGeneration": generation,
        "eventTime": "2026-11-03T10:00:00.123456Z",
    }
    return {**told, **attributes}, json.dumps(thing).encode()


def take(pubsub: Pubsub, **more: Any) -> Any:
    return receive(pubsub.uri, pubsub.environment, wait_seconds=5, **more)


@pytest.mark.parametrize("key", [KEY, "a b+c/ü=1.json", "x/../%2e?#\n", "plain"])
def test_the_key_is_raw(pubsub: Pubsub, key: str) -> None:
    pubsub.publish(*notification("logs", key))
    (found,) = take(pubsub).objects
    assert (found.uri, found.version, found.size) == (f"gs://logs/{key}", "17", 7)
    assert found.modified.isoformat() == "2026-11-03T10:00:00.123000+00:00"


def test_what_announces_no_object_is_acknowledged_without_one(pubsub: Pubsub) -> None:
    for kind in ("OBJECT_DELETE", "OBJECT_ARCHIVE", "OBJECT_METADATA_UPDATE"):
        pubsub.publish(*notification("logs", "k", eventType=kind))
    attributes, data = notification("logs", "folder/")
    pubsub.publish(attributes, json.dumps({**json.loads(data), "size": "0"}).encode())
    got = take(pubsub)
    assert (got.objects, got.skipped) == ([], 0)
    got.acknowledge()
    assert pubsub.counts() == (0, 0)


GOOD = notification("logs", "k")


def changed(**fields: Any) -> tuple[dict[str, str], bytes]:
    return GOOD[0], json.dumps({**json.loads(GOOD[1]), **fields}).encode()


@pytest.mark.parametrize(
    "message",
    [
        (None, None),
        (None, GOOD[1]),
        ({}, GOOD[1]),
        (GOOD[0], None),
        (GOOD[0], "no base64!"),
        (GOOD[0], b"no json"),
        (GOOD[0], b"[]"),
        (GOOD[0], b"7"),
        (GOOD[0], b"{}"),
        notification("logs", "k", eventType="OBJECT_INVENTED"),
        notification("logs", "k", objectId="another"),
        notification("logs", "k", bucketId="another"),
        notification("logs", "k", objectGeneration="18"),
        notification("logs", ""),
        notification("../logs", "k"),
        notification("logs/x", "k"),
        notification("logs", "k", "-1"),
        changed(size="big"),
        changed(size="-7"),
        changed(updated="yesterday"),
        changed(updated="2026-11-03T10:00:00"),
        changed(bucket=["logs"]),
    ],
)
def test_an_unreadable_message_stays_and_is_counted(pubsub: Pubsub, message: tuple[Any, Any]) -> None:
    pubsub.publish(*message)
    pubsub.publish(*notification("logs", "good.json"))
    got = take(pubsub)
    assert [o.uri for o in got.objects] == ["gs://logs/good.json"]
    assert got.skipped == 1
    got.acknowledge()
    assert sum(pubsub.counts()) == 1


def test_the_good_one_of_these_is_one() -> None:
    message = {"attributes": GOOD[0], "data": "eyJ9"}
    with pytest.raises(ValueError, match="no Cloud Storage notification"):
        announced(message)
    assert changed() == GOOD


def test_nothing_is_forgotten_before_it_is_acknowledged(pubsub: Pubsub) -> None:
    pubsub.most = 10  # Pub/Sub gives fewer than it is asked for
    for n in range(25):
        pubsub.publish(*notification("logs", f"{n}.json"))
    got = take(pubsub)
    assert len(got.objects) == 25
    assert pubsub.counts() == (0, 25)
    pubsub.now += HOLD_SECONDS - 1  # planning takes longer than the subscription's own ten seconds
    assert pubsub.counts() == (0, 25)
    got.acknowledge()
    assert pubsub.counts() == (0, 0)
    assert take(pubsub).objects == []


def test_an_unacknowledged_message_comes_again(pubsub: Pubsub) -> None:
    pubsub.publish(*notification("logs", "again.json"))
    first = take(pubsub)
    pubsub.now += HOLD_SECONDS
    second = take(pubsub)
    assert first.objects == second.objects != []
    first.acknowledge()
    assert pubsub.counts() == (0, 1), "its lease had run out"
    second.acknowledge()
    assert pubsub.counts() == (0, 0)


def test_most_bounds_one_call(pubsub: Pubsub) -> None:
    for n in range(25):
        pubsub.publish(*notification("logs", f"{n}.json"))
    assert len(take(pubsub, most=10).objects) == 10
    assert pubsub.counts() == (15, 10)


def test_two_messages_about_one_object_are_one(pubsub: Pubsub) -> None:
    pubsub.publish(*notification("logs", "k"))
    pubsub.publish(*notification("logs", "k"))
    got = take(pubsub)
    assert len(got.objects) == 1
    got.acknowledge()
    assert pubsub.counts() == (0, 0)


@pytest.mark.parametrize("faults", [[503, 429], ["drop"], [500, "drop", 408]])
def test_a_fault_that_passes(pubsub: Pubsub, faults: list[Any]) -> None:
    pubsub.publish(*notification("logs", "k"))
    pubsub.faults = list(faults)
    got = take(pubsub)
    assert len(got.objects) == 1
    pubsub.faults = list(faults)
    got.acknowledge()
    assert pubsub.counts() == (0, 0)


def test_silence_is_no_message(pubsub: Pubsub) -> None:
    """A pull waits for messages: no answer in time means that there are none now."""
    pubsub.faults = ["silence"]
    assert receive(pubsub.uri, pubsub.environment, wait_seconds=0.3).objects == []


def test_what_no_retry_mends_is_one_clear_line(pubsub: Pubsub) -> None:
    with pytest.raises(ConfigError, match="pubsub://example-prod/none-such: no such subscription"):
        receive("pubsub://example-prod/none-such", pubsub.environment)
    pubsub.faults = [403]
    with pytest.raises(ConfigError, match="Google refused to pull: status 403"):
        take(pubsub)
    pubsub.faults = [503] * 4
    with pytest.raises(RetryableError, match="pull: status 503, 4 times in a row"):
        take(pubsub)
    for uri in ("pubsub://", "pubsub://p", "pubsub://p/", "pubsub://p/s/t", "pubsub://p/s:pull", "pubsub://p/a\nb"):
        with pytest.raises(ConfigError, match="expected pubsub://<project>/<subscription>") as caught:
            receive(uri, pubsub.environment)
        assert "\n" not in str(caught.value)
    with pytest.raises(RetryableError, match="pubsub://p/sub"):
        receive("pubsub://p/sub", {"PUBSUB_EMULATOR_HOST": "127.0.0.1:1"})


@pytest.mark.filterwarnings("ignore:.*generic method.*", "ignore::DeprecationWarning")
def test_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pubsub://p/sub: "):
        receive("pubsub://p/sub", {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "none.json")})


@pytest.mark.emulator
class TestLanding:
    """From a notification to bronze, with the object in the emulator of Cloud Storage."""

    @pytest.fixture
    def settings(self, tmp_path: Path, pubsub: Pubsub, gcs_bucket: Bucket) -> Settings:
        environment = {**gcs_bucket.environment, **pubsub.environment}
        return Settings(lake=str(tmp_path / "lake"), environment=environment, workers=1)

    def deliver(self, pubsub: Pubsub, bucket: Bucket, key: str, body: bytes) -> None:
        """An object, and the notification that Cloud Storage would send of it."""
        bucket.write(key, body)
        store = bucket.open()
        (item,) = [o for o in store.walk(store.root + "/") if o.uri.endswith(key)]
        attributes, data = notification(bucket.uri.removeprefix("gs://"), key, item.version)
        pubsub.publish(attributes, json.dumps({**json.loads(data), "size": str(item.size)}).encode())

    def test_announced_objects_land_once(self, settings: Settings, pubsub: Pubsub, gcs_bucket: Bucket) -> None:
        body = (ROOT / "fixtures" / "gcp_audit" / KEY).read_bytes()
        self.deliver(pubsub, gcs_bucket, KEY, body)
        first = land(settings, "gcp_audit", pubsub.uri)
        assert (first.objects, first.records, first.quarantined) == (1, 10, 1)
        assert pubsub.counts() == (0, 0)
        self.deliver(pubsub, gcs_bucket, KEY.replace("_S0", "_A0"), body.splitlines()[0])
        pubsub.publish(*notification(gcs_bucket.uri.removeprefix("gs://"), "gone.json"))
        assert land(settings, "gcp_audit", pubsub.uri).records == 1
        assert {uri for uri, _, _ in Landed(settings).bronze("gcp_audit")} == {
            f"{gcs_bucket.uri}/{KEY}",
            f"{gcs_bucket.uri}/{KEY.replace('_S0', '_A0')}",
        }

    def test_a_notification_is_the_listed_object(self, settings: Settings, pubsub: Pubsub, gcs_bucket: Bucket) -> None:
        """Announced and listed, it is the same version: it lands once."""
        self.deliver(pubsub, gcs_bucket, KEY, b'{"protoPayload":{},"timestamp":"2026-03-02T09:00:00Z"}\n')
        assert land(settings, "gcp_audit", gcs_bucket.uri).records == 1
        assert land(settings, "gcp_audit", pubsub.uri).objects == 0
        assert pubsub.counts() == (0, 0)

    def test_a_planner_that_dies_before_its_commit_loses_nothing(
        self, settings: Settings, pubsub: Pubsub, gcs_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.deliver(pubsub, gcs_bucket, KEY, b'{"protoPayload":{},"timestamp":"2026-03-02T09:00:00Z"}\n')
        with monkeypatch.context() as dying:

            def die(*arguments: Any) -> None:
                raise KeyboardInterrupt

            dying.setattr("transforms.land._commit_plans", die)
            with pytest.raises(KeyboardInterrupt):
                plan(settings, "gcp_audit", pubsub.uri)
        assert pubsub.counts() == (0, 1)
        pubsub.now += HOLD_SECONDS
        assert land(settings, "gcp_audit", pubsub.uri).records == 1
        assert pubsub.counts() == (0, 0)

    def test_an_unknown_bucket_is_on_record(self, settings: Settings, pubsub: Pubsub) -> None:
        """It is planned like any other, and what cannot be read of it is no silence."""
        pubsub.publish(*notification("nobodys-bucket", "k.json"))
        landed = land(settings, "gcp_audit", pubsub.uri)
        assert (landed.objects, landed.records, landed.quarantined) == (1, 0, 1)
        ((uri, number, reason, data),) = Landed(settings).quarantine()
        assert (uri, number, data) == ("gs://nobodys-bucket/k.json", -1, None)
        assert "deleted or replaced before it was read" in reason  # the emulator's 404 does not name the bucket
        assert pubsub.counts() == (0, 0)
