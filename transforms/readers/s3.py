"""Object store over Amazon S3 and what speaks its protocol. URIs are s3://bucket/<raw key>.

A version is the etag without quotes, as a listing and a notification both give it. Credentials and region come from
boto3's default chain, or are those of a role that CATCHMENT_AWS_ROLES names for the bucket; AWS_ENDPOINT_URL_S3 or
AWS_ENDPOINT_URL leads elsewhere.
https://docs.aws.amazon.com/AmazonS3/latest/API/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, CredentialProvider, DeferredRefreshableCredentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
)

from transforms.errors import CatchmentError, ConfigError, DataError, ObjectGone, RetryableError
from transforms.readers.base import Listing, RemoteObject
from transforms.readers.remote import shown, split, stream

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

GONE = {"NoSuchKey", "NoSuchVersion", "404", "PreconditionFailed", "412"}
ARCHIVED = {"InvalidObjectState"}
BUSY = {
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "RequestThrottled",
    "RequestTimeout",
    "OperationAborted",
}
ROLES = "CATCHMENT_AWS_ROLES"
EXTERNAL_ID = "CATCHMENT_AWS_EXTERNAL_ID"
SESSION_NAME = "catchment"
"""What the accounts' own CloudTrail calls the sessions of an assumed role."""
RACES = 20
"""Times that a put is repeated while S3 says that another one of the same key is in flight (409)."""


def session_of(environment: Mapping[str, str], name: str = "") -> boto3.Session:
    """boto3's default chain; what `environment` names goes first.

    Where CATCHMENT_AWS_ROLES has a role for `name`, a bucket or a queue, the session is of that role: assumed at the
    first call, and again before it expires. Raises ConfigError where that setting is malformed.
    """
    session = boto3.Session(
        aws_access_key_id=environment.get("AWS_ACCESS_KEY_ID") or None,
        aws_secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY") or None,
        aws_session_token=environment.get("AWS_SESSION_TOKEN") or None,
        region_name=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or None,
        profile_name=environment.get("AWS_PROFILE") or None,
    )
    role = role_for(environment, name)
    return session if role is None else _assumed(session, role, environment)


def role_for(environment: Mapping[str, str], name: str) -> str | None:
    """The role of the first entry of CATCHMENT_AWS_ROLES (`pattern=arn`, between spaces) that fits the name."""
    for entry in environment.get(ROLES, "").split():
        pattern, _, role = entry.partition("=")
        if not role.startswith("arn:"):
            raise ConfigError(f"{ROLES}: {shown(entry)}: expected <bucket or queue>=arn:aws:iam::<account>:role/<name>")
        if fnmatchcase(name, pattern):
            return role
    return None


def _assumed(session: boto3.Session, role: str, environment: Mapping[str, str]) -> boto3.Session:
    """A session of the role, for which `session` asks STS."""
    source: Any = session._session  # boto3 has no other way to what it is made of
    client = partial(
        source.create_client,
        region_name=session.region_name,
        endpoint_url=endpoint_of(environment, "STS"),
        config=client_config(),
    )
    asked = {"RoleSessionName": SESSION_NAME}
    if environment.get(EXTERNAL_ID):
        asked["ExternalId"] = environment[EXTERNAL_ID]
    fetcher = AssumeRoleCredentialFetcher(client, source.get_credentials(), role, extra_args=asked)
    assumed: Any = botocore.session.get_session()
    assumed.get_component("credential_provider").providers.insert(0, _Role(fetcher))
    return boto3.Session(botocore_session=assumed, region_name=session.region_name)


