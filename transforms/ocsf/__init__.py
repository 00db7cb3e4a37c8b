"""OCSF events as nested objects: rendered from rows of the class tables, and checked against OCSF's own rules."""
