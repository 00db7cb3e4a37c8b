"""Which class tables each source's staging model fills, as the text of the models says it."""

from __future__ import annotations

import re
from pathlib import Path

ROUTES = re.compile(r"{{\s*routes_to\(\[([^\]]*)\]\)\s*}}")
READS = re.compile(r"source\('bronze', '(\w+)'\)")


def routes_of(project: Path) -> dict[str, list[str]]:
    """The class tables of each source with a staging model in a dbt project (macros/ocsf/routes_to.sql), as dbt would
    find them; asked of the text, since dbt takes seconds for it."""
    found = {}
    for model in sorted(project.glob("models/staging/*/*.sql")):
        text = model.read_text()
        reads, routes = READS.search(text), ROUTES.search(text)
        if reads and routes:
            found[reads[1]] = re.findall(r"\w+", routes[1])
    return found
