"""Text of pages and people, made safe to show."""

from urllib.parse import urlsplit

_LONGEST_URL = 500


def web_link(url: str) -> str | None:
    """Return `url` if it may be linked: http or https, with a host, not overlong."""
    if len(url) > _LONGEST_URL:
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return url.strip() if parts.scheme in ("http", "https") and parts.hostname else None
