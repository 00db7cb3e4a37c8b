"""Object store over Google Cloud Storage. URIs are gs://bucket/<raw object name>.

A version is the generation. Credentials come from Google's default chain; STORAGE_EMULATOR_HOST leads
elsewhere, without credentials.
https://cloud.google.com/storage/docs/json_api/v1/objects
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import google.auth
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import RequestException

from transforms.errors import CatchmentError, ConfigError, ObjectGone, RetryableError
from transforms.readers.base import Listing, RemoteObject
from transforms.readers.remote import shown, split, stream

FAILURES = (exceptions.GoogleAPIError, GoogleAuthError, RequestException)
RETRY = DEFAULT_RETRY.with_timeout(30.0)
REQUEST: dict[str, Any] = {"retry": RETRY, "timeout": (5, 60)}
FILE = "GOOGLE_APPLICATION_CREDENTIALS"
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"


def open_store(uri: str, environment: Mapping[str, str]) -> GcsStore:
    """A store on `gs://bucket[/prefix]`. Raises ConfigError without credentials."""
    emulator, project = environment.get("STORAGE_EMULATOR_HOST"), environment.get("GOOGLE_CLOUD_PROJECT")
    if emulator:
        credentials: Any = AnonymousCredentials()  # type: ignore[no-untyped-call]
    else:
        credentials, found = credentials_of(uri, environment, SCOPE)
        project = project or found
    options = {"api_endpoint": emulator} if emulator else None
    client = storage.Client(project=project or "none", credentials=credentials, client_options=options)
    return GcsStore(uri.rstrip("/"), client)


def credentials_of(uri: str, environment: Mapping[str, str], scope: str) -> tuple[Any, str | None]:
    """(credentials for a scope, the project that they name) of Google's default chain, or of a source's own file.

    Raises ConfigError that names `uri`.
    """
    path = environment.get(FILE)
    try:
        if path and path != os.environ.get(FILE):
            return google.auth.load_credentials_from_file(path, [scope])  # type: ignore[no-untyped-call,no-any-return]
        return google.auth.default(scopes=[scope])
    except GoogleAuthError as error:
        raise ConfigError(f"{shown(uri)}: {str(error).splitlines()[0]}") from None


class GcsStore:
    """A bucket below a prefix. Safe to share between threads."""

    def __init__(self, root: str, client: Any) -> None:
        self.root, self._client, self._name = root, client, split(root)[0]
        self._bucket = client.bucket(self._name)

    def level(self, prefix: str) -> Listing:
        try:
            found = self._client.list_blobs(self._bucket, prefix=split(prefix)[1] or None, delimiter="/", **REQUEST)
            objects = [item for item in map(self._item, found) if not item.is_folder]
            prefixes = [f"gs://{self._name}/{p}" for p in found.prefixes]
            if not prefixes and not objects and prefix == f"{self.root}/":  # the root may name one object
                blob = self._bucket.get_blob(split(self.root)[1], **REQUEST) if split(self.root)[1] else None
                objects = [self._item(blob)] if blob else []
        except FAILURES as error:
            raise _translated(error, prefix) from None
        return Listing(sorted(prefixes), sorted(objects, key=lambda o: o.uri))

    def walk(self, prefix: str, start_after: str | None = None) -> Iterator[RemoteObject]:
        after = split(start_after)[1] if start_after is not None else None
        options: dict[str, Any] = {"prefix": split(prefix)[1] or None, "start_offset": after}
        try:
            for blob in self._client.list_blobs(self._bucket, **options, **REQUEST):
                item = self._item(blob)
                if not item.is_folder and (after is None or blob.name > after):  # start_offset is inclusive
                    yield item
        except FAILURES as error:
            raise _translated(error, prefix) from None

    def open(self, item: RemoteObject, start: int = 0, end: int | None = None, *, pin: bool = True) -> BinaryIO:
        """An object is replaced as a whole, so an unpinned read stays on the version that it begins with."""
        generation = int(item.version) if pin else int(self._blob(item.uri).generation)
        blob = self._bucket.blob(split(item.uri)[1], generation=generation)

        def fetch(at: int, length: int) -> bytes:
            try:
                # raw_download: an object with Content-Encoding gzip as it is stored
                block: bytes = blob.download_as_bytes(
                    start=at, end=at + length - 1, raw_download=True, checksum=None, **REQUEST
                )
                return block
            except exceptions.RequestRangeNotSatisfiable:
                return b""
            except FAILURES as error:
                raise _translated(error, item.uri) from None

        return stream(fetch, start, end)

    def metadata(self, item: RemoteObject) -> Mapping[str, str]:
        found = self._blob(item.uri, int(item.version)).metadata
        return {name.lower(): value for name, value in (found or {}).items()}

    def _blob(self, uri: str, generation: int | None = None) -> Any:
        try:
            blob = self._bucket.get_blob(split(uri)[1], generation=generation, **REQUEST)
        except FAILURES as error:
            raise _translated(error, uri) from None
        if blob is None:
            raise ObjectGone(f"{shown(uri)}: deleted before it was read")
        return blob

    def put_if_absent(self, uri: str, body: bytes) -> bool:
        try:
            self._bucket.blob(split(uri)[1]).upload_from_string(
                body, content_type="application/octet-stream", if_generation_match=0, **REQUEST
            )
            return True
        except exceptions.PreconditionFailed:
            return False
        except FAILURES as error:
            raise _translated(error, uri, put=True) from None

    def remove(self, uri: str) -> None:
        try:
            self._bucket.blob(split(uri)[1]).delete(**REQUEST)
        except exceptions.NotFound:
            return
        except FAILURES as error:
            raise _translated(error, uri) from None

    def _item(self, blob: Any) -> RemoteObject:
        uri, version = f"gs://{self._name}/{blob.name}", str(blob.generation)
        return RemoteObject(uri=uri, version=version, size=int(blob.size), modified=blob.updated)


def _translated(error: Exception, uri: str, *, put: bool = False) -> CatchmentError:
    name = shown(uri)
    text = (str(error).splitlines() or [type(error).__name__])[0]
    if isinstance(error, exceptions.NotFound):
        listing = uri.endswith("/")
        if put or listing or "bucket does not exist" in text:
            return ConfigError(f"{name}: no such bucket")
        return ObjectGone(f"{name}: deleted or replaced before it was read")
    if isinstance(error, exceptions.PreconditionFailed):
        return ObjectGone(f"{name}: replaced before it was read")
    if isinstance(error, exceptions.TooManyRequests | exceptions.ServerError | exceptions.RetryError):
        return RetryableError(f"{name}: {text}")
    if isinstance(error, exceptions.ClientError) and error.code not in (408, 409):
        return ConfigError(f"{name}: Google refused: {text}")
    if isinstance(error, GoogleAuthError) and not getattr(error, "retryable", False):
        return ConfigError(f"{name}: {text}")
    return RetryableError(f"{name}: {text}")
