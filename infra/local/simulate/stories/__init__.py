"""Ordinary behaviour across sources: every module here with a `STORY` is one; a new file is all that it needs."""
