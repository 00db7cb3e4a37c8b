"""Google Cloud Asset Inventory: exports to Cloud Storage, and the changes that a feed publishes.

An export has an asset a line, its members with underscores; feeds and the API write camel case. A change holds the
asset as it became and as it was. A snapshot repeats what has not changed since `updateTime`: that is the same state,
delivered again. What Google publishes when a feed is made is a sentence, no asset, and is quarantined.
https://cloud.google.com/asset-inventory/docs/reference/rest/v1/TopLevel/exportAssets
https://cloud.google.com/asset-inventory/docs/monitor-asset-changes
https://cloud.google.com/asset-inventory/docs/reference/rest/v1/TopLevel/batchGetAssetsHistory#TemporalAsset
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.json_records import envelope
from transforms.sources.base import Source, Value
from transforms.sources.log_entry import KEYS, LogEntryHead, instant, unwrap

NOTHING = msgspec.Raw()


class Related(msgspec.Struct, gc=False):
    asset: Value = None
    relationshipType: Value = None
    relationship_type: Value = None


class Window(msgspec.Struct, gc=False):
    startTime: Value = None


class Asset(LogEntryHead):
    """What names an asset, when it became so, and what is told of it: one content type an export.

    Pub/Sub wraps its message around a change as it does around a log entry.
    """

    name: Value = None
    updateTime: Value = None
    update_time: Value = None
    resource: msgspec.Raw = NOTHING
    iamPolicy: msgspec.Raw = NOTHING
    iam_policy: msgspec.Raw = NOTHING
    orgPolicy: msgspec.Raw = NOTHING
    org_policy: msgspec.Raw = NOTHING
    osInventory: msgspec.Raw = NOTHING
    os_inventory: msgspec.Raw = NOTHING
    relatedAsset: Related | None = None
    related_asset: Related | None = None


class AssetHead(Asset):
    """An asset, or a change of one."""

    asset: Asset | None = None
    window: Window | None = None


def content(asset: Asset) -> str:
    """What is told of the asset, and of a relationship what it is and to what. The rest has names of its own."""
    related = asset.relatedAsset or asset.related_asset
    told = {
        "resource": asset.resource,
        "iam_policy": asset.iamPolicy or asset.iam_policy,
        "org_policy": asset.orgPolicy or asset.org_policy,
        "os_inventory": asset.osInventory or asset.os_inventory,
    }
    names = [name for name, value in told.items() if value]
    if related is not None:
        names.append(f"{related.relationshipType or related.relationship_type} {related.asset}")
    return " ".join(names)


def identity(head: AssetHead) -> tuple[Value, ...] | None:
    """A state of an asset, or the change that led to it; each content is delivered for itself."""
    asset = head if head.asset is None else head.asset
    if asset.name is None:
        return None
    kind = "asset" if head.asset is None else "change"
    return (kind, asset.name, content(asset), instant(clock(head)))


def clock(head: AssetHead) -> Value:
    """When the asset became so: where the change's window begins."""
    asset = head if head.asset is None else head.asset
    begun = head.window.startTime if head.window is not None else None
    return begun or asset.updateTime or asset.update_time


SOURCE = Source(
    name="gcp_asset_inventory",
    title="Google Cloud Asset Inventory",
    vendor="Google",
    domain="gcp",
    documentation="https://cloud.google.com/asset-inventory/docs/overview",
    event_id="asset or change, its name, content and time",
    lateness="exports when they are made, a feed within minutes",
    keys=KEYS,
    expand=envelope("assets", "receivedMessages"),
    head=AssetHead,
    identity=identity,
    clock=clock,
    unwrap=unwrap,
    cadence=timedelta(minutes=5),
)
