"""Google Cloud Storage over its own library and gcp-storage-emulator."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

import pytest

from tests.integration.conftest import Bucket, gcs_client
from transforms.errors import ConfigError
from transforms.readers.base import open_store
from transforms.readers.probe import probe_conditional_put

pytestmark = pytest.mark.emulator
ODD = [
    "plain",
    "with space and+plus",
    "%41%2e%2f",
    "what?x=y",
    "frag#ment",
    "ünïcode/日本/😀",
    "{{ x }}",
]


@pytest.mark.parametrize("key", ODD)
def test_odd_names_round_trip(gcs_bucket: Bucket, key: str) -> None:
    gcs_bucket.write(key, key.encode())
    gcs_bucket.write("b.json", b"another object")
    store = gcs_bucket.open()
    found = {o.uri: o for o in store.walk(store.root + "/")}
    assert set(found) == {f"{gcs_bucket.uri}/{key}", f"{gcs_bucket.uri}/b.json"}
    assert store.open(found[f"{gcs_bucket.uri}/{key}"]).read() == key.encode()


def test_an_object_with_a_content_encoding_comes_as_it_is_stored(gcs_bucket: Bucket) -> None:
    stored = gzip.compress(b"plain")
    blob = gcs_client(gcs_bucket.environment).bucket(gcs_bucket.uri.removeprefix("gs://")).blob("zipped.json.gz")
    blob.content_encoding = "gzip"
    blob.upload_from_string(stored)
    store = gcs_bucket.open()
    (item,) = store.walk(store.root + "/")
    assert item.version == str(blob.generation)
    assert store.open(item).read() == stored


def test_the_sinks_keys_with_colons(gcs_bucket: Bucket) -> None:
    key = "cloudaudit.googleapis.com/activity/2026/11/03/10:00:00_10:59:59_S0.json"
    gcs_bucket.write(key, b"{}\n")
    store = gcs_bucket.open("/cloudaudit.googleapis.com/activity")
    listing = store.level(f"{store.root}/2026/11/03/")
    assert [o.uri for o in listing.objects] == [f"{gcs_bucket.uri}/{key}"]


def test_the_probe_refuses_an_emulator_that_ignores_preconditions(careless_gcs: Mapping[str, str]) -> None:
    gcs_client(careless_gcs).create_bucket("lake")
    store = open_store("gs://lake", careless_gcs)
    with pytest.raises(ConfigError, match=r"gs://lake: .*does not enforce conditional put"):
        probe_conditional_put(store, store.root)
    assert list(store.walk("gs://lake/")) == []


@pytest.mark.filterwarnings("ignore:The load_credentials:DeprecationWarning")
def test_credentials_that_are_no_file(tmp_path: object) -> None:
    with pytest.raises(ConfigError, match="gs://logs: "):
        open_store("gs://logs", {"GOOGLE_APPLICATION_CREDENTIALS": f"{tmp_path}/none.json"})
