"""Object store over Azure Blob Storage. URIs are az://container/<raw blob name>.

A version is the etag without quotes. The account is AZURE_STORAGE_CONNECTION_STRING's, or
AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or, without a key, with Azure's default credential chain.
AZURE_STORAGE_ENDPOINT leads elsewhere.
https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, TypeVar, cast

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobPrefix, BlobProperties, BlobServiceClient, ContainerClient

from transforms.errors import CatchmentError, ConfigError, DataError, ObjectGone, RetryableError
from transforms.readers.base import Listing, RemoteObject
from transforms.readers.remote import BLOCK, shown, split, stream

CLIENT: dict[str, Any] = {"retry_total": 4, "connection_timeout": 5, "read_timeout": 60}
ENDPOINTS = {"blob": "AZURE_STORAGE_ENDPOINT", "queue": "AZURE_STORAGE_QUEUE_ENDPOINT"}
Service = TypeVar("Service")


def open_store(uri: str, environment: Mapping[str, str]) -> AzureStore:
    """A store on `az://container[/prefix]`. Raises ConfigError when the environment names no account."""
    options = {"max_single_get_size": BLOCK}  # a block is one request
    service = service_of(BlobServiceClient, "blob", uri, environment, **options)
    return AzureStore(uri.rstrip("/"), service.get_container_client(split(uri)[0]))


def service_of(client: type[Service], kind: str, uri: str, environment: Mapping[str, str], **options: Any) -> Service:
    """A client of an account's service, `blob` or `queue`. Raises ConfigError when the environment names no account."""
    make: Any = client
    try:
        if text := environment.get("AZURE_STORAGE_CONNECTION_STRING"):
            return cast(Service, make.from_connection_string(text, **CLIENT, **options))
        account = environment.get("AZURE_STORAGE_ACCOUNT") or environment.get("AZURE_STORAGE_ACCOUNT_NAME")
        endpoint = environment.get(ENDPOINTS[kind])
        if not account and not endpoint:
            raise ConfigError(
                f"{shown(uri)}: no storage account; set AZURE_STORAGE_ACCOUNT or AZURE_STORAGE_CONNECTION_STRING"
            )
        key = environment.get("AZURE_STORAGE_KEY") or environment.get("AZURE_STORAGE_ACCOUNT_KEY")
        credential: Any = {"account_name": account, "account_key": key} if key else _default_credential()
        place = endpoint or f"https://{account}.{kind}.core.windows.net"
        return cast(Service, make(place, credential=credential, **CLIENT, **options))
    except ValueError as error:
        raise ConfigError(f"{shown(uri)}: {error}") from None


def _default_credential() -> Any:
    from azure.identity import DefaultAzureCredential  # slow to import, and not needed with a key

    return DefaultAzureCredential()


