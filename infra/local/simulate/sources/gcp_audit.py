"""Google Cloud audit logs as a sink writes them to Cloud Storage: an NDJSON object for each log and hour, and addenda.

Shapes follow LogEntry and AuditLog of the Cloud Logging reference, keys and lateness its page on routed logs: hourly
`S<n>` objects some time after the hour, `A<n>` for entries that came later, and what a second sink writes once more.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from infra.local.simulate.log_sink import ADDENDUM, ADDENDUM_S, HOURLY_S, SECOND_SINK
from infra.local.simulate.model import HOUR_S, TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.organisation import Network, Person
from infra.local.simulate.rendering import compact_time, ticks_z
from infra.local.simulate.rhythm import Caps, Crowd, hour_of_week

NAME = "gcp_audit"
BUCKET = "gcs/example-org-audit-logs"
PROJECTS = {"example-shop-prod": "100000000017", "example-shop-dev": "100000000029"}
"""Project id -> number."""
HUMAN_SHARE = 0.55
BURST_MEAN = 4.0
DENIED_AN_HOUR = 4
CLI = "google-cloud-sdk gcloud/541.0.0 command/gcloud.{} environment/None interactive/True from-script/False"


class Actor(NamedTuple):
    """Who calls, from where."""

    email: str
    """Empty for an identity that has none."""
    subject: str
    ip: str
    agent: str
    key: str = ""
    """Id of the service account's key that was used; empty for none."""
    behind: str = ""
    """Who took on the service account; empty for nobody."""


class Machine(NamedTuple):
    """A service account, and what it does."""

    name: str
    project: str
    ip: str
    agent: str
    does: str
    key: str
    unique: str
    period_min: int
    weight: float

    @property
    def email(self) -> str:
        """The account's name in Google Cloud."""
        return f"{self.name}@{self.project}.iam.gserviceaccount.com"


class Estate(NamedTuple):
    """What the organisation has in Google Cloud."""

    machines: tuple[Machine, ...]
    buckets: dict[str, tuple[str, ...]]
    instances: dict[str, tuple[str, ...]]
    secrets: tuple[str, ...]
    sinks: dict[str, str]


_MACHINES = (
    # name, project, does, minutes between runs, weight
    ("web-shop", "example-shop-prod", "serve", 15, 8.0),
    ("etl-loader", "example-shop-prod", "load", 60, 7.0),
    ("deployer", "example-shop-prod", "deploy", 60, 3.0),
    ("backup", "example-shop-prod", "copy", 60, 4.0),
    ("ci-runner", "example-shop-dev", "deploy", 60, 3.0),
)


def estate(run: Run) -> Estate:
    """Return the estate of a run: the same for every part of it that asks."""
    rng = random.Random(f"gcp estate/{run.seed}")  # noqa: S311
    machines = tuple(
        Machine(
            name=name,
            project=project,
            ip=f"198.51.100.{80 + n}" if does != "serve" else "gce-internal-ip",
            agent="google-api-go-client/0.5,gzip(gfe)"
            if does == "deploy"
            else "gcloud-python/3.4.0 gccl/3.4.0,gzip(gfe)",
            does=does,
            key=f"{rng.getrandbits(160):040x}" if does == "copy" else "",
            unique=f"1{rng.randrange(10**20):020d}",
            period_min=period,
            weight=weight,
        )
        for n, (name, project, does, period, weight) in enumerate(_MACHINES)
    )
    return Estate(
        machines=machines,
        buckets={p: tuple(f"{p}-{use}" for use in ("media", "exports", "backups", "reports")) for p in PROJECTS},
        instances={p: tuple(f"web-{n}" for n in range(6)) for p in PROJECTS},
        secrets=("database-password", "payments-api-key", "session-signing-key", "smtp"),
        sinks=dict.fromkeys(PROJECTS, "to-security-lake"),
    )


def person_actor(person: Person, network: Network | None = None, *, ip: str = "", command: str = "") -> Actor:
    """Return a person at a usual network or an address, in the console or on the command line."""
    place = ip or (network or person.networks[0]).ip
    return Actor(person.email, f"user:{person.email}", place, CLI.format(command) if command else person.user_agent)


