"""Kubernetes audit logs of two clusters: EKS by a subscription of CloudWatch Logs through Firehose, GKE by a sink.

Shapes follow audit.k8s.io/v1, SubscriptionFilters of CloudWatch Logs and GKE's page on audit logging. Firehose writes
what came within five minutes into one packed object, documents without anything between them, and some objects twice.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from isal import igzip

from infra.local.simulate.gcp_network import REGION
from infra.local.simulate.log_sink import LogSink
from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.network import interfaces
from infra.local.simulate.organisation import Person
from infra.local.simulate.rendering import compact_time, seconds_z, ticks_z, uuid
from infra.local.simulate.rhythm import Crowd, hour_of_week
from infra.local.simulate.sources.gcp_audit import PROJECTS

NAME = "k8s_audit"
BUCKET = "k8s-audit"
CLUSTER = "shop"
ACCOUNT = "111122223333"
LOG = "cloudaudit.googleapis.com/activity"
HUMAN_SHARE = 0.3
GKE_SHARE = 0.4
BURST_MEAN = 2.0
REDELIVERY = 0.02
BATCH = 40
"""Log events of one document."""
KUBECTL = "kubectl/v1.32.5 (linux/amd64) kubernetes/9894294"
CONTROLLERS = ("kube-controller-manager", "kube-scheduler")
WORKLOADS = ("orders", "checkout", "web")


class Caller(NamedTuple):
    """Who calls, as the API server knows it."""

    name: str
    groups: tuple[str, ...]
    ip: str
    agent: str
    uid: str = ""
    extra: tuple[tuple[str, str], ...] = ()


class Ask(NamedTuple):
    """What is asked of the API: a verb, and the object in the API's own terms."""

    verb: str
    group: str
    resource: str
    name: str = ""
    namespace: str = ""
    subresource: str = ""
    code: int = 200

    @property
    def path(self) -> str:
        """The object's path without the API's root."""
        parts = ("v1", "namespaces" if self.namespace else "", self.namespace, self.resource, self.name)
        return "/".join(part for part in (*parts, self.subresource) if part)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def person_at_eks(person: Person, ip: str) -> Caller:
    """Return a person who came by the session of an SSO role."""
    grant = next(grant for grant in person.grants if grant.account == ACCOUNT)
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{grant.role}/{person.email}"
    extra = (
        ("arn", arn),
        ("canonicalArn", f"arn:aws:iam::{ACCOUNT}:role/{grant.role}"),
        ("principalId", grant.role_id),
        ("sessionName", person.email),
    )
    uid = f"aws-iam-authenticator:{ACCOUNT}:{grant.role_id}"
    return Caller(arn, ("engineers", "system:authenticated"), ip, KUBECTL, uid, extra)


