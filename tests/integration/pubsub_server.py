"""A stand-in for Pub/Sub's REST API, as Google's emulator (a Java program of its SDK) cannot be had here.

It checks what it is asked, leases messages for the subscription's deadline, gives them again when that has passed, and
forgets only what is acknowledged in time, as https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions
says. Its clock is set by the test.
"""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass, field
from typing import Any

from tests.integration.standin import Answering, Server

FIELDS = {
    "pull": {"maxMessages"},
    "acknowledge": {"ackIds"},
    "modifyAckDeadline": {"ackIds", "ackDeadlineSeconds"},
}


@dataclass(slots=True)
class Held:
    """A message, and until when which lease keeps it from being given again."""

    message: dict[str, Any]
    until: float = 0.0
    lease: str = ""


@dataclass(slots=True)
class Subscription:
    """What waits in one subscription. `deadline` in seconds."""

    path: str
    deadline: int = 10
    held: list[Held] = field(default_factory=list)


class _Handler(Answering):
    api: Pubsub

    def do_POST(self) -> None:
        pubsub = self.api
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        path, _, method = self.path.removeprefix("/v1/").rpartition(":")
        with pubsub.lock:
            fault = pubsub.faults.pop(0) if pubsub.faults else None
            if fault == "drop":
                self.drop()
                return
            if fault == "silence":
                pubsub.silent.wait(5)
                return
            if fault is not None:
                self.say(fault, {"error": {"code": fault, "message": "as the test asked", "status": "X"}})
                return
            body = json.loads(raw)
            pubsub.requests.append((method, body))
            if path != pubsub.subscription.path:
                self.say(404, {"error": {"code": 404, "message": "Resource not found", "status": "NOT_FOUND"}})
                return
            problem = pubsub.problem(method, body)
            if problem is not None:
                pubsub.problems.append(problem)
                self.say(400, {"error": {"code": 400, "message": problem, "status": "INVALID_ARGUMENT"}})
                return
            act = {"pull": pubsub.pull, "acknowledge": pubsub.acknowledge, "modifyAckDeadline": pubsub.modify}[method]
            self.say(200, act(body))

    def say(self, status: int, value: Any) -> None:
        self.answer(status, {}, json.dumps(value).encode())


class Pubsub(Server):
    """One subscription. A fault is `drop` (the connection), `silence`, or a status. A request is (method, body)."""

    handler = _Handler

    def __init__(self, project: str = "example-prod", name: str = "audit-objects") -> None:
        super().__init__()
        self.subscription = Subscription(f"projects/{project}/subscriptions/{name}")
        self.now, self.serial, self.most = 0.0, 0, 1000
        self.lock = threading.Lock()
        self.silent = threading.Event()
        self.environment = {"PUBSUB_EMULATOR_HOST": f"127.0.0.1:{self.server.server_port}"}
        self.uri = f"pubsub://{project}/{name}"

    def publish(self, attributes: dict[str, str] | None, data: str | bytes | None = None) -> None:
        self.serial += 1
        message: dict[str, Any] = {"messageId": str(self.serial), "publishTime": "2026-11-03T10:00:00.123Z"}
        if attributes is not None:
            message["attributes"] = attributes
        if isinstance(data, bytes):
            message["data"] = base64.b64encode(data).decode()
        elif data is not None:
            message["data"] = data
        self.subscription.held.append(Held(message))

    def counts(self) -> tuple[int, int]:
        """(waiting, leased)"""
        leased = sum(h.until > self.now for h in self.subscription.held)
        return len(self.subscription.held) - leased, leased

    def close(self) -> None:
        self.silent.set()
        super().close()

    def pull(self, body: dict[str, Any]) -> dict[str, Any]:
        given = []
        for held in self.subscription.held:
            if held.until <= self.now and len(given) < min(body["maxMessages"], self.most):
                self.serial += 1
                held.until, held.lease = self.now + self.subscription.deadline, f"lease-{self.serial}"
                given.append({"ackId": held.lease, "message": held.message})
        return {"receivedMessages": given} if given else {}

    def acknowledge(self, body: dict[str, Any]) -> dict[str, Any]:
        """A lease that has run out acknowledges nothing: the message is given again."""
        done = set(body["ackIds"])
        kept = [h for h in self.subscription.held if h.lease not in done or h.until <= self.now]
        self.subscription.held[:] = kept
        return {}

    def modify(self, body: dict[str, Any]) -> dict[str, Any]:
        for held in self.subscription.held:
            if held.lease in body["ackIds"] and held.until > self.now:
                held.until = self.now + body["ackDeadlineSeconds"]
        return {}

    def problem(self, method: str, body: Any) -> str | None:
        if not isinstance(body, dict) or set(body) != FIELDS.get(method):
            return f"{method}: fields {body!r}"
        if method == "pull":
            most = body["maxMessages"]
            return None if isinstance(most, int) and 1 <= most <= 1000 else f"maxMessages {most!r}"
        if not body["ackIds"] or len(body["ackIds"]) > 2500 or not all(isinstance(i, str) for i in body["ackIds"]):
            return f"{method}: ackIds"
        seconds = body.get("ackDeadlineSeconds", 0)
        return None if isinstance(seconds, int) and 0 <= seconds <= 600 else f"ackDeadlineSeconds {seconds!r}"
