"""Azure Blob over its own library and Azurite: append blobs that grow, odd names, ways to name an account."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

import pytest
from azure.storage.blob import BlobClient, BlobServiceClient, ContentSettings

from tests.integration.conftest import AZURITE_KEY, Bucket
from transforms.errors import ConfigError, DataError, ObjectGone
from transforms.readers import remote
from transforms.readers.base import open_store

pytestmark = pytest.mark.emulator
HOUR = "resourceId=/SUBSCRIPTIONS/0/y=2026/m=11/d=03/h=10/m=00/PT1H.json"
ODD = [
    "plain",
    "with space and+plus",
    "%41%2f",
    "what?sv=x",
    "frag#ment",
    "a//b",
    "ünïcode/日本/😀",
    "quote\"'<&>",
    "{{ x }}",
]


def blob(bucket: Bucket, name: str) -> BlobClient:
    service = BlobServiceClient.from_connection_string(bucket.environment["AZURE_STORAGE_CONNECTION_STRING"])
    return service.get_blob_client(bucket.uri.removeprefix("az://"), name)


@pytest.mark.parametrize("key", ODD)
def test_odd_names_round_trip(azure_bucket: Bucket, key: str) -> None:
    azure_bucket.write(key, key.encode())
    store = azure_bucket.open()
    (item,) = store.walk(store.root + "/")
    assert item.uri == f"{azure_bucket.uri}/{key}"
    assert store.open(item).read() == key.encode()
    store.remove(item.uri)
    assert store.put_if_absent(item.uri, b"1") and not store.put_if_absent(item.uri, b"2")
    assert [o.uri for o in store.walk(store.root + "/")] == [item.uri]
    assert list(store.walk(store.root + "/", item.uri)) == []


@pytest.mark.parametrize("key", ["a/../b.json", "../other/b.json", "a/./b.json", "a\\..\\b.json"])
def test_a_name_that_a_url_would_resolve_is_refused(azure_bucket: Bucket, key: str) -> None:
    azure_bucket.write("b.json", b"another blob")
    store: Any = azure_bucket.open()
    (item,) = store.walk(store.root + "/")
    odd = type(item)(uri=f"{azure_bucket.uri}/{key}", version=item.version, size=1, modified=item.modified)
    with pytest.raises(DataError, match="cannot be addressed"):
        store.open(odd)
    with pytest.raises(DataError):
        store.put_if_absent(odd.uri, b"")


def test_an_append_blob_that_grew_after_it_was_listed(azure_bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "BLOCK", 8)
    growing = blob(azure_bucket, HOUR)
    growing.create_append_blob()
    growing.append_block(b'{"n":1}\n{"n":2}\n{"n"')
    store = azure_bucket.open()
    (first,) = store.walk(store.root + "/")
    growing.append_block(b':3}\n{"n":4}\n')
    with pytest.raises(ObjectGone):
        store.open(first)
    assert store.open(first, 0, first.size, pin=False).read() == b'{"n":1}\n{"n":2}\n{"n"'
    (second,) = store.walk(store.root + "/")
    assert second.uri == first.uri and second.version != first.version and second.size == first.size + 12
    assert store.open(second, 16, second.size, pin=False).read() == b'{"n":3}\n{"n":4}\n'


def test_an_append_blob_that_grows_while_it_is_read(azure_bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "BLOCK", 8)
    growing = blob(azure_bucket, HOUR)
    growing.create_append_blob()
    growing.append_block(b"0123456789abcdef")
    store = azure_bucket.open()
    (item,) = store.walk(store.root + "/")
    stream = store.open(item, 0, item.size, pin=False)
    growing.append_block(b"more")
    assert stream.read() == b"0123456789abcdef"


def test_an_empty_append_blob_is_listed_empty(azure_bucket: Bucket) -> None:
    blob(azure_bucket, HOUR).create_append_blob()
    store = azure_bucket.open()
    (item,) = store.walk(store.root + "/")
    assert item.size == 0
    assert store.open(item, 0, 0, pin=False).read() == b""


def test_the_hours_are_found_by_level(azure_bucket: Bucket) -> None:
    azure_bucket.write(HOUR, b"x")
    store = azure_bucket.open()
    prefix, depth = store.root + "/", 0
    while not (listing := store.level(prefix)).objects:
        (prefix,) = listing.prefixes
        depth += 1
    assert [o.uri for o in listing.objects] == [f"{azure_bucket.uri}/{HOUR}"]
    assert depth == HOUR.count("/")


def test_a_blob_with_a_content_encoding_comes_as_it_is_stored(azure_bucket: Bucket) -> None:
    stored = gzip.compress(b"plain")
    settings = ContentSettings(content_encoding="gzip")
    blob(azure_bucket, "zipped.json.gz").upload_blob(stored, content_settings=settings)
    store = azure_bucket.open()
    (item,) = store.walk(store.root + "/")
    assert item.size == len(stored)
    assert store.open(item).read() == stored


def test_a_folder_of_a_hierarchical_namespace_is_no_blob(azure_bucket: Bucket) -> None:
    blob(azure_bucket, "folder").upload_blob(b"", metadata={"hdi_isfolder": "true"})
    azure_bucket.write("folder/one.json", b"x")
    store = azure_bucket.open()
    assert [o.uri for o in store.walk(store.root + "/")] == [f"{azure_bucket.uri}/folder/one.json"]
    assert store.level(store.root + "/").objects == []


def test_account_and_key(azure_bucket: Bucket) -> None:
    azure_bucket.write("one.json", b"x")
    text = azure_bucket.environment["AZURE_STORAGE_CONNECTION_STRING"]
    endpoint = dict(part.split("=", 1) for part in text.split(";") if part)["BlobEndpoint"]
    environment = {
        "AZURE_STORAGE_ENDPOINT": endpoint,
        "AZURE_STORAGE_ACCOUNT": "devstoreaccount1",
        "AZURE_STORAGE_KEY": AZURITE_KEY,
    }
    store = open_store(azure_bucket.uri, environment)
    assert [o.uri for o in store.walk(store.root + "/")] == [f"{azure_bucket.uri}/one.json"]
    wrong = open_store(azure_bucket.uri, {**environment, "AZURE_STORAGE_KEY": "d3Jvbmc="})
    with pytest.raises(ConfigError, match="refused the credentials") as caught:
        list(wrong.walk(wrong.root + "/"))
    assert "\n" not in str(caught.value) and "d3Jvbmc" not in str(caught.value)


@pytest.mark.parametrize("environment", [{}, {"AZURE_STORAGE_CONNECTION_STRING": "nonsense"}])
def test_no_account_is_one_clear_line(environment: Mapping[str, str]) -> None:
    with pytest.raises(ConfigError, match="az://logs: "):
        open_store("az://logs", environment)
