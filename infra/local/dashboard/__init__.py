"""The first dashboard: findings, coverage, lineage and health of a lake, as one static page.

`data` asks the lake, `page` puts the answers, the style and the script of `site/` into one self-contained HTML file.
"""
