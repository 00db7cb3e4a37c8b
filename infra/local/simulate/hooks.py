"""How GitHub signs the simulated organisation's webhooks."""

from __future__ import annotations

import hmac
from hashlib import sha256

SIGNED_WITH = "simulated-webhooks-are-signed-with-this"
"""What the collector's organisation and GitHub share; CATCHMENT_GITHUB_WEBHOOK_SECRETS is set to it."""


def signature(text: str) -> str:
    """Return the header X-Hub-Signature-256 of a body."""
    return "sha256=" + hmac.new(SIGNED_WITH.encode(), text.encode(), sha256).hexdigest()
