"""The public keys that CloudTrail signs its digest files with: from AWS, or from a file that AWS's answer was kept in.

AWS gives them for the region of a trail and a time, and for no other account's secret: `cloudtrail:ListPublicKeys`.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from transforms.errors import ConfigError, RetryableError
from transforms.readers.s3 import BUSY, client_config, endpoint_of, session_of

KEYS_FILE = "CATCHMENT_CLOUDTRAIL_KEYS"
"""Variable that names a file with the answer of `aws cloudtrail list-public-keys`, for where AWS is not asked."""
REGION = re.compile(r"[a-z]{2,3}(-[a-z]{2,12}){1,3}-\d{1,2}")
SPAN = timedelta(days=1)

_listed: dict[tuple[str, str], dict[str, bytes]] = {}


def public_key(fingerprint: str, region: str, at: datetime, environment: Mapping[str, str]) -> bytes | None:
    """The key of that fingerprint (DER, PKCS #1) that was in use in a region at a time; None where AWS knows none.

    `region` comes out of a log: what is no region's name has no keys. Raises ConfigError where the keys may not be
    listed or the file cannot be read, RetryableError where AWS does not answer.
    """
    if path := environment.get(KEYS_FILE):
        return _from_file(path).get(fingerprint)
    if not REGION.fullmatch(region):
        return None
    asked = (region, at.date().isoformat())
    if fingerprint not in _listed.get(asked, {}):  # a key that is new today is none of yesterday's answer
        _listed[asked] = _from_aws(region, at, environment)
    return _listed[asked].get(fingerprint)


def _from_file(path: str) -> dict[str, bytes]:
    try:
        listed = msgspec.json.decode(Path(path).expanduser().read_bytes())["PublicKeyList"]
        return {key["Fingerprint"]: binascii.a2b_base64(key["Value"]) for key in listed}
    except (OSError, msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"{KEYS_FILE}={path}: not the answer of `aws cloudtrail list-public-keys`: {error!r}"
        ) from None


def _from_aws(region: str, at: datetime, environment: Mapping[str, str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        client = session_of(environment).client(
            "cloudtrail",
            region_name=region,
            endpoint_url=endpoint_of(environment, "CLOUDTRAIL"),
            config=client_config(),
        )
        request: dict[str, Any] = {"StartTime": at - SPAN, "EndTime": at + SPAN}
        while True:
            answer = client.list_public_keys(**request)
            found |= {key["Fingerprint"]: key["Value"] for key in answer.get("PublicKeyList", [])}
            if not answer.get("NextToken"):
                return found
            request["NextToken"] = answer["NextToken"]
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        kind = RetryableError if code in BUSY or status == 429 or status >= 500 else ConfigError
        raise kind(f"cloudtrail:ListPublicKeys in {region}: {code}; allow it, or set {KEYS_FILE}") from None
    except (BotoCoreError, ValueError) as error:
        kind = ConfigError if "redential" in type(error).__name__ or isinstance(error, ValueError) else RetryableError
        raise kind(f"cloudtrail:ListPublicKeys in {region}: {error}; or set {KEYS_FILE}".replace("\n", " ")) from None