def machine_actor(machine: Machine, *, ip: str = "", behind: str = "", key: str | None = None) -> Actor:
    """Return a service account at its usual address or another, with its usual key or another."""
    used = machine.key if key is None else key
    return Actor(machine.email, f"serviceAccount:{machine.email}", ip or machine.ip, machine.agent, used, behind)


SYSTEM = Actor("system@google.com", "", "", "")
"""Google's own hand in System Event logs."""


def entry(
    actor: Actor,
    method: str,
    service: str,
    resource: str,
    at_ms: int,
    rng: random.Random,
    *,
    project: str,
    log: str,
    kind: str,
    labels: dict[str, str] | None = None,
    permission: str = "",
    code: int = 0,
    operation: tuple[str, str] | None = None,
    **more: object,
) -> Record:
    """Return one entry. `operation` is (id, `first` or `last`) of a long-running one; `code` 7 is a refusal."""
    insert = f"{rng.getrandbits(60):012x}"[:12]
    time = ticks_z(at_ms, rng.randrange(10_000))[:-1] + f"{rng.randrange(100):02d}Z"
    identity: dict[str, object] = {"principalEmail": actor.email} if actor.email else {}
    if actor.subject:
        identity["principalSubject"] = actor.subject
    if actor.key:
        identity["serviceAccountKeyName"] = (
            f"//iam.googleapis.com/projects/{project}/serviceAccounts/{actor.email}/keys/{actor.key}"
        )
    if actor.behind:
        identity["serviceAccountDelegationInfo"] = [
            {"firstPartyPrincipal": {"principalEmail": actor.behind}, "principalSubject": f"user:{actor.behind}"}
        ]
    payload: dict[str, object] = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "status": {"code": code, "message": "PERMISSION_DENIED"} if code else {},
        "authenticationInfo": identity,
        "requestMetadata": {
            **({"callerIp": actor.ip} if actor.ip else {}),
            **({"callerSuppliedUserAgent": actor.agent} if actor.agent else {}),
            "requestAttributes": {"time": time, "auth": {}},
            "destinationAttributes": {},
        },
        "serviceName": service,
        "methodName": method,
        "resourceName": resource,
        **more,
    }
    if permission:
        granted = {} if code else {"granted": True}
        payload["authorizationInfo"] = [
            {"resource": resource, "permission": permission, **granted, "resourceAttributes": {}}
        ]
    name = f"projects/{project}/logs/cloudaudit.googleapis.com%2F{log}"
    body: dict[str, object] = {
        "protoPayload": payload,
        "insertId": insert,
        "resource": {"type": kind, "labels": {"project_id": project, **(labels or {})}},
        "timestamp": time,
        "severity": "ERROR" if code else "INFO" if log in ("data_access", "system_event") else "NOTICE",
        "logName": name,
        "receiveTimestamp": ticks_z(at_ms + rng.randrange(200, 2000), rng.randrange(10_000)),
    }
    if operation:
        body["operation"] = {"id": operation[0], "producer": service, operation[1]: True}
    return Record(at_ms, f"{project}/{log}", f"{name}|{time}|{insert}", json.dumps(body, separators=(",", ":")))


def object_call(
    actor: Actor, verb: str, project: str, bucket: str, key: str, at_ms: int, rng: random.Random, *, code: int = 0
) -> Record:
    """Return an access to an object, or to a bucket's list where `key` is empty."""
    resource = f"projects/_/buckets/{bucket}" + (f"/objects/{key}" if key else "")
    method = f"storage.objects.{verb}"
    return entry(
        actor, method, "storage.googleapis.com", resource, at_ms, rng, project=project, log="data_access",
        kind="gcs_bucket", labels={"bucket_name": bucket, "location": "europe-west1"}, permission=method, code=code,
    )  # fmt: skip


def compute_call(
    actor: Actor, verb: str, project: str, instance: str, at_ms: int, rng: random.Random, *, code: int = 0
) -> Record:
    """Return a reading call of Compute Engine."""
    zone = f"projects/{project}/zones/europe-west1-b"
    return entry(
        actor, f"v1.compute.instances.{verb}", "compute.googleapis.com", f"{zone}/instances/{instance}", at_ms, rng,
        project=project, log="data_access", kind="gce_instance", labels={"zone": "europe-west1-b"},
        permission=f"compute.instances.{verb}", code=code,
    )  # fmt: skip


