"""What tells OCSF events apart, for the sources that land them as they are. https://schema.ocsf.io/1.8.0/objects/metadata"""

from __future__ import annotations

import msgspec

from transforms.sources.base import Head, Value


class Product(msgspec.Struct, gc=False):
    name: Value = None


class Metadata(msgspec.Struct, gc=False):
    uid: Value = None
    product: Product | None = None


class Finding(msgspec.Struct, gc=False):
    uid: Value = None
    modified_time: Value = None


class OcsfHead(Head):
    class_uid: Value = None
    time: Value = None
    time_dt: Value = None
    metadata: Metadata | None = None
    finding: Finding | None = None
    finding_info: Finding | None = None


def identity(head: OcsfHead) -> tuple[Value, ...] | None:
    """The product's own id of the event; a finding comes again as it changes. Flows and queries have none."""
    told = head.metadata
    if told is None or not told.uid:
        return None
    found = head.finding_info or head.finding
    state = (None, None) if found is None else (found.uid, found.modified_time)
    time = head.time if head.time is not None else head.time_dt
    return (head.class_uid, told.product.name if told.product is not None else None, told.uid, time, *state)
