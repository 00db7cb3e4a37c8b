"""Answers of OData services such as Microsoft Graph, alone or as the body of a landed page."""

from __future__ import annotations

from transforms.decoders.answers import answers
from transforms.decoders.json_records import Expand


def odata() -> Expand:
    """Takes a JSON value apart as `answers` does: `value` is OData's list, `records` an Azure event hub's envelope's.

    https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html
    """
    return answers("value", "records")
