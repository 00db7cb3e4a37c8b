"""Google Cloud assets: what a feed publishes of each change, and a nightly export of the assets that it told of.

Shapes follow the Cloud Asset API. A Pub/Sub subscription writes the feed's messages to Cloud Storage, hour by hour; an
export has an object for each asset type, and repeats what has not changed since the day before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from infra.local.simulate.gcp_network import REGION, ZONE, instances
from infra.local.simulate.inventory import Batch, Changes, Instants, Periods
from infra.local.simulate.model import DAY_S, HOUR_S, TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.rendering import compact_time, millis_z
from infra.local.simulate.sources.gcp_audit import PROJECTS, estate

NAME = "gcp_asset_inventory"
BUCKET = "gcs/example-org-assets"
EXPORT_S = 3 * HOUR_S
"""When in the day the export runs."""
ORGANISATION = "100000000003"
Body = dict[str, object]


class Asset(NamedTuple):
    """A resource, or the policy on it, as it is at a time."""

    project: str
    kind: str
    name: str
    content: str
    """What the export calls it: `resource` or `iam_policy`."""
    body: Body
    at_ms: int
    is_gone: bool = False

    @property
    def key(self) -> str:
        """What stays the same while the asset changes."""
        return f"{self.name}|{self.content}"

    @property
    def time(self) -> str:
        """When it became so, as Google writes it: with microseconds."""
        return f"{millis_z(self.at_ms)[:-1]}{self.at_ms % 997:03d}Z"

    @property
    def ancestors(self) -> list[str]:
        """The project and what is above it."""
        return [f"projects/{PROJECTS[self.project]}", f"organizations/{ORGANISATION}"]


def resource(project: str, kind: str, path: str, location: str, data: Body, at_ms: int) -> Asset:
    """Return a resource: `kind` is its asset type, `path` its name within the service."""
    service, _, discovery = kind.partition("/")
    body = {
        "version": "v1",
        "discovery_document_uri": f"https://www.googleapis.com/discovery/v1/apis/{service.split('.')[0]}/v1/rest",
        "discovery_name": discovery,
        "parent": f"//cloudresourcemanager.googleapis.com/projects/{PROJECTS[project]}",
        "data": data,
        "location": location,
    }
    return Asset(project, kind, f"//{service}/{path}", "resource", body, at_ms)


def exported(asset: Asset) -> str:
    """Return the line of an export: names with underscores."""
    body = {
        "name": asset.name,
        "asset_type": asset.kind,
        asset.content: asset.body,
        "ancestors": asset.ancestors,
        "update_time": asset.time,
    }
    return json.dumps(body, separators=(",", ":"))


def published(asset: Asset, before: Asset | None) -> str:
    """Return the feed's message about a change: camel case, with the asset as it was."""
    body: Body = {"asset": _camel(asset, is_whole=not asset.is_gone)}
    if asset.is_gone:
        body["deleted"] = True
    if before is not None:
        body["priorAsset"] = _camel(before, is_whole=True)
    body["priorAssetState"] = "PRESENT" if before is not None else "DOES_NOT_EXIST"
    body["window"] = {"startTime": asset.time}
    return json.dumps(body, separators=(",", ":"))


def _camel(asset: Asset, *, is_whole: bool) -> Body:
    told: Body = {"ancestors": asset.ancestors, "assetType": asset.kind, "name": asset.name}
    if is_whole:
        told[_camel_name(asset.content)] = {_camel_name(name): value for name, value in asset.body.items()}
        told["updateTime"] = asset.time
    return told


