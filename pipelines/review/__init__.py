"""The local page where people judge pairs and sentences, and what keeps their verdicts."""


class ReviewError(ValueError):
    """A review that cannot be begun as asked. The message says what was expected."""
