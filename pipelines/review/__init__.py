"""Local web page for judging pairs and beads, and storage of verdicts."""

from crawler.errors import ShizhengError


class ReviewError(ShizhengError):
    """A review that cannot be started as asked."""
