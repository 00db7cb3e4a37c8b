"""One HTML file out of the collected answers and the parts in `site/`: it asks no server and no network for anything.

Log content is hostile. It is in the page as data only: JSON in which no character can end the element that holds it,
shown by the script as text nodes. The page's own policy (CSP) lets nothing run or be fetched but the style and
script below, which it names by hash.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

SITE = Path(__file__).parent / "site"
SCRIPTS = ("dom", "findings", "coverage", "lineage", "health", "app")
"""In the order in which they run; each stands in site/<name>.js."""


def write(data: Mapping[str, Any], out: Path) -> Path:
    """Write `index.html` into a folder, whole or not at all. Returns its path."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / "index.html"
    unfinished = out / "index.html.unfinished"
    unfinished.write_text(html(data), encoding="utf-8")
    unfinished.replace(path)
    return path


def html(data: Mapping[str, Any]) -> str:
    style = (SITE / "style.css").read_text(encoding="utf-8")
    scripts = "\n".join((SITE / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    script = f"'use strict';\n(() => {{\n{scripts}\n}})();"
    policy = (
        f"default-src 'none'; style-src {hash_of(style)}; script-src {hash_of(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>Catchment</title>
<style>{style}</style>
</head>
<body>
<noscript>This page draws itself with the script that it holds; let it run, or ask the lake: catchment sql.</noscript>
<script type="application/json" id="data">{embedded(data)}</script>
<script>{script}</script>
</body>
</html>
"""


def embedded(data: Mapping[str, Any]) -> str:
    """JSON in ASCII without <, > and &: no text in it can end the element around it, or begin another."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def hash_of(text: str) -> str:
    """A CSP source expression that allows exactly this text (https://www.w3.org/TR/CSP3/#grammardef-hash-source)."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