def _camel_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class Inventory:
    """What changes in the projects, the feed's objects and the exports."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` records over the run: changes, and the states that exports tell of them."""
        self.distinct = 0
        self._run, self._rng = run, run.rng(NAME)
        self._instances, self._estate = instances(run), estate(run)
        self._changes = Changes(run, expected * 0.6)
        self._instants = Instants(run, self._rng)
        self._feed = Periods(HOUR_S, 300)
        self._latest: dict[str, Asset] = {}
        self._told: dict[str, int] = {}
        """The state of each asset that the last export told, by its time."""

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects written in the step from `start`."""
        for _ in range(self._changes.due(start)):
            self._publish(self._change(self._instants.within(start)))
        for record in planted:
            self.distinct += 1
            self._feed.add(record.at_ms, record.stream, record.body)
        yield from map(self._fed, self._feed.due(start + TICK_S))
        if start % DAY_S == EXPORT_S:
            yield from self._export(start)

    def finish(self) -> Iterator[Delivery]:
        """Yield the feed's objects that are still to come."""
        yield from map(self._fed, self._feed.due(None))

    def _change(self, at_ms: int) -> Asset:
        rng = self._rng
        project = rng.choice(sorted(PROJECTS))
        choice = rng.random()
        if choice < 0.35:
            machine = rng.choice(self._instances[project])
            data = {
                "name": machine.name,
                "status": rng.choice(("RUNNING", "RUNNING", "TERMINATED")),
                "labels": {"team": "shop"},
                "networkInterfaces": [{"network": "global/networks/shop", "networkIP": machine.ip}],
                "shieldedInstanceConfig": {"enableSecureBoot": True},
                "fingerprint": f"{at_ms:x}",
            }
            path = f"projects/{project}/zones/{ZONE}/instances/{machine.name}"
            return resource(project, "compute.googleapis.com/Instance", path, ZONE, data, at_ms)
        if choice < 0.5:
            rule = rng.choice(("allow-web", "allow-health-checks"))
            data = {
                "name": rule,
                "direction": "INGRESS",
                "sourceRanges": ["192.0.2.0/24"],
                "allowed": [{"IPProtocol": "tcp", "ports": [rng.choice(("443", "8443"))]}],
            }
            path = f"projects/{project}/global/firewalls/{rule}"
            return resource(project, "compute.googleapis.com/Firewall", path, "global", data, at_ms)
        if choice < 0.7:
            bucket = rng.choice(self._estate.buckets[project])
            reader = rng.choice([machine.email for machine in self._estate.machines if machine.project == project])
            policy: Body = {
                "etag": f"{at_ms:x}",
                "bindings": [{"role": "roles/storage.objectViewer", "members": [f"serviceAccount:{reader}"]}],
            }
            kind = "storage.googleapis.com/Bucket"
            return Asset(project, kind, f"//storage.googleapis.com/{bucket}", "iam_policy", policy, at_ms)
        disks = [asset for asset in self._latest.values() if asset.kind == "compute.googleapis.com/Disk"]
        if disks and rng.random() < 0.5:
            return rng.choice(disks)._replace(at_ms=at_ms, is_gone=True)
        disk = f"job-{rng.getrandbits(32):08x}"
        data = {"name": disk, "sizeGb": "100", "status": "READY", "region": REGION}
        path = f"projects/{project}/zones/{ZONE}/disks/{disk}"
        return resource(project, "compute.googleapis.com/Disk", path, ZONE, data, at_ms)

    def _publish(self, asset: Asset) -> None:
        before = self._latest.pop(asset.key, None)
        if not asset.is_gone:
            self._latest[asset.key] = asset
        self.distinct += 1
        self._feed.add(asset.at_ms, "", published(asset, before))

    def _export(self, at: int) -> Iterator[Delivery]:
        """An object for each content and asset type."""
        held: dict[tuple[str, str], list[str]] = {}
        for key, asset in sorted(self._latest.items()):
            held.setdefault((asset.content, asset.kind), []).append(exported(asset))
            self.distinct += self._told.get(key) != asset.at_ms
            self._told[key] = asset.at_ms
        for (content, kind), bodies in sorted(held.items()):
            yield self._object(at, f"export/{compact_time(at, '%Y/%m/%d')}/{content}/{kind}/0", bodies)

    def _fed(self, batch: Batch) -> Delivery:
        name = compact_time(batch.end, "%Y/%m/%d/%Y-%m-%dT%H:00:00+00:00")
        return self._object(batch.visible, f"feed/{name}_assets.json", batch.bodies)

    @staticmethod
    def _object(at: int, key: str, bodies: list[str]) -> Delivery:
        return Delivery(
            source=NAME,
            key=f"{BUCKET}/{key}",
            data="".join(body + "\n" for body in bodies).encode(),
            delivered_at=utc(at),
            offset=None,
            records=len(bodies),
        )


SOURCE = Source(name=NAME, root=BUCKET, share=0.025, open=Inventory)
