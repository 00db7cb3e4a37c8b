"""Simulated sources: every module here with a `SOURCE` is one; a new file is all that a new source needs."""
