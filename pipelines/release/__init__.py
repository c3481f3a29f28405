"""Releases: immutable snapshots of the corpus that a paper can cite.

`build` makes one, `verify` checks one, `difference` tells two apart. Everything that is not plain
Parquet is a format (`formats`): a function that streams from the release's own Parquet files into a
folder of its own, so what a format holds can never be more than what the release holds.
"""
