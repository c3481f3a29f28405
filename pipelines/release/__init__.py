"""Releases: immutable snapshots of the corpus that a paper can cite.

`build` makes one, `verify` checks one, `difference` compares two. Everything that is not plain
Parquet is a format (`formats`): a function that streams from the release's own Parquet files into a
folder of its own, so no format can contain more than the release does.
"""
