"""Amazon Security Lake: flows and name queries of the security account as OCSF 1.1.0 in Parquet.

That account sends the logs of its network nowhere else. Keys and columns follow the user guide: an object for each
source, region, account and day; now and then one is written again under another name.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from infra.local.simulate.inventory import Batch, Changes, Instants, Periods
from infra.local.simulate.model import HOUR_S, TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.network import Interface, interfaces
from infra.local.simulate.rendering import compact_time, uuid

if TYPE_CHECKING:
    import pyarrow as pa

NAME = "aws_security_lake"
BUCKET = "s3/aws-security-data-lake-us-east-1-example"
ACCOUNT = "777788889999"
PERIOD_S = 3 * HOUR_S
"""What one object covers. AWS takes minutes: a small simulation would be objects of a record each."""
REDELIVERY = 0.05
EPHEMERAL = range(32768, 61000)
NAMES = ("api.example.com", "login.example.com", "mirror.example.org", "sts.amazonaws.com")
Body = dict[str, object]


def _event(interface: Interface, class_uid: int, name: str, activity: int, at_ms: int, product: Body) -> Body:
    """Return what every event has; AWS's own sources give flows and queries no id."""
    return {
        "metadata": {
            "product": product | {"vendor_name": "AWS"},
            "profiles": ["cloud", "datetime"],
            "version": "1.1.0",
        },
        "cloud": {"account": {"uid": interface.account}, "region": interface.region, "provider": "AWS"},
        "time": at_ms,
        "severity_id": 1,
        "severity": "Informational",
        "class_name": name,
        "class_uid": class_uid,
        "category_name": "Network Activity",
        "category_uid": 4,
        "activity_id": activity,
        "type_uid": class_uid * 100 + activity,
    }


def flow(source: Interface, to: Interface, port: int, at_ms: int, packets: int) -> Record:
    """Return an accepted flow between two instances, as the second one's interface saw it."""
    ends = {"vpc_uid": to.vpc, "interface_uid": to.uid, "instance_uid": to.instance, "svc_name": None}
    body = _event(to, 4001, "Network Activity", 6, at_ms, {"name": "Amazon VPC", "version": "5"}) | {
        "activity_name": "Traffic",
        "src_endpoint": {"ip": source.ip, "port": EPHEMERAL[at_ms % len(EPHEMERAL)]},
        "dst_endpoint": {"ip": to.ip, "port": port, **ends},
        "connection_info": {"protocol_num": 6, "direction_id": 1, "direction": "Inbound", "tcp_flags": 3},
        "traffic": {"packets": packets, "bytes": packets * 620},
        "start_time": at_ms,
        "end_time": at_ms + 60_000,
        "status_id": 1,
        "status": "Success",
        "status_code": "OK",
        "action_id": 1,
        "unmapped": {"sublocation_type": "-"},
    }
    return Record(at_ms, f"VPC_FLOW/{to.region}", str(at_ms), json.dumps(body, separators=(",", ":")))


def query(interface: Interface, name: str, address: str, at_ms: int) -> Record:
    """Return what an instance asked the resolver, and the answer."""
    body = _event(interface, 4003, "DNS Activity", 6, at_ms, {"name": "Route 53", "version": "1.100000"}) | {
        "activity_name": "Traffic",
        "src_endpoint": {
            "ip": interface.ip,
            "port": EPHEMERAL[at_ms % len(EPHEMERAL)],
            "vpc_uid": interface.vpc,
            "instance_uid": interface.instance,
        },
        "query": {"hostname": f"{name}.", "type": "A", "class": "IN"},
        "answers": [{"type": "A", "rdata": address, "class": "IN"}],
        "connection_info": {"protocol_name": "UDP", "direction_id": 0, "direction": "Unknown"},
        "rcode_id": 0,
        "rcode": "NoError",
        "status_id": 1,
        "status": "Success",
        "action_id": 1,
        "unmapped": {},
    }
    return Record(at_ms, f"ROUTE53/{interface.region}", str(at_ms), json.dumps(body, separators=(",", ":")))


def written(bodies: Sequence[str]) -> bytes:
    """Return a Parquet file of events, `unmapped` as a map."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    events = [json.loads(body) for body in bodies]
    unmapped = pa.array([list(event.pop("unmapped").items()) for event in events], pa.map_(pa.string(), pa.string()))
    table: pa.Table = pa.Table.from_pylist(events).append_column("unmapped", unmapped)
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


class SecurityLake:
    """Ordinary flows and queries, and the objects that they are written to."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` records over the run."""
        self.distinct = 0
        self._rng = run.rng(NAME)
        self._interfaces = interfaces(run.organisation)[ACCOUNT]
        self._changes = Changes(run, expected)
        self._instants = Instants(run, self._rng)
        self._periods = Periods(PERIOD_S, 600)

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects that are there in the step from `start`."""
        made = [self._ordinary(self._instants.within(start)) for _ in range(self._changes.due(start))]
        for record in [*made, *planted]:
            self.distinct += 1
            self._periods.add(record.at_ms, record.stream, record.body)
        for batch in self._periods.due(start + TICK_S):
            yield from self._objects(batch)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects that are still to come."""
        for batch in self._periods.due(None):
            yield from self._objects(batch)

    def _ordinary(self, at_ms: int) -> Record:
        rng = self._rng
        source, to = rng.sample(self._interfaces, 2)
        if rng.random() < 0.6:
            return flow(source, to, rng.choice((443, 443, 9200)), at_ms, rng.randrange(4, 400))
        number = rng.randrange(len(NAMES))
        return query(source, NAMES[number], f"198.51.100.{100 + number}", at_ms)

    def _objects(self, batch: Batch) -> Iterator[Delivery]:
        name, region = batch.stream.split("/")
        day = compact_time(batch.end - PERIOD_S, "%Y%m%d")
        data = written(batch.bodies)
        for _ in range(1 + (self._rng.random() < REDELIVERY)):
            file = uuid(f"{self._rng.getrandbits(128):032x}").replace("-", "")
            yield Delivery(
                source=NAME,
                key=f"{BUCKET}/aws/{name}/2.0/region={region}/accountId={ACCOUNT}/eventDay={day}/{file}.zstd.parquet",
                data=data,
                delivered_at=utc(batch.visible),
                offset=None,
                records=len(batch.bodies),
            )


SOURCE = Source(name=NAME, root=BUCKET, share=0.03, open=SecurityLake)
