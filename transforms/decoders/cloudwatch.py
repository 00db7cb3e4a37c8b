"""Logs as CloudWatch Logs hands them on: log events in envelopes, around the records of any source.

A subscription delivers `{"messageType", "owner", "logGroup", "logStream", "logEvents": [{"message"}]}`, packed, one
behind the other with nothing between; Firehose may pack what it writes once more. A function and Firehose's HTTP form
get the same in Base64: `{"awslogs": {"data"}}`, `{"requestId", "records": [{"data"}]}`; a dump of a stream holds Base64
lines. A message is a piece of the source's own log, a JSON event or a line, and is read as one.

What the envelope says stays with the records as the attribute `cloudwatch`: `owner` is the account that wrote the log.
A CONTROL_MESSAGE only asks whether the destination is there: it holds no record, and is counted.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
https://docs.aws.amazon.com/firehose/latest/dev/writing-with-cloudwatch-logs.html
https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html
"""

from __future__ import annotations

import binascii
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from typing import BinaryIO, cast

import msgspec

from transforms.decoders.compression import GZIP, Readable, plain
from transforms.decoders.framing import BOM, PEEK, Bounds, Framing, Held, read_full
from transforms.decoders.json_records import JsonRecords, envelope
from transforms.decoders.together import together
from transforms.errors import DataError
from transforms.lake.records import Bad, Chunk, Raw

ENVELOPE = re.compile(
    rb'\s*\[?\s*\{\s*"(?:messageType|logGroup|logStream|subscriptionFilters|logEvents|awslogs|requestId)"\s*:'
)
"""How an object begins that holds envelopes; no record of a source that comes this way begins so."""
BASE64 = b"H4sI"
"""How the Base64 text of gzip data begins."""
CONTROL = "CONTROL_MESSAGE"
DEPTH = 3
"""How often a payload may be packed or coded: AWS's forms do it twice at most."""
FIRST = itemgetter(0)


class LogEvent(msgspec.Struct, gc=False):
    message: str


class Data(msgspec.Struct, gc=False):
    data: str


class Envelope(msgspec.Struct, gc=False):
    messageType: str | None = None
    owner: str | None = None
    logGroup: str | None = None
    logStream: str | None = None
    logEvents: list[LogEvent] | None = None
    awslogs: Data | None = None
    records: list[Data] | None = None


DECODE = msgspec.json.Decoder(Envelope).decode
EACH = JsonRecords(envelope())


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What one envelope holds: the source's own log as `texts`, payloads that may be envelopes again, or neither."""

    kind: str
    place: Mapping[str, str] = field(default_factory=dict)
    texts: Sequence[bytes] = ()
    bad: Bad | None = None


@dataclass(frozen=True, slots=True)
class CloudWatch:
    """`records`, out of CloudWatch Logs' envelopes where an object holds such; any other object is read as ever."""

    records: Framing
    depth: int = 0

    @property
    def appendable(self) -> bool:
        return self.records.appendable

    def __call__(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
        """Chunks of what the log streams hold. Raises DataError for what condemns the whole object."""
        held = Held(stream)
        head = held.peek(PEEK)
        if head.startswith(GZIP):
            unpacked, _ = plain(cast(BinaryIO, held), size=bounds.max_document, max_ratio=1)
            yield from self._deeper()(unpacked, bounds)
        elif head.startswith(BASE64):
            yield from together(self._opened(_lines(held, bounds), bounds), bounds.chunk_bytes)
        elif ENVELOPE.match(head.removeprefix(BOM)):
            yield from together(self._opened(EACH(held, bounds), bounds), bounds.chunk_bytes)
        else:
            yield from self.records(held, bounds)

    def _deeper(self) -> CloudWatch:
        if self.depth == DEPTH:
            raise DataError(f"packed more than {DEPTH} times")
        return replace(self, depth=self.depth + 1)

    def _opened(self, envelopes: Iterable[Chunk], bounds: Bounds) -> Iterator[Chunk]:
        """The records in each chunk of envelopes, numbered one after another."""
        number = bounds.first_no
        for piece in envelopes:
            items: list[tuple[int, Raw | Bad]] = [*zip(piece.numbers, piece.records, strict=True)]
            items += [(bad.record_no, bad) for bad in piece.bad]
            opened = map(_open, (item for _, item in sorted(items, key=FIRST)))
            for (kind, place), group in groupby(opened, key=lambda one: (one.kind, one.place)):
                for chunk in self._read(kind, place, list(group), replace(bounds, first_no=number, final=True)):
                    number, chunk.consumed = chunk.next_no, piece.consumed
                    yield chunk
            yield Chunk(next_no=number, consumed=piece.consumed)

    def _read(self, kind: str, place: Mapping[str, str], group: Sequence[Opened], bounds: Bounds) -> Iterator[Chunk]:
        number = bounds.first_no
        if kind == CONTROL:
            yield Chunk(next_no=number, control=len(group))
        elif kind == "bad":
            bad = [replace(one.bad, record_no=number + i) for i, one in enumerate(group) if one.bad is not None]
            yield Chunk(bad=bad, next_no=number + len(bad))
        elif kind == "messages":
            texts = b"\n".join(text for one in group for text in one.texts)
            for chunk in self.records(io.BytesIO(texts), bounds):
                if place:
                    chunk.tell({"cloudwatch": place})
                yield chunk
        else:
            for text in (text for one in group for text in one.texts):
                try:
                    for chunk in self._deeper()(io.BytesIO(text), replace(bounds, first_no=number)):
                        number = chunk.next_no
                        yield chunk
                except DataError as error:
                    yield Chunk(bad=[Bad(number, text, str(error), len(text))], next_no=number + 1)
                    number += 1


def _open(item: Raw | Bad) -> Opened:
    if isinstance(item, Bad):
        return Opened(kind="bad", bad=item)
    text = bytes(item)
    try:
        if text.startswith(BASE64):
            return Opened(kind="payloads", texts=[_plain(text)])
        found = DECODE(text)
        coded = [found.awslogs] if found.awslogs is not None else found.records
        if coded is not None:
            return Opened(kind="payloads", texts=[_plain(one.data) for one in coded])
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        return Opened(kind="bad", bad=Bad(0, text, f"not an envelope of CloudWatch Logs: {error}", len(text)))
    if found.messageType == CONTROL:
        return Opened(kind=CONTROL)
    if found.logEvents is None:
        return Opened(kind="bad", bad=Bad(0, text, "an envelope of CloudWatch Logs without log events", len(text)))
    said = {"owner": found.owner, "log_group": found.logGroup, "log_stream": found.logStream}
    messages = "\n".join([event.message for event in found.logEvents]).encode("utf-8", "surrogatepass")
    texts = [messages] if found.logEvents else []
    return Opened(kind="messages", place={name: value for name, value in said.items() if value}, texts=texts)


def _plain(text: bytes | str) -> bytes:
    """Raises ValueError for what is no Base64."""
    return binascii.a2b_base64(text, strict_mode=True)


def _lines(stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
    """Base64 lines. Raises DataError for an object of them over `bounds.max_document` bytes."""
    data = read_full(stream, bounds.max_document + 1)
    if len(data) > bounds.max_document:
        raise DataError(f"document over {bounds.max_document} bytes")
    lines: list[Raw] = list(data.split())
    yield Chunk(numbers=list(range(len(lines))), records=lines, next_no=len(lines), consumed=len(data))
