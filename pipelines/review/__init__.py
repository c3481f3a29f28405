"""The local page where people judge pairs and sentences, and what keeps their verdicts."""

from crawler.errors import ShizhengError


class ReviewError(ShizhengError):
    """A review that cannot be begun as asked. The message says what was expected."""