class _Role(CredentialProvider):
    """The credentials of an assumed role, as a link of botocore's chain."""

    METHOD = "assume-role"

    def __init__(self, fetcher: AssumeRoleCredentialFetcher) -> None:
        super().__init__()
        self.fetcher = fetcher

    def load(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(self.fetcher.fetch_credentials, self.METHOD)


def endpoint_of(environment: Mapping[str, str], service: str) -> str | None:
    return environment.get(f"AWS_ENDPOINT_URL_{service}") or environment.get("AWS_ENDPOINT_URL") or None


def client_config(**more: Any) -> Config:
    retries: Any = {"mode": "standard", "total_max_attempts": 5}
    return Config(retries=retries, connect_timeout=5, read_timeout=60, max_pool_connections=32, **more)


def open_store(uri: str, environment: Mapping[str, str]) -> S3Store:
    """A store on `s3://bucket[/prefix]`. Asks S3 for nothing yet; raises ConfigError for a bad setting."""
    endpoint = endpoint_of(environment, "S3")
    style: Any = {"addressing_style": "path" if endpoint else "auto"}
    try:
        session = session_of(environment, split(uri)[0])
        client = session.client("s3", endpoint_url=endpoint, config=client_config(s3=style))
    except (BotoCoreError, ValueError) as error:
        raise ConfigError(f"{shown(uri)}: {error}") from None
    return S3Store(uri.rstrip("/"), client)


class S3Store:
    """A bucket below a prefix. Safe to share between threads."""

    def __init__(self, root: str, client: S3Client) -> None:
        split(root)
        self.root, self._client = root, client

    def level(self, prefix: str) -> Listing:
        bucket, key = split(prefix)
        prefixes: list[str] = []
        objects: list[RemoteObject] = []
        for page in self._pages(prefix, Bucket=bucket, Prefix=key, Delimiter="/"):
            prefixes += [f"s3://{bucket}/{p['Prefix']}" for p in page.get("CommonPrefixes", [])]
            objects += _items(bucket, page)
        if not prefixes and not objects and prefix == f"{self.root}/":  # the root may name one object
            name = split(self.root)[1]
            page = next(self._pages(prefix, Bucket=bucket, Prefix=name, MaxKeys=1))
            objects = [o for o in _items(bucket, page) if o.uri == self.root]
        return Listing(prefixes, objects)

    def walk(self, prefix: str, start_after: str | None = None) -> Iterator[RemoteObject]:
        bucket, key = split(prefix)
        after = {"StartAfter": split(start_after)[1]} if start_after is not None else {}
        for page in self._pages(prefix, Bucket=bucket, Prefix=key, **after):
            yield from _items(bucket, page)

    def open(self, item: RemoteObject, start: int = 0, end: int | None = None, *, pin: bool = True) -> BinaryIO:
        """Objects are replaced as a whole; an unpinned read stays on the version it began with."""
        bucket, key = split(item.uri)
        version = item.version if pin else None

        def fetch(at: int, length: int) -> bytes:
            nonlocal version
            match: Any = {"IfMatch": f'"{version}"'} if version is not None else {}
            span = f"bytes={at}-{at + length - 1}"
            try:
                answer = self._client.get_object(Bucket=bucket, Key=key, Range=span, **match)
                block = answer["Body"].read()
                version = version or answer["ETag"].strip('"')
                return block
            except ClientError as error:
                if _code(error) not in ("InvalidRange", "416"):
                    raise translated(error, item.uri) from None
                self._still(item.uri, version)
                return b""
            except BotoCoreError as error:
                raise translated(error, item.uri) from None

        if pin and end is not None and end <= start:
            self._still(item.uri, version)
        return stream(fetch, start, end)

    def metadata(self, item: RemoteObject) -> Mapping[str, str]:
        return {name.lower(): value for name, value in self._still(item.uri, item.version)["Metadata"].items()}

    def _still(self, uri: str, version: str | None) -> Any:
        bucket, key = split(uri)
        try:
            found = self._client.head_object(Bucket=bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            raise translated(error, uri) from None
        if version is not None and found["ETag"].strip('"') != version:
            raise ObjectGone(f"{shown(uri)}: replaced before version {version} was read")
        return found

    def put_if_absent(self, uri: str, body: bytes) -> bool:
        bucket, key = split(uri)
        for _ in range(RACES):
            try:
                self._client.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
                return True
            except ClientError as error:
                if _code(error) in ("PreconditionFailed", "412"):
                    return False
                if _code(error) not in ("ConditionalRequestConflict", "409"):
                    raise translated(error, uri) from None
            except BotoCoreError as error:
                raise translated(error, uri) from None
        raise RetryableError(f"{shown(uri)}: S3 reports conflicting writes, {RACES} times in a row")

    def remove(self, uri: str) -> None:
        bucket, key = split(uri)
        try:
            self._client.delete_object(Bucket=bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            raise translated(error, uri) from None

    def _pages(self, prefix: str, **request: Any) -> Iterator[Any]:
        try:
            yield from self._client.get_paginator("list_objects_v2").paginate(**request)
        except (ClientError, BotoCoreError) as error:
            raise translated(error, prefix) from None


def _items(bucket: str, page: Any) -> list[RemoteObject]:
    items = (
        RemoteObject(
            uri=f"s3://{bucket}/{entry['Key']}",
            version=entry["ETag"].strip('"'),
            size=entry["Size"],
            modified=entry["LastModified"],
        )
        for entry in page.get("Contents", [])
    )
    return [item for item in items if not item.is_folder]


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def translated(error: Exception, uri: str) -> CatchmentError:
    """Our error for one of boto3's, classed by what one does about it."""
    name = shown(uri)
    if isinstance(error, ClientError):
        code, text = _code(error), error.response.get("Error", {}).get("Message", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code == "NoSuchBucket":
            return ConfigError(f"{name}: no such bucket")
        if code in GONE:
            return ObjectGone(f"{name}: deleted or replaced before it was read")
        if code in ARCHIVED:
            return DataError(f"{name}: is archived; restore it, then replay")
        kind = RetryableError if code in BUSY or status == 429 or status >= 500 else ConfigError
        return kind(f"{name}: S3 answered {code} ({status}): {text}".replace("\n", " "))
    if isinstance(error, NoCredentialsError | NoRegionError | ParamValidationError):
        return ConfigError(f"{name}: {error}".replace("\n", " "))
    return RetryableError(f"{name}: {error}".replace("\n", " "))
