"""Message to a webhook when a run fails or a city recovers.

The message is a JSON object; Slack, Mattermost and their like show its `text`. A webhook
that cannot be reached is reported and never fails a run. Its address may contain a secret, so it is
named by its host only.
"""

import json
import time
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from crawler.errors import ShizhengError

TIMEOUT = 10.0
"""Seconds for one try. Set by hand; not measured."""

PAUSE = 2.0
"""Seconds before the second and last try. Set by hand; not measured."""


class WebhookError(ShizhengError):
    """A webhook's address that cannot be used."""


def checked(url: str) -> str:
    """Return a webhook's address after a check. Raises `WebhookError`."""
    printable = url.isascii() and url.isprintable() and " " not in url
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not printable:
        raise WebhookError("a webhook is an http or https address, https://hooks.example.org/…")
    return url


def event(
    exit_code: int, failures: Mapping[str, Any], before: Mapping[str, Any] | None
) -> tuple[str, list[str]] | None:
    """Return a run's event, `failed` or `recovered`, and the recovered cities.

    `before` is True for each of the run's cities that had failed when it was last run; None if
    a run was cut short since. Returns None for a run without news.
    """
    past = before or {}
    recovered = sorted(key for key, failed in past.items() if failed and key not in failures)
    if exit_code != 0:
        return "failed", recovered
    return ("recovered", recovered) if recovered or before is None else None


def post(
    url: str, message: Mapping[str, Any], *, timeout: float = TIMEOUT, pause: float = PAUSE
) -> str | None:
    """Post a message, in two tries at most; return a failure's sentence."""
    body = json.dumps(message, ensure_ascii=False, default=str).encode()
    request = urllib.request.Request(
        url, body, {"Content-Type": "application/json; charset=utf-8", "User-Agent": "shizheng"}
    )
    reason = ""
    for attempt in range(2):
        if attempt:
            time.sleep(pause)
        try:
            with urllib.request.urlopen(request, timeout=timeout):
                return None
        except urllib.error.HTTPError as error:
            reason = f"status {error.code}"
            if error.code < 500 and error.code != 429:
                break  # it was understood and refused: asking again changes nothing
        except (OSError, ValueError) as error:
            reason = str(getattr(error, "reason", error))
    return f"the webhook at {urlsplit(url).hostname} could not be reached ({reason})"
