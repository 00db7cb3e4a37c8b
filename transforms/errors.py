"""Every error that Catchment raises, classed by what one does about it.

    CatchmentError
    |-- ConfigError      the operator must change something; a retry cannot help
    |-- RetryableError   the outside world failed; the same call may work later
    |-- ObjectGone       the object was deleted or replaced before it was read
    `-- DataError        the bytes are bad; they go to quarantine, the batch goes on

The message names source, object and position; the class alone decides how a caller recovers.
"""

from __future__ import annotations


class CatchmentError(Exception):
    """Base of all: one clear line for a person."""


class ConfigError(CatchmentError):
    """A setting, a name or a permission is wrong. Not retried."""


class RetryableError(CatchmentError):
    """A service was unreachable, throttled or slow. Retried by the scheduler."""


class ObjectGone(CatchmentError):
    """The planned version of an object no longer exists."""


class DataError(CatchmentError):
    """An object or a record cannot be read. Its bytes go to quarantine with this message as the reason."""
