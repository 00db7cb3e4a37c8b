"""SPDX documents, alone and as GitHub exports them."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from transforms.decoders.framing import FIELDS, Bounds
from transforms.sources.sbom_spdx import SOURCE

DOCUMENT = {
    "spdxVersion": "SPDX-2.3",
    "name": "com.github.example/shop",
    "creationInfo": {"created": "2026-03-02T09:00:00Z"},
    "packages": [{"SPDXID": "SPDXRef-1", "name": "x"}],
    "relationships": [{"spdxElementId": "SPDXRef-1"}],
}


@pytest.mark.parametrize("document", [DOCUMENT, {"sbom": DOCUMENT}])
def test_a_package_keeps_its_document(document: dict[str, Any]) -> None:
    bounds = Bounds(uri="s3://b/shop/2026/03/02/x", modified=datetime(2026, 3, 2, tzinfo=UTC))
    chunks = list(SOURCE.read(io.BytesIO(json.dumps(document).encode()), bounds))
    assert [bad for chunk in chunks for bad in chunk.bad] == []
    ((record, said),) = (pair for chunk in chunks for pair in zip(chunk.records, chunk.attributes or [], strict=True))
    assert json.loads(bytes(record)) == {"SPDXID": "SPDXRef-1", "name": "x"}
    around = json.loads((said or {})[FIELDS])
    assert around["document"] == {k: v for k, v in DOCUMENT.items() if k not in ("packages", "relationships")}
