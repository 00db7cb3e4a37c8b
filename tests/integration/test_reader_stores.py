"""One suite over every object store: what landing relies on is the same everywhere."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.conftest import Bucket
from transforms.errors import ConfigError, ObjectGone, RetryableError
from transforms.readers import remote
from transforms.readers.base import RemoteObject, open_store
from transforms.readers.probe import probe_conditional_put

pytestmark = pytest.mark.emulator
KEYS = ["AWSLogs/1/a.json", "AWSLogs/1/b.json", "AWSLogs/2/a.json", "AWSLogs/top.json", "beside.json"]


@pytest.fixture
def filled(bucket: Bucket) -> Bucket:
    for key in KEYS:
        bucket.write(key, key.encode())
    return bucket


def only(bucket: Bucket) -> RemoteObject:
    store = bucket.open()
    (item,) = store.walk(store.root + "/")
    return item


def test_level_gives_prefixes_and_objects_right_below(filled: Bucket) -> None:
    store = filled.open("/AWSLogs/")
    assert store.root == f"{filled.uri}/AWSLogs"
    listing = store.level(store.root + "/")
    assert listing.prefixes == [f"{filled.uri}/AWSLogs/1/", f"{filled.uri}/AWSLogs/2/"]
    assert [(o.uri, o.size) for o in listing.objects] == [(f"{filled.uri}/AWSLogs/top.json", 16)]
    below = store.level(listing.prefixes[0])
    assert below.prefixes == []
    assert [o.uri for o in below.objects] == [f"{filled.uri}/{k}" for k in KEYS[:2]]
    (item,) = listing.objects
    assert item.version and '"' not in item.version
    assert abs(item.modified - datetime.now(UTC)) < timedelta(minutes=2)


def test_level_and_walk_agree_on_the_version(filled: Bucket) -> None:
    store = filled.open()
    walked = {o.uri: (o.version, o.size) for o in store.walk(store.root + "/")}
    (item,) = store.level(store.root + "/").objects
    assert walked[item.uri] == (item.version, item.size)


def test_walk_is_in_key_order_and_starts_after(filled: Bucket) -> None:
    store = filled.open()
    uris = [o.uri for o in store.walk(store.root + "/")]
    assert uris == [f"{filled.uri}/{k}" for k in KEYS]
    for position, uri in enumerate(uris):
        assert [o.uri for o in store.walk(store.root + "/", uri)] == uris[position + 1 :]
    assert [o.uri for o in store.walk(f"{filled.uri}/AWSLogs/", uris[1])] == uris[2:4]
    assert [o.uri for o in store.walk(store.root + "/", f"{filled.uri}/AWSLogs/1/aa")] == uris[1:]


def test_a_root_that_is_one_object_lists_it(filled: Bucket) -> None:
    store = filled.open("/AWSLogs/2/a.json")
    assert [o.uri for o in store.level(store.root + "/").objects] == [f"{filled.uri}/AWSLogs/2/a.json"]


def test_nothing_below_a_prefix(filled: Bucket) -> None:
    store = filled.open()
    assert list(store.walk(f"{filled.uri}/none/")) == []
    listing = store.level(f"{filled.uri}/none/")
    assert (listing.prefixes, listing.objects) == ([], [])


@pytest.mark.parametrize("pin", [True, False])
def test_ranges(bucket: Bucket, pin: bool) -> None:
    bucket.write("ranges.json", b"0123456789")
    store, item = bucket.open(), only(bucket)
    assert store.open(item, pin=pin).read() == b"0123456789"
    assert store.open(item, 3, pin=pin).read() == b"3456789"
    assert store.open(item, 3, 6, pin=pin).read() == b"345"
    assert store.open(item, 0, 1, pin=pin).read() == b"0"
    assert store.open(item, 4, 4, pin=pin).read() == b""
    assert store.open(item, 10, pin=pin).read() == b""


def test_an_empty_object(bucket: Bucket) -> None:
    bucket.write("empty.json", b"")
    item = only(bucket)
    assert item.size == 0
    assert bucket.open().open(item).read() == b""


def test_a_large_object_comes_in_blocks(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "BLOCK", 1000)
    body = bytes(range(256)) * 20
    bucket.write("large.bin", body)
    stream, parts = bucket.open().open(only(bucket)), []
    while part := stream.read(700):
        parts.append(part)
    assert b"".join(parts) == body
    assert bucket.open().open(only(bucket), 999, 3001).read() == body[999:3001]


def test_a_pinned_read_of_a_replaced_object_says_gone(bucket: Bucket) -> None:
    bucket.write("changed.json", b"old")
    item = only(bucket)
    bucket.write("changed.json", b"new!")
    with pytest.raises(ObjectGone, match=r"changed\.json: .*replaced"):
        bucket.open().open(item)
    assert only(bucket).version != item.version
    assert bucket.open().open(item, pin=False).read() == b"new!"


def test_an_object_replaced_by_an_empty_one_says_gone(bucket: Bucket) -> None:
    bucket.write("changed.json", b"old")
    item = only(bucket)
    bucket.write("changed.json", b"")
    with pytest.raises(ObjectGone):
        bucket.open().open(item)


def test_a_deleted_object_says_gone(bucket: Bucket) -> None:
    bucket.write("deleted.json", b"old")
    item, store = only(bucket), bucket.open()
    store.remove(item.uri)
    for pin in (True, False):
        with pytest.raises(ObjectGone, match=r"deleted\.json: deleted"):
            store.open(item, pin=pin)
    store.remove(item.uri)


def test_put_if_absent_puts_once(bucket: Bucket) -> None:
    store, uri = bucket.open(), f"{bucket.uri}/landing/okta/000000000000.json"
    assert store.put_if_absent(uri, b"first")
    assert not store.put_if_absent(uri, b"second")
    assert store.open(only(bucket)).read() == b"first"


def test_of_many_puts_at_once_one_wins_and_its_bytes_stay(bucket: Bucket) -> None:
    store, together = bucket.open(), threading.Barrier(8)

    def put(number: int) -> int | None:
        together.wait(30)
        return number if store.put_if_absent(f"{bucket.uri}/race", b"%d" % number) else None

    with ThreadPoolExecutor(8) as pool:
        winners = [n for n in pool.map(put, range(8)) if n is not None]
    assert len(winners) == 1
    assert store.open(only(bucket)).read() == b"%d" % winners[0]


def test_the_probe_accepts_the_store_and_leaves_nothing(bucket: Bucket) -> None:
    store = bucket.open("/lake")
    probe_conditional_put(store, store.root)
    whole = bucket.open()
    assert list(whole.walk(whole.root + "/")) == []


@pytest.mark.parametrize("kind", ["s3", "azure", "gcs"])
def test_a_missing_bucket_is_one_clear_line(kind: str, request: pytest.FixtureRequest) -> None:
    existing: Bucket = request.getfixturevalue(f"{kind}_bucket")
    uri = existing.uri[:-4] + "none"
    store = open_store(uri, existing.environment)
    for call in (
        lambda: store.level(uri + "/"),
        lambda: list(store.walk(uri + "/")),
        lambda: store.put_if_absent(uri + "/x", b""),
    ):
        with pytest.raises(ConfigError, match=f"{uri}/.*: no such (bucket|container)") as caught:
            call()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "environment"),
    [
        (
            "s3://logs",
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"},
        ),
        (
            "az://logs",
            {
                "AZURE_STORAGE_ENDPOINT": "http://127.0.0.1:1/a",
                "AZURE_STORAGE_ACCOUNT": "a",
                "AZURE_STORAGE_KEY": "eA==",
            },
        ),
        ("gs://logs", {"STORAGE_EMULATOR_HOST": "http://127.0.0.1:1"}),
    ],
)
def test_an_unreachable_store_is_retryable(
    uri: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from google.cloud.storage.retry import DEFAULT_RETRY

    from transforms.readers import azure, gcs

    monkeypatch.setitem(azure.CLIENT, "retry_total", 0)
    monkeypatch.setitem(gcs.REQUEST, "retry", DEFAULT_RETRY.with_timeout(0.1))
    with pytest.raises(RetryableError, match=uri) as caught:
        open_store(uri, environment).level(uri + "/")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("uri", ["s3://", "az:///x", "gs://"])
def test_a_uri_without_a_bucket(uri: str) -> None:
    environment = {"STORAGE_EMULATOR_HOST": "http://127.0.0.1:1", "AZURE_STORAGE_ENDPOINT": "http://127.0.0.1:1"}
    with pytest.raises(ConfigError, match="names no bucket"):
        open_store(uri, {**environment, "AZURE_STORAGE_KEY": "eA==", "AZURE_STORAGE_ACCOUNT": "a"})
