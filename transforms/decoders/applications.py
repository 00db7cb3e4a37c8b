"""Argo CD's Applications: a record is a sync of one, an operation that runs or ended, or its creation.

An Application holds its last syncs (`status.history`) and the operation that runs or ran last, `status.operationState`.
Each is a record of its own, with the Application beside it in the attribute `fields`: what it is (`app`), and, beside
the newest of each kind, how it stands (`status`), without the lists of resources.
Lines of its programs' logs and Kubernetes' events about it are records as they stand.
https://github.com/argoproj/argo-cd/blob/master/pkg/apis/application/v1alpha1/types.go
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from transforms.decoders.framing import HEADER_BYTES
from transforms.decoders.reports import ANYTHING, ENCODE, IN, ITEMS, MEMBERS, Around, Full, Reports, _Findings
from transforms.lake.records import Raw

Members = Mapping[str, msgspec.Raw]
BESIDE = ("name", "namespace", "uid", "creationTimestamp", "labels")
"""What of an Application's metadata stands beside its syncs: annotations and managed fields hold all of it again."""
STANDING = ("sync", "health", "summary", "reconciledAt", "sourceType")
TEXT = msgspec.json.Decoder(str).decode
NOTHING = (b"", b"null", b"{}", b"[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Applications(Reports):
    """Reports whose documents are Applications, bare or as a watch, a list or a webhook's body hold them."""

    def _document(self, found: _Findings, document: Raw) -> Full:
        try:
            text, said = _opened(bytes(document))
            if self.own & said.keys():
                found.add(None, [text])
                return
            if self.marks <= said.keys():
                yield from self._application(found, text, said)
                return
            reason = "wrong type: neither an Application, an event nor a line of a log"
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            text, reason = bytes(document), f"wrong type: no Application: {error}"
        found.bad(text, reason, len(text))

    def _application(self, found: _Findings, text: bytes, said: Members) -> Full:
        metadata, status = MEMBERS(said["metadata"]), _members(said.get("status"))
        history = status.get("history", msgspec.Raw(b""))
        syncs = [] if bytes(history) in NOTHING else ITEMS(history)
        running = status.get("operationState", msgspec.Raw(b""))
        app = {
            "metadata": {name: ANYTHING(metadata[name]) for name in BESIDE if name in metadata},
            "spec": ANYTHING(said["spec"]),
        }
        standing = {name: ANYTHING(status[name]) for name in STANDING if name in status}
        pieces: list[tuple[str, Raw, bool]] = [("metadata", said["metadata"], True)]
        pieces += [("history", sync, number == len(syncs)) for number, sync in enumerate(syncs, 1)]
        if bytes(running) not in NOTHING:
            pieces.append(("operationState", running, True))
        around = {
            (where, newest): _around({IN: where, "app": app, **({"status": standing} if newest else {})})
            for where, newest in {(where, newest) for where, _, newest in pieces}
        }
        largest = max(len(one.text) for one in around.values())
        if largest > HEADER_BYTES:
            reason = f"wrong type: {largest} bytes around a sync, over the limit of {HEADER_BYTES}"
            found.bad(text, reason, len(text))
            return
        for where, piece, newest in pieces:
            found.add(around[where, newest], [piece])
            if found.full():
                yield


def _around(levels: dict[str, Any]) -> Around:
    return Around(ENCODE(levels).decode(), levels)


def _members(value: msgspec.Raw | None) -> Members:
    return {} if value is None or bytes(value) in NOTHING else MEMBERS(value)


def _opened(document: bytes) -> tuple[bytes, Members]:
    """The text and the members of what a document is about: of a collector's line its body, without the headers.

    Raises msgspec.MsgspecError, RecursionError, ValueError where one of its layers is no JSON object.
    """
    said = MEMBERS(document)
    if "headers" in said and "body" in said:
        body = bytes(said["body"])
        return _opened(TEXT(body).encode() if body[:1] == b'"' else body)
    for outer, inner in (("result", "application"), ("app", None), ("application", None)):
        held = bytes(said.get(outer, msgspec.Raw(b"")))
        if held[:1] == b"{":
            below = MEMBERS(held)
            if inner is None:
                return (held, below) if "metadata" in below else (document, said)
            if inner in below:
                return _opened(bytes(below[inner]))
    return document, said