def compute_operation(
    actor: Actor, verb: str, project: str, instance: str, at_ms: int, rng: random.Random
) -> list[Record]:
    """Return the two entries of a long-running operation."""
    uid = f"operation-{at_ms}-{rng.getrandbits(48):012x}"
    return [
        entry(
            actor, f"v1.compute.instances.{verb}", "compute.googleapis.com",
            f"projects/{project}/zones/europe-west1-b/instances/{instance}", at, rng, project=project, log="activity",
            kind="gce_instance", labels={"zone": "europe-west1-b"}, operation=(uid, part),
            permission=f"compute.instances.{verb}" if part == "first" else "",
        )
        for part, at in (("first", at_ms), ("last", at_ms + rng.randrange(1500, 5000)))
    ]  # fmt: skip


def set_policy(
    actor: Actor, project: str, role: str, member: str, at_ms: int, rng: random.Random, *, bucket: str = ""
) -> Record:
    """Return a role given to a member, on the project or on a bucket."""
    delta = {"policyDelta": {"bindingDeltas": [{"action": "ADD", "role": role, "member": member}]}}
    if bucket:
        return entry(
            actor, "storage.setIamPermissions", "storage.googleapis.com", f"projects/_/buckets/{bucket}", at_ms, rng,
            project=project, log="activity", kind="gcs_bucket", labels={"bucket_name": bucket},
            permission="storage.buckets.setIamPolicy", serviceData=delta,
        )  # fmt: skip
    return entry(
        actor, "SetIamPolicy", "cloudresourcemanager.googleapis.com", f"projects/{project}", at_ms, rng,
        project=project, log="activity", kind="project", permission="resourcemanager.projects.setIamPolicy",
        serviceData=delta,
    )  # fmt: skip


def service_account_call(
    actor: Actor, method: str, machine: Machine, at_ms: int, rng: random.Random, *, key: str = ""
) -> Record:
    """Return a call about a service account: its keys (`key` is the new one's id), or a token of it."""
    is_token = "." not in method
    name = f"projects/{machine.project}/serviceAccounts/{machine.email}"
    response: dict[str, object] = {"name": f"{name}/keys/{key}", "key_algorithm": 2} if key else {}
    return entry(
        actor, method, "iamcredentials.googleapis.com" if is_token else "iam.googleapis.com",
        f"projects/-/serviceAccounts/{machine.unique}", at_ms, rng, project=machine.project,
        log="data_access" if is_token else "activity", kind="service_account",
        labels={"email_id": machine.email, "unique_id": machine.unique},
        permission="iam.serviceAccounts.getAccessToken" if is_token else "iam.serviceAccountKeys.create",
        request={"name": f"projects/-/serviceAccounts/{machine.email}"}, response=response,
    )  # fmt: skip


def delete_sink(actor: Actor, project: str, sink: str, at_ms: int, rng: random.Random) -> Record:
    """Return the deletion of a log sink."""
    return entry(
        actor, "google.logging.v2.ConfigServiceV2.DeleteSink", "logging.googleapis.com",
        f"projects/{project}/sinks/{sink}", at_ms, rng, project=project, log="activity", kind="logging_sink",
        labels={"name": sink}, permission="logging.sinks.delete",
        request={"sinkName": f"projects/{project}/sinks/{sink}"},
    )  # fmt: skip


def query(actor: Actor, project: str, at_ms: int, rng: random.Random) -> Record:
    """Return a finished query of BigQuery."""
    job = f"projects/{project}/jobs/job_{rng.getrandbits(48):012x}"
    table = rng.choice(("orders", "customers", "events"))
    statistics = {"queryStats": {"referencedTables": [f"projects/{project}/datasets/sales/tables/{table}"]}}
    return entry(
        actor, "google.cloud.bigquery.v2.JobService.InsertJob", "bigquery.googleapis.com", job, at_ms, rng,
        project=project, log="data_access", kind="bigquery_project", labels={"location": "EU"},
        permission="bigquery.jobs.create",
        metadata={"jobChange": {"after": "DONE", "job": {"jobName": job, "jobStats": statistics}}},
    )  # fmt: skip


