"""OCSF events as nested objects: rendered from the flat rows of the class tables, and checked against OCSF's own rules."""
