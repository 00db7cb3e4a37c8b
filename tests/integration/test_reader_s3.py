"""S3 over boto3 and moto: keys that no path could hold, paging, and what the service refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.conftest import Bucket, s3_client
from transforms.errors import ConfigError, DataError, RetryableError
from transforms.readers import probe
from transforms.readers.base import open_store
from transforms.readers.probe import probe_conditional_put
from transforms.readers.remote import shown
from transforms.readers.s3 import translated

pytestmark = pytest.mark.emulator
ODD = [
    "plain",
    "a/../../b.json",
    "a/./b.json",
    "a//b.json",
    "with space and+plus",
    "%41%2e%2e%2f",
    "what?versionId=x",
    "frag#ment",
    "tab\t",
    "bell\x07",
    "unit\x1f",
    "quote\"'<&>",
    "back\\slash",
    "ünïcode/日本/😀",
    "{{ jinja }}; drop table",
]


@pytest.mark.parametrize("key", ODD)
def test_odd_keys_round_trip(s3_bucket: Bucket, key: str) -> None:
    s3_bucket.write(key, key.encode())
    s3_bucket.write("b.json", b"another object")
    store = s3_bucket.open()
    found = {o.uri: o for o in store.walk(store.root + "/")}
    assert set(found) == {f"{s3_bucket.uri}/{key}", f"{s3_bucket.uri}/b.json"}
    assert store.open(found[f"{s3_bucket.uri}/{key}"]).read() == key.encode()
    if "/" not in key:
        assert f"{s3_bucket.uri}/{key}" in {o.uri for o in store.level(store.root + "/").objects}


@pytest.mark.parametrize("key", ODD)
def test_odd_keys_can_be_put_resumed_after_and_removed(s3_bucket: Bucket, key: str) -> None:
    store, uri = s3_bucket.open(), f"{s3_bucket.uri}/{key}"
    assert store.put_if_absent(uri, b"1") and not store.put_if_absent(uri, b"2")
    assert [o.uri for o in store.walk(store.root + "/")] == [uri]
    if key.isprintable():  # the emulator cannot write a control character of StartAfter into its answer
        assert list(store.walk(store.root + "/", uri)) == []
    store.remove(uri)
    assert list(store.walk(store.root + "/")) == []


def test_odd_prefixes_are_levels(s3_bucket: Bucket) -> None:
    for prefix in ("a b+c%2F", "..", "x\x07y", "?q"):
        s3_bucket.write(f"{prefix}/deep/one.json", b"1")
    store = s3_bucket.open()
    prefixes = store.level(store.root + "/").prefixes
    assert set(prefixes) == {f"{s3_bucket.uri}/{p}/" for p in ("a b+c%2F", "..", "x\x07y", "?q")}
    for prefix in prefixes:
        assert store.level(prefix).prefixes == [f"{prefix}deep/"]
        assert [o.uri for o in store.walk(prefix)] == [f"{prefix}deep/one.json"]


def test_a_hostile_key_cannot_break_a_message_into_lines(s3_bucket: Bucket) -> None:
    s3_bucket.write("x\x07ERROR forged\x1b[0m", b"1")
    store = s3_bucket.open()
    (item,) = store.walk(store.root + "/")
    store.remove(item.uri)
    with pytest.raises(Exception, match=r"x\\x07ERROR forged\\x1b\[0m: deleted"):
        store.open(item)
    assert shown("s3://logs/a\nb\u2028c\u202ed") == r"s3://logs/a\nb\u2028c\u202ed"


def test_listing_goes_on_over_pages(s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        s3_bucket.write(f"d{number}/{number}.json", b"x")
        s3_bucket.write(f"k{number}.json", b"x")
    store: Any = s3_bucket.open()
    pages = store._client.get_paginator("list_objects_v2")
    monkeypatch.setattr(store._client, "get_paginator", lambda name: pages)
    paginate = pages.paginate
    monkeypatch.setattr(pages, "paginate", lambda **k: paginate(**k, PaginationConfig={"PageSize": 2}))
    listing = store.level(store.root + "/")
    assert len(listing.prefixes) == len(listing.objects) == 7
    assert len(list(store.walk(store.root + "/", f"{s3_bucket.uri}/d2/2.json"))) == 4 + 7


def test_the_consoles_folder_markers_are_no_logs(s3_bucket: Bucket) -> None:
    s3_bucket.write("folder/", b"")
    s3_bucket.write("folder/one.json", b"x")
    store = s3_bucket.open()
    assert [o.uri for o in store.walk(store.root + "/")] == [f"{s3_bucket.uri}/folder/one.json"]
    assert [o.uri for o in store.level(f"{s3_bucket.uri}/folder/").objects] == [f"{s3_bucket.uri}/folder/one.json"]


def test_an_object_replaced_in_mid_read_is_not_mixed(s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    from transforms.errors import ObjectGone
    from transforms.readers import remote

    monkeypatch.setattr(remote, "BLOCK", 4)
    s3_bucket.write("k", b"aaaabbbb")
    store = s3_bucket.open()
    (item,) = store.walk(store.root + "/")
    for pin in (True, False):
        s3_bucket.write("k", b"aaaabbbb")
        stream = store.open(item, pin=pin)
        s3_bucket.write("k", b"ccccdddd")
        with pytest.raises(ObjectGone):
            stream.read()


def test_a_multipart_etag_pins_too(s3_bucket: Bucket) -> None:
    client, name = s3_client(s3_bucket.environment), s3_bucket.uri.removeprefix("s3://")
    upload = client.create_multipart_upload(Bucket=name, Key="multi")["UploadId"]
    part = client.upload_part(Bucket=name, Key="multi", UploadId=upload, PartNumber=1, Body=b"whole")
    parts = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    client.complete_multipart_upload(Bucket=name, Key="multi", UploadId=upload, MultipartUpload=parts)
    store = s3_bucket.open()
    (item,) = store.walk(store.root + "/")
    assert item.version.endswith("-1")
    assert store.open(item).read() == b"whole"


def test_the_probe_refuses_a_store_that_ignores_conditions(careless_s3: Mapping[str, str]) -> None:
    store = open_store("s3://lake/prod", careless_s3)
    with pytest.raises(ConfigError, match=r"s3://lake/prod: .*does not enforce conditional put"):
        probe_conditional_put(store, store.root)
    assert list(store.walk("s3://lake/prod/")) == []


def test_the_probe_sees_a_store_that_races(s3_bucket: Bucket) -> None:
    class Racing:
        """Looks, then puts: right one after the other, wrong at once."""

        def __init__(self) -> None:
            self.root, self.keys, self.removed = "s3://racing", set[str](), set[str]()

        def put_if_absent(self, uri: str, body: bytes) -> bool:
            import time

            there = uri in self.keys
            time.sleep(0.01)
            self.keys.add(uri)
            return not there

        def remove(self, uri: str) -> None:
            self.removed.add(uri)

    store: Any = Racing()
    with pytest.raises(ConfigError, match="does not enforce conditional put"):
        probe_conditional_put(store, store.root)
    assert store.removed == store.keys and len(store.keys) == 2 <= probe.ROUNDS


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AccessDenied", 403, ConfigError),
        ("InvalidAccessKeyId", 403, ConfigError),
        ("SlowDown", 503, RetryableError),
        ("InternalError", 500, RetryableError),
        ("TooManyRequests", 429, RetryableError),
        ("RequestTimeout", 400, RetryableError),
        ("InvalidObjectState", 403, DataError),
    ],
)
def test_errors_are_classed_by_what_one_does(code: str, status: int, kind: type[Exception]) -> None:
    answer: Any = {"Error": {"Code": code, "Message": "no\nway"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error = translated(ClientError(answer, "GetObject"), "s3://logs/key")
    assert type(error) is kind
    assert str(error).startswith("s3://logs/key: ") and "\n" not in str(error)