def secret(actor: Actor, project: str, name: str, at_ms: int, rng: random.Random) -> Record:
    """Return the reading of a secret."""
    return entry(
        actor, "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion", "secretmanager.googleapis.com",
        f"projects/{PROJECTS[project]}/secrets/{name}/versions/1", at_ms, rng, project=project, log="data_access",
        kind="audited_resource", permission="secretmanager.versions.access",
    )  # fmt: skip


class AuditLogs:
    """Ordinary activity in the projects, and the sink's objects."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self.distinct = 0
        self._run, self._rng = run, run.rng(NAME)
        self._estate = estate(run)
        self._crowd = Crowd(run.organisation.developers(), self._rng, run.start, run.end, expected * HUMAN_SHARE)
        self._caps = Caps()
        levels = sum(map(self._level, range(run.start, run.end, TICK_S)))
        total = levels * sum(m.weight for m in self._estate.machines)
        self._rate = expected * (1 - HUMAN_SHARE) / total
        self._debts = [0.0] * len(self._estate.machines)
        self._hours: dict[tuple[int, int, str], dict[str, list[str]]] = {}
        """(visible, hour, file) -> bodies by stream."""
        self._shard: dict[tuple[str, int], int] = {}

    @staticmethod
    def _level(start: int) -> float:
        return 1.0 if hour_of_week(start) < 120 else 0.7

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects that the sink writes in the step from `start`."""
        for person, size in self._crowd.bursts(start, BURST_MEAN):
            self._person(person, start, size)
        for n, machine in enumerate(self._estate.machines):
            self._debts[n] += self._rate * self._level(start) * machine.weight
            if start // 60 % machine.period_min < TICK_S // 60 and self._debts[n] >= 1:
                size = int(self._debts[n])
                self._debts[n] -= size
                self._machine(machine, start, size)
        self._publish(planted)
        yield from self._objects(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects of the hours that are not written yet."""
        return self._objects(None)

    def _publish(self, records: Sequence[Record]) -> None:
        self.distinct += len(records)
        for record in records:
            hour = record.at_ms // 1000 // HOUR_S
            is_late = self._rng.random() < ADDENDUM
            visible = (hour + 1) * HOUR_S + (ADDENDUM_S if is_late else HOURLY_S)
            held = self._hours.setdefault((visible, hour, "A" if is_late else "S"), {})
            held.setdefault(record.stream, []).append(record.body)

    def _objects(self, until: int | None) -> Iterator[Delivery]:
        for slot in sorted(slot for slot in self._hours if until is None or slot[0] < until):
            visible, hour, letter = slot
            shards: dict[str, list[list[str]]] = {}
            for stream, bodies in sorted(self._hours.pop(slot).items()):
                project, log = stream.split("/")
                shards.setdefault(log, [[]])[0].extend(bodies)
                if (project, log, letter) == (next(iter(PROJECTS)), "activity", "S") and (
                    self._rng.random() < SECOND_SINK
                ):
                    shards[log].append(bodies)
            for log, parts in shards.items():
                for n, bodies in enumerate(parts):
                    hour_name = compact_time(hour * HOUR_S, "%H:00:00_%H:59:59")
                    folder = f"{BUCKET}/cloudaudit.googleapis.com/{log}/{compact_time(hour * HOUR_S, '%Y/%m/%d')}"
                    yield Delivery(
                        source=NAME,
                        key=f"{folder}/{hour_name}_{letter}{n}.json",
                        data="".join(body + "\n" for body in bodies).encode(),
                        delivered_at=utc(visible),
                        offset=None,
                        records=len(bodies),
                    )

    def _at(self, start: int) -> int:
        # The entry that closes an operation follows by up to five seconds; both lie within the run.
        return min(start * 1000 + self._rng.randrange(TICK_S * 1000), self._run.end * 1000 - 6000)

    def _person(self, person: Person, start: int, size: int) -> None:
        rng, found = self._rng, self._estate
        actor = person_actor(person, rng.choice(person.networks))
        project = rng.choice(tuple(PROJECTS))
        records: list[Record] = []
        for _ in range(size):
            at, kind = self._at(start), rng.random()
            bucket = rng.choice(found.buckets[project])
            if kind < 0.3:
                records.append(compute_call(actor, rng.choice(("get", "list")), project, "web-1", at, rng))
            elif kind < 0.55:
                records.append(object_call(actor, rng.choice(("get", "list")), project, bucket, self._key(), at, rng))
            elif kind < 0.75:
                records.append(query(actor, project, at, rng))
            elif kind < 0.8:
                records.append(secret(actor, project, rng.choice(found.secrets), at, rng))
            elif kind < 0.84 and self._caps.take(start, person.email, "denied", DENIED_AN_HOUR):
                records.append(compute_call(actor, "get", project, "web-0", at, rng, code=7))
            elif kind < 0.9 and person.is_admin:
                records.append(self._grant(actor, project, bucket, at))
            else:
                machine = rng.choice(found.instances[project])
                records += compute_operation(
                    actor, rng.choice(("start", "stop", "setMetadata")), project, machine, at, rng
                )
        self._publish(records)

    def _grant(self, actor: Actor, project: str, bucket: str, at: int) -> Record:
        rng = self._rng
        member = f"user:{rng.choice(self._run.organisation.people).email}"
        if rng.random() < 0.5:
            return set_policy(actor, project, rng.choice(("roles/viewer", "roles/logging.viewer")), member, at, rng)
        return set_policy(actor, project, "roles/storage.objectViewer", member, at, rng, bucket=bucket)

    def _key(self) -> str:
        return f"{self._rng.randrange(2019, 2027)}/{self._rng.getrandbits(32):08x}.parquet"

    def _machine(self, machine: Machine, start: int, size: int) -> None:
        rng, found = self._rng, self._estate
        actor = machine_actor(machine)
        bucket = found.buckets[machine.project][{"serve": 0, "load": 1, "copy": 2, "deploy": 3}[machine.does]]
        calls: dict[str, Sequence[Callable[[int], list[Record]]]] = {
            "serve": (
                lambda at: [object_call(actor, "get", machine.project, bucket, self._key(), at, rng)],
                lambda at: [secret(actor, machine.project, found.secrets[0], at, rng)],
                # as itself, for a signed address: no impersonation
                lambda at: [service_account_call(actor, "SignBlob", machine, at, rng)],
                lambda at: [self._cluster_identity(machine, at)],
            ),
            "load": (
                lambda at: [object_call(actor, "get", machine.project, bucket, self._key(), at, rng)],
                lambda at: [query(actor, machine.project, at, rng)],
                lambda at: [object_call(actor, "create", machine.project, bucket, self._key(), at, rng)],
            ),
            "copy": (
                lambda at: [object_call(actor, "list", machine.project, bucket, "", at, rng)],
                lambda at: [object_call(actor, "create", machine.project, bucket, self._key(), at, rng)],
                lambda at: [self._migration(machine.project, at)],
            ),
            "deploy": (
                lambda at: compute_operation(
                    actor, "insert", machine.project, rng.choice(found.instances[machine.project]), at, rng
                ),
                lambda at: [compute_call(actor, "list", machine.project, "web-1", at, rng)],
            ),
        }
        records: list[Record] = []
        while len(records) < size:
            records += rng.choice(calls[machine.does])(self._at(start))
        self._publish(records)

    def _cluster_identity(self, machine: Machine, at: int) -> Record:
        """A workload in a GKE cluster takes the token of its service account, as it does all day."""
        subject = f"serviceAccount:{machine.project}.svc.id.goog[shop/{machine.name}]"
        actor = Actor("", subject, "gce-internal-ip", "google-api-go-client/0.5 gke-metadata-server,gzip(gfe)")
        return service_account_call(actor, "GenerateAccessToken", machine, at, self._rng)

    def _migration(self, project: str, at: int) -> Record:
        instance = self._rng.choice(self._estate.instances[project])
        return entry(
            SYSTEM, "compute.instances.migrateOnHostMaintenance", "compute.googleapis.com",
            f"projects/{project}/zones/europe-west1-b/instances/{instance}", at, self._rng, project=project,
            log="system_event", kind="gce_instance", labels={"zone": "europe-west1-b"},
        )  # fmt: skip


SOURCE = Source(name=NAME, root=BUCKET, share=0.12, open=AuditLogs)
