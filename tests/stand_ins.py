"""The sources that tests take, where what is proven does not depend on the source and takes long for each.

`make soak` runs EACH over all that are busy. The contract suite proves of every source that it lands and is built as it
must.
"""

from __future__ import annotations

import pytest

from infra.local.simulate import known_sources
from transforms.sources import registry

PLACES = {name: source.root for name, source in known_sources().items() if source.share}
"""Where the simulated organisation's folder of a source lies, of all but those that only tell of others."""
BUSY = [name for name, source in known_sources().items() if source.share >= 0.02]
"""Of these enough arrives in few days to be cut, doubled and paused; others deliver a report now and then."""
GROWING, WHOLE = (next(n for n in BUSY if registry()[n].grows is grows) for grows in (True, False))
"""A source whose objects grow, and one whose objects come whole."""
EACH = [n if n in (GROWING, WHOLE) else pytest.param(n, marks=pytest.mark.soak) for n in BUSY]
ONE_A_VENDOR = ("aws_cloudtrail", "aws_vpc_flow", "azure_activity", "gcp_audit", "github_audit", "okta_system_log")
"""Together they fill the classes that detections judge, and hold both ends of what is correlated."""
