"""The embedded default: everything that `make run` needs on one machine."""