class AzureStore:
    """A container below a prefix. Safe to share between threads."""

    def __init__(self, root: str, container: ContainerClient) -> None:
        self.root, self._container, self._name = root, container, split(root)[0]

    def level(self, prefix: str) -> Listing:
        prefixes: list[str] = []
        objects: list[RemoteObject] = []
        start = split(prefix)[1]
        try:
            for entry in self._container.walk_blobs(start or None, include=["metadata"], delimiter="/"):
                if isinstance(entry, BlobPrefix):
                    prefixes.append(f"az://{self._name}/{entry.name}")
                elif not _folder(entry):
                    objects.append(self._item(entry))
            if not prefixes and not objects and prefix == f"{self.root}/":  # the root may name one blob
                blobs = self._container.list_blobs(split(self.root)[1] or None)
                objects = [self._item(b) for b in blobs if f"az://{self._name}/{b.name}" == self.root]
        except AzureError as error:
            raise translated(error, prefix) from None
        return Listing(sorted(prefixes), sorted(objects, key=lambda o: o.uri))

    def walk(self, prefix: str, start_after: str | None = None) -> Iterator[RemoteObject]:
        """The service lists from the beginning each time; `start_after` only filters."""
        try:
            for blob in self._container.list_blobs(split(prefix)[1] or None, include=["metadata"]):
                item = self._item(blob)
                if not _folder(blob) and (start_after is None or item.uri > start_after):
                    yield item
        except AzureError as error:
            raise translated(error, prefix) from None

    def open(self, item: RemoteObject, start: int = 0, end: int | None = None, *, pin: bool = True) -> BinaryIO:
        """Unpinned, an append blob may grow while it is read: name the `end` that was listed."""
        blob = self._container.get_blob_client(_addressable(item.uri))
        match = _pinned(item) if pin else {}

        def fetch(at: int, length: int) -> bytes:
            try:
                return bytes(blob.download_blob(at, length, decompress=False, **match).readall())
            except HttpResponseError as error:
                if error.status_code != 416:
                    raise translated(error, item.uri) from None
                self._exists(item.uri, match)
                return b""
            except AzureError as error:
                raise translated(error, item.uri) from None

        if end is not None and end <= start:
            self._exists(item.uri, match)
        return stream(fetch, start, end)

    def metadata(self, item: RemoteObject) -> Mapping[str, str]:
        found = self._exists(item.uri, _pinned(item)).metadata
        return {name.lower(): value for name, value in (found or {}).items()}

    def _exists(self, uri: str, match: dict[str, Any]) -> BlobProperties:
        try:
            return self._container.get_blob_client(split(uri)[1]).get_blob_properties(**match)
        except AzureError as error:
            raise translated(error, uri) from None

    def put_if_absent(self, uri: str, body: bytes) -> bool:
        try:
            self._container.get_blob_client(_addressable(uri)).upload_blob(body, overwrite=False)
            return True
        except ResourceExistsError as error:
            if _code(error) in ("BlobAlreadyExists", "UnauthorizedBlobOverwrite"):
                return False
            raise translated(error, uri) from None
        except AzureError as error:
            raise translated(error, uri) from None

    def remove(self, uri: str) -> None:
        try:
            self._container.get_blob_client(_addressable(uri)).delete_blob()
        except ResourceNotFoundError:
            return
        except AzureError as error:
            raise translated(error, uri) from None

    def _item(self, blob: BlobProperties) -> RemoteObject:
        uri = f"az://{self._name}/{blob.name}"
        return RemoteObject(uri=uri, version=str(blob.etag).strip('"'), size=blob.size, modified=blob.last_modified)


def _pinned(item: RemoteObject) -> dict[str, Any]:
    """What a request says so that only this version answers it."""
    return {"etag": f'"{item.version}"', "match_condition": MatchConditions.IfNotModified}


def _folder(blob: BlobProperties) -> bool:
    """A directory of a hierarchical namespace; it is listed like an empty blob."""
    return blob.size == 0 and (blob.metadata or {}).get("hdi_isfolder") == "true"


def _addressable(uri: str) -> str:
    """The blob's name. Raises DataError for one with a `.` or `..` segment: in a URL that is another blob."""
    name = split(uri)[1]
    if {".", ".."} & set(name.replace("\\", "/").split("/")):
        raise DataError(f"{shown(uri)}: a blob with a . or .. in its path cannot be addressed over HTTP")
    return name


def _code(error: AzureError) -> str:
    code = getattr(error, "error_code", "") or ""
    return str(getattr(code, "value", code))


def translated(error: AzureError, uri: str) -> CatchmentError:
    name, code = shown(uri), _code(error)
    status = getattr(error, "status_code", None) or 0
    if code in ("ContainerNotFound", "ContainerBeingDeleted", "ContainerDisabled"):
        return ConfigError(f"{name}: no such container")
    if isinstance(error, ResourceNotFoundError | ResourceModifiedError) or status in (404, 412):
        return ObjectGone(f"{name}: deleted or replaced before it was read")
    if code == "BlobArchived":
        return DataError(f"{name}: is archived; rehydrate it, then replay")
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, ClientAuthenticationError) or status == 403:
        return ConfigError(f"{name}: Azure refused the credentials ({code or status}): {text}")
    if 400 <= status < 500 and status not in (408, 409, 429):
        return ConfigError(f"{name}: Azure answered {code or status}: {text}")
    return RetryableError(f"{name}: {code or type(error).__name__}: {text}")
