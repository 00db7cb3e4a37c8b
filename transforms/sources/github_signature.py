"""The signature of GitHub's webhooks, for the sources that land what they bring.

https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from transforms.sources.base import Beside
from transforms.sources.collected import LINE, signed

SECRETS = "CATCHMENT_GITHUB_WEBHOOK_SECRETS"


def vouch(record: bytes, beside: Beside) -> Mapping[str, Any]:
    """Whether GitHub's signature holds, where a secret is configured. Raises ConfigError."""
    return signed(record, beside, SECRETS, "x-hub-signature-256")


def vouch_deliveries(record: bytes, beside: Beside) -> Mapping[str, Any]:
    """The same of a webhook's delivery; what the API answers has no signature. Raises ConfigError."""
    try:
        is_sent = LINE.decode(record).headers is not None
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return {}
    return vouch(record, beside) if is_sent else {}
