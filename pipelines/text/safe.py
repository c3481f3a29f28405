"""Links that are safe to show."""

from urllib.parse import urlsplit

_LONGEST_URL = 500


def web_link(url: str) -> str | None:
    """Return an http or https URL that may be linked, or None.

    One without a host or overlong may not.
    """
    if len(url) > _LONGEST_URL:
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return url.strip() if parts.scheme in ("http", "https") and parts.hostname else None
