"""Attack chains: every module here with a `CHAIN` is one; a new file is all that a new chain needs."""
