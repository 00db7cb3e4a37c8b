"""Settings come from the environment; nothing else configures Catchment. One of them is a secret: the redaction key.

| variable | meaning | default |
|---|---|---|
| CATCHMENT_LAKE | root of the lake: a folder, or s3://, gs://, az:// | ./lake |
| CATCHMENT_<SOURCE>_FROM | where its logs lie, one place or more: folder, s3, sqs, gs, pubsub, az, https | none |
| CATCHMENT_LANES | landing lanes a source; fixed for the life of a lake | 4 |
| CATCHMENT_WORKERS | processes that one `land` uses | number of cores |
| CATCHMENT_MEMORY | DuckDB's memory limit | 1GB |
| CATCHMENT_BATCH_MB | compressed megabytes of bronze that one build batch reads | 32 |
| CATCHMENT_PLAN_MB | object megabytes in one landing sequence, which is one commit | 32 |
| CATCHMENT_MAX_RECORD_MB | a larger record is quarantined | 16 |
| CATCHMENT_MAX_DOCUMENT_MB | a larger JSON document (not line-delimited) is refused | 512 |
| CATCHMENT_MAX_RATIO | a compressed object that expands further is refused as a bomb | 200 |
| CATCHMENT_GEO_DB | file in MaxMind's format: countries of addresses; `none` for no countries | packaged |
| CATCHMENT_ASN_DB | the same of autonomous systems; what is packaged has their names alone | packaged |
| CATCHMENT_CLOUDTRAIL_KEYS | file of public keys of CloudTrail digests, where AWS is not asked for them | none |
| CATCHMENT_SIGSTORE_ROOTS | files `trusted_root.json`, between spaces: to hold signatures against | the public one |
| CATCHMENT_APP_LOG_MAPPING | file that says which field of application logs holds what | well-known names |
| CATCHMENT_AWS_ROLES | roles to assume, as `<bucket or queue>=<role ARN>` between spaces; `*` fits any part | none |
| CATCHMENT_AWS_EXTERNAL_ID | the external id that these roles ask for | none |
| CATCHMENT_REDACTION_KEY | secret, 32 characters or more: the key that scanners' secrets are hashed with | no hash |
| CATCHMENT_ORGANISATION | the name that finding ids carry | example |

Credentials come from the platform's default chain (AWS, GCP, Azure) or an Airflow connection.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from transforms.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parent.parent
BETWEEN_PLACES = re.compile(r"\s+(?=[a-z][a-z0-9+]*://|/)")
"""A place begins with a scheme or a slash; a folder's name may hold spaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one process needs to know. Immutable; sizes in bytes unless the name says otherwise."""

    lake: str
    lanes: int = 4
    workers: int = 2
    memory: str = "1GB"
    batch_bytes: int = 32 << 20
    plan_bytes: int = 32 << 20
    plan_objects: int = 4000
    chunk_bytes: int = 16 << 20
    max_record_bytes: int = 16 << 20
    max_document_bytes: int = 512 << 20
    max_ratio: int = 200
    poison_after: int = 5
    """Failed readings of an object before it is given up, and its lane moves on ..."""
    poison_age: timedelta = timedelta(hours=1)
    """... but not before the first of them is so old: an outage condemns nothing."""
    organisation: str = "example"
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None, *, lake: str | None = None) -> Settings:
        """Read the settings. Raises ConfigError naming the variable that is not a positive whole number."""
        env = dict(os.environ if environment is None else environment)
        return cls(
            lake=normal_root(lake or env.get("CATCHMENT_LAKE") or "./lake"),
            lanes=_whole(env, "CATCHMENT_LANES", 4),
            workers=_whole(env, "CATCHMENT_WORKERS", os.cpu_count() or 1),
            memory=env.get("CATCHMENT_MEMORY", "1GB"),
            batch_bytes=_whole(env, "CATCHMENT_BATCH_MB", 32) << 20,
            plan_bytes=_whole(env, "CATCHMENT_PLAN_MB", 32) << 20,
            max_record_bytes=_whole(env, "CATCHMENT_MAX_RECORD_MB", 16) << 20,
            max_document_bytes=_whole(env, "CATCHMENT_MAX_DOCUMENT_MB", 512) << 20,
            max_ratio=_whole(env, "CATCHMENT_MAX_RATIO", 200),
            organisation=env.get("CATCHMENT_ORGANISATION", "example"),
            environment=env,
        )

    @property
    def redaction_key(self) -> bytes | None:
        """The key of the hashes that stand for secrets. Whoever has it can tell whether a guess is right."""
        return self.environment.get("CATCHMENT_REDACTION_KEY", "").encode() or None

    def source_locations(self, source: str) -> list[str]:
        """The configured places of a source's logs, one or more. Raises ConfigError with the variable to set."""
        variable = f"CATCHMENT_{source.upper()}_FROM"
        places = BETWEEN_PLACES.split(self.environment.get(variable, "").strip())
        if not places[0]:
            raise ConfigError(f"{source}: no place to land from; set {variable} or give --from URI")
        return places


def normal_root(uri: str) -> str:
    """A lake root without a trailing slash; a local one absolute, so that every process means the same folder."""
    return uri.rstrip("/") if "://" in uri else str(Path(uri).expanduser().absolute())


def _whole(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name)
    if text is None or text == "":
        return default
    if not text.isdigit() or int(text) < 1:
        raise ConfigError(f"{name}={text!r}: expected a whole number of at least 1")
    return int(text)
