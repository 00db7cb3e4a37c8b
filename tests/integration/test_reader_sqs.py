"""S3 notifications through moto's SQS: every wrapping, and messages that stay until they are acknowledged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

import pytest

from tests.integration.conftest import Bucket, s3_client
from transforms.errors import ConfigError, RetryableError
from transforms.readers.sqs import announced, receive

pytestmark = pytest.mark.emulator
WHEN = datetime(2026, 11, 3, 10, 0, 0, 123000, tzinfo=UTC)


def s3_record(
    bucket: str, key: str, etag: str = "d41d8cd9", name: str = "ObjectCreated:Put", size: int = 7
) -> dict[str, Any]:
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2026-11-03T10:00:00.123Z",
        "eventName": name,
        "s3": {
            "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": quote_plus(key), "size": size, "eTag": etag, "sequencer": "0A"},
        },
    }


def s3_event(*records: dict[str, Any]) -> str:
    return json.dumps({"Records": records})


def through_sns(message: str) -> str:
    return json.dumps({"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:111122223333:t", "Message": message})


def eventbridge(bucket: str, key: str, etag: str = "d41d8cd9", kind: str = "Object Created", size: int = 7) -> str:
    return json.dumps(
        {
            "version": "0",
            "detail-type": kind,
            "source": "aws.s3",
            "account": "111122223333",
            "time": "2026-11-03T10:00:00Z",
            "detail": {"bucket": {"name": bucket}, "object": {"key": key, "size": size, "etag": etag}},
        }
    )


TEST_EVENT = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "logs"})


@dataclass(frozen=True, slots=True)
class Queue:
    name: str
    url: str
    client: Any
    environment: Mapping[str, str]

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=body)

    def counts(self) -> tuple[int, int]:
        """(visible, in flight)"""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])


@pytest.fixture
def queue(aws: Mapping[str, str]) -> Queue:
    client, name = s3_client(aws, "sqs"), f"q-{uuid4().hex[:12]}"
    return Queue(name, client.create_queue(QueueName=name)["QueueUrl"], client, aws)


def take(queue: Queue, **more: Any) -> Any:
    return receive(f"sqs://{queue.name}", queue.environment, wait_seconds=0, **more)


@pytest.mark.parametrize("key", ["a b+c/ü=1.json.gz", "x/../%2e?#\n", "plain"])
def test_every_form_gives_the_raw_key(queue: Queue, key: str) -> None:
    record = s3_record("logs", key)
    queue.send(s3_event(record), through_sns(s3_event(record | {"eventName": "s3:ObjectCreated:Copy"})))
    queue.send(eventbridge("logs", key, etag="other"))
    got = take(queue)
    assert got.skipped == 0
    assert sorted((o.uri, o.version, o.size) for o in got.objects) == [
        (f"s3://logs/{key}", "d41d8cd9", 7),
        (f"s3://logs/{key}", "other", 7),
    ]
    assert {o.modified for o in got.objects} == {WHEN, WHEN.replace(microsecond=0)}


def test_a_plus_in_an_eventbridge_key_is_a_plus() -> None:
    assert [o.uri for o in announced(eventbridge("logs", "my+file%3D.gz"))] == ["s3://logs/my+file%3D.gz"]
    assert [o.uri for o in announced(s3_event(s3_record("logs", "my+file=.gz")))] == ["s3://logs/my+file=.gz"]


def test_what_announces_no_object_is_acknowledged_without_one(queue: Queue) -> None:
    queue.send(
        TEST_EVENT,
        through_sns(TEST_EVENT),
        s3_event(s3_record("logs", "k", name="ObjectRemoved:Delete")),
        s3_event(s3_record("logs", "k", name="ObjectRestore:Completed")),
        s3_event(),
        eventbridge("logs", "k", kind="Object Deleted"),
        eventbridge("logs", "k", kind="Object Restore Completed"),
        s3_event(s3_record("logs", "folder/", size=0)),
        eventbridge("logs", "folder/", size=0),
    )
    got = take(queue)
    assert (got.objects, got.skipped) == ([], 0)
    got.acknowledge()
    assert queue.counts() == (0, 0)


@pytest.mark.parametrize(
    "body",
    [
        "this is not json {{{",
        "[]",
        "null",
        "7",
        "{}",
        json.dumps({"Records": "x"}),
        json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}]}),
        s3_event(s3_record("logs", "")),
        s3_event(s3_record("", "k")),
        s3_event(s3_record("logs/../other", "k")),
        s3_event(s3_record("logs", "k") | {"eventTime": "yesterday"}),
        s3_event(s3_record("logs", "k") | {"eventTime": "2026-11-03T10:00:00"}),
        s3_event(s3_record("logs", "k", size="big")),  # type: ignore[arg-type]
        s3_event(s3_record("logs", "k")).replace('"k"', '"%ff"'),
        through_sns("not json"),
        json.dumps({"Type": "Notification"}),
    ],
)
def test_an_unreadable_message_stays_and_is_counted(queue: Queue, body: str) -> None:
    queue.send(body, s3_event(s3_record("logs", "good.json")))
    got = take(queue)
    assert [o.uri for o in got.objects] == ["s3://logs/good.json"]
    assert got.skipped == 1
    got.acknowledge()
    assert queue.counts() == (0, 1)


def test_nothing_is_deleted_before_it_is_acknowledged(queue: Queue) -> None:
    queue.send(*(s3_event(s3_record("logs", f"{n}.json")) for n in range(25)))
    got = take(queue)
    assert len(got.objects) == 25
    assert queue.counts() == (0, 25)
    got.acknowledge()
    assert queue.counts() == (0, 0)
    assert take(queue).objects == []


def test_an_unacknowledged_message_comes_again(queue: Queue) -> None:
    queue.client.set_queue_attributes(QueueUrl=queue.url, Attributes={"VisibilityTimeout": "0"})
    queue.send(s3_event(s3_record("logs", "again.json")))
    first, second = take(queue), take(queue)
    assert first.objects == second.objects != []
    second.acknowledge()
    assert take(queue).objects == []


def test_most_bounds_one_call(queue: Queue) -> None:
    queue.send(*(s3_event(s3_record("logs", f"{n}.json")) for n in range(25)))
    assert len(take(queue, most=10).objects) == 10
    assert queue.counts() == (15, 10)


def test_a_notification_is_the_listed_object(queue: Queue, s3_bucket: Bucket) -> None:
    key = "AWSLogs/a b+c.json.gz"
    answer = s3_bucket.write(key, b"content")
    store = s3_bucket.open()
    (listed,) = store.walk(store.root + "/")
    queue.send(s3_event(s3_record(s3_bucket.uri.removeprefix("s3://"), key, etag=answer["ETag"].strip('"'))))
    (notified,) = take(queue).objects
    assert (notified.uri, notified.version, notified.size) == (listed.uri, listed.version, listed.size)
    assert store.open(notified).read() == b"content"


def test_moto_itself_notifies(queue: Queue, s3_bucket: Bucket) -> None:
    """The emulator's own notification, which this test did not write."""
    arn = queue.client.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    s3_client(s3_bucket.environment).put_bucket_notification_configuration(
        Bucket=s3_bucket.uri.removeprefix("s3://"),
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]},
    )
    s3_bucket.write("AWSLogs/one.json", b"content")
    store = s3_bucket.open()
    (listed,) = store.walk(store.root + "/")
    got = take(queue)
    assert [(o.uri, o.version, o.size) for o in got.objects] == [(listed.uri, listed.version, listed.size)]
    assert got.skipped == 0


def test_a_queue_url(queue: Queue) -> None:
    queue.send(s3_event(s3_record("logs", "one.json")))
    got = receive(f"sqs+{queue.url}", queue.environment, wait_seconds=0)
    assert [o.uri for o in got.objects] == ["s3://logs/one.json"]


def test_a_missing_queue_is_one_clear_line(queue: Queue) -> None:
    for uri in ("sqs://none-such", f"sqs+{queue.url}-none"):
        with pytest.raises(ConfigError, match="no such queue") as caught:
            receive(uri, queue.environment, wait_seconds=0)
        assert str(caught.value).startswith(uri) and "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match="expected sqs://"):
        receive("sqs://", queue.environment)


def test_no_region_and_no_service(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(ConfigError, match="region"):
        receive("sqs://q", {})
    with pytest.raises(RetryableError, match="sqs://q"):
        receive("sqs://q", {**queue.environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