def service_account(name: str, ip: str) -> Caller:
    """Return the service account of a workload."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{CLUSTER}", "system:authenticated")
    return Caller(f"system:serviceaccount:{CLUSTER}:{name}", groups, ip, f"{name}/v1 kubernetes/client-go")


def event(caller: Caller, ask: Ask, at_ms: int, rng: random.Random) -> Record:
    """Return an event of EKS, at the stage at which the answer is complete."""
    audit_id = uuid(rng.randbytes(16).hex())
    root = f"/apis/{ask.group}/" if ask.group else "/api/"
    begun = ticks_z(at_ms, rng.randrange(10_000))
    is_allowed = ask.code != 403
    body = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": audit_id,
        "stage": "ResponseComplete",
        "requestURI": root + ask.path,
        "verb": ask.verb,
        "user": {
            "username": caller.name,
            **({"uid": caller.uid} if caller.uid else {}),
            "groups": caller.groups,
            **({"extra": {name: [value] for name, value in caller.extra}} if caller.extra else {}),
        },
        "sourceIPs": [caller.ip],
        "userAgent": caller.agent,
        "objectRef": {
            "resource": ask.resource,
            **({"namespace": ask.namespace} if ask.namespace else {}),
            **({"name": ask.name} if ask.name else {}),
            **({"apiGroup": ask.group} if ask.group else {}),
            "apiVersion": "v1",
            **({"subresource": ask.subresource} if ask.subresource else {}),
        },
        "responseStatus": {"metadata": {}, **({} if is_allowed else {"reason": "Forbidden"}), "code": ask.code},
        "requestReceivedTimestamp": begun[:-2] + "Z",
        "stageTimestamp": ticks_z(at_ms + rng.randrange(2, 90), 0)[:-2] + "Z",
        "annotations": {
            "authorization.k8s.io/decision": "allow" if is_allowed else "forbid",
            "authorization.k8s.io/reason": "",
        },
    }
    return Record(at_ms, "eks", f"{audit_id}|ResponseComplete", _json(body))


def entry(project: str, caller: Caller, ask: Ask, at_ms: int, rng: random.Random) -> Record:
    """Return an audit log entry of GKE."""
    group = ".".join(reversed(ask.group.split("."))).removeprefix("io.k8s.") if ask.group else "core"
    sub = f".{ask.subresource}" if ask.subresource else ""
    method = f"io.k8s.{group}.v1.{ask.resource}{sub}.{ask.verb}"
    target = f"{ask.group or 'core'}/{ask.path}"
    name = f"projects/{project}/logs/{LOG.replace('/', '%2F')}"
    time = ticks_z(at_ms, rng.randrange(10_000))[:-2] + "Z"
    insert = uuid(rng.randbytes(16).hex())
    body = {
        "insertId": insert,
        "labels": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""},
        "logName": name,
        "operation": {"first": True, "id": insert, "last": True, "producer": "k8s.io"},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "authenticationInfo": {"principalEmail": caller.name},
            "authorizationInfo": [{"granted": True, "permission": method, "resource": target}],
            "methodName": method,
            "requestMetadata": {"callerIp": caller.ip, "callerSuppliedUserAgent": caller.agent},
            "resourceName": target,
            "serviceName": "k8s.io",
            "status": {},
        },
        "receiveTimestamp": seconds_z(at_ms // 1000 + 2),
        "resource": {
            "type": "k8s_cluster",
            "labels": {"cluster_name": CLUSTER, "location": REGION, "project_id": project},
        },
        "timestamp": time,
    }
    return Record(at_ms, project, f"{name}|{time}|{insert}", _json(body))


def _level(start: int) -> float:
    return 1.0 if hour_of_week(start) < 120 else 0.7


class AuditLogs:
    """Ordinary calls of people and of the clusters' own parts, and their delivery."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self._run = run
        self._rng = run.rng(NAME)
        people = [p for p in run.organisation.people if any(grant.account == ACCOUNT for grant in p.grants)]
        self._crowd = Crowd(people, self._rng, run.start, run.end, expected * HUMAN_SHARE)
        levels = sum(_level(t) for t in range(run.start, run.end, TICK_S))
        self._rate = expected * (1 - HUMAN_SHARE) / levels if levels else 0.0
        self._debt = 0.0
        self._nodes = [found.ip for found in interfaces(run.organisation)[ACCOUNT][:6]]
        self._sink = LogSink(NAME, f"{BUCKET}/gke/{LOG}", next(iter(PROJECTS)), self._rng)
        self._eks = 0
        self._slots: dict[tuple[int, int], list[Record]] = {}
        """(visible, end of the five minutes) -> events."""

    @property
    def distinct(self) -> int:
        """Records made so far, not counting redelivered copies."""
        return self._eks + self._sink.distinct

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects delivered in the step from `start`."""
        rng = self._rng
        records = list(planted)
        for person, size in self._crowd.bursts(start, BURST_MEAN):
            ip = rng.choice(person.networks).ip
            records += [self._by_hand(person, ip, self._at(start)) for _ in range(size)]
        self._debt += self._rate * _level(start)
        while self._debt > 0:
            self._debt -= 1
            records.append(self._by_itself(self._at(start)))
        self._publish(start, records)
        yield from sorted((*self._due(start + TICK_S), *self._sink.objects(start + TICK_S)), key=_when)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects that are still waiting."""
        yield from sorted((*self._due(None), *self._sink.objects(None)), key=_when)

    def _at(self, start: int) -> int:
        return min(start * 1000 + self._rng.randrange(TICK_S * 1000), self._run.end * 1000 - 1)

    def _by_hand(self, person: Person, ip: str, at_ms: int) -> Record:
        """People look, roll out and scale; nobody opens a shell, touches a secret or gives a right."""
        rng = self._rng
        name = rng.choice(WORKLOADS)
        ask = rng.choices(
            (
                Ask("list", "", "pods", namespace=CLUSTER),
                Ask("get", "", "pods", f"{name}-0", CLUSTER),
                Ask("get", "", "pods", f"{name}-0", CLUSTER, "log"),
                Ask("list", "apps", "deployments", namespace=CLUSTER),
                Ask("patch", "apps", "deployments", name, CLUSTER),
                Ask("get", "", "nodes", f"ip-{self._nodes[0].replace('.', '-')}.ec2.internal", code=403),
            ),
            weights=(30, 25, 20, 15, 8, 1),
        )[0]
        if person.is_admin and ask.code == 200 and rng.random() < GKE_SHARE:
            caller = Caller(person.email, (), ip, KUBECTL)
            return entry(rng.choice(tuple(PROJECTS)), caller, ask, at_ms, rng)
        return event(person_at_eks(person, ip), ask, at_ms, rng)

    def _by_itself(self, at_ms: int) -> Record:
        """Controllers keep their leases, nodes report, workloads read their own configuration."""
        rng = self._rng
        choice = rng.random()
        if choice < 0.4:
            name = rng.choice(CONTROLLERS)
            caller = Caller(f"system:{name}", ("system:authenticated",), self._nodes[0], f"{name}/v1.32.5")
            ask = Ask("update", "coordination.k8s.io", "leases", name, "kube-system")
        elif choice < 0.75:
            ip = rng.choice(self._nodes)
            node = f"ip-{ip.replace('.', '-')}.ec2.internal"
            caller = Caller(f"system:node:{node}", ("system:nodes", "system:authenticated"), ip, "kubelet/v1.32.5")
            ask = Ask("patch", "", "nodes", node, subresource="status")
        else:
            name = rng.choice(WORKLOADS)
            caller = service_account(name, rng.choice(self._nodes))
            ask = Ask("get", "", "configmaps", name, CLUSTER)
        if rng.random() < GKE_SHARE:
            return entry(rng.choice(tuple(PROJECTS)), caller, ask, at_ms, rng)
        return event(caller, ask, at_ms, rng)

    def _publish(self, start: int, records: Sequence[Record]) -> None:
        """Hand each record to its cluster's transport."""
        events = [record for record in records if record.stream == "eks"]
        self._sink.publish([record for record in records if record.stream != "eks"])
        self._eks += len(events)
        end = start + TICK_S
        if events:
            self._slots[end + 60, end] = events
            if self._rng.random() < REDELIVERY:
                self._slots[end + 360, end] = events

    def _due(self, until: int | None) -> Iterator[Delivery]:
        for slot in sorted(slot for slot in self._slots if until is None or slot[0] < until):
            visible, end = slot
            events = self._slots.pop(slot)
            name = uuid(random.Random(f"{self._run.seed}/{NAME}/{slot}").randbytes(16).hex())  # noqa: S311
            yield Delivery(
                source=NAME,
                key=f"{BUCKET}/eks/{compact_time(end, '%Y/%m/%d/%H/eks-audit-1-%Y-%m-%d-%H-%M-%S')}-{name}.gz",
                data=igzip.compress("".join(_documents(events)).encode(), 1, mtime=0),
                delivered_at=utc(visible),
                offset=None,
                records=len(events),
            )


def _documents(events: Sequence[Record]) -> Iterator[str]:
    """Documents of CloudWatch Logs, each with some log events."""
    for first in range(0, len(events), BATCH):
        yield _json(
            {
                "messageType": "DATA_MESSAGE",
                "owner": ACCOUNT,
                "logGroup": f"/aws/eks/{CLUSTER}/cluster",
                "logStream": "kube-apiserver-audit-0123456789abcdef0123456789abcdef",
                "subscriptionFilters": ["audit"],
                "logEvents": [
                    {"id": f"{record.at_ms:026d}{first + n:030d}", "timestamp": record.at_ms, "message": record.body}
                    for n, record in enumerate(events[first : first + BATCH])
                ],
            }
        )


def _when(delivery: Delivery) -> object:
    return delivery.delivered_at, delivery.key


SOURCE = Source(name=NAME, root=BUCKET, share=0.03, open=AuditLogs)
