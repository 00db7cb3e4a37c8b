"""Catchment: from a remote log to a bronze row, and from a query to a Delta commit."""
