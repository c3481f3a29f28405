"""Reject of a page without an article, with its reason."""

from crawler.city import City
from crawler.extract import fields, kinds
from crawler.extract.body import images
from crawler.extract.kinds import reaches, units
from crawler.extract.page_fields import Fields, own_paragraphs
from crawler.extract.refusals import REASONS, TELLING, diagnose
from crawler.extract.region import ENOUGH
from crawler.item import Reject
from crawler.limits import MAX_TEXT, MAX_TITLE

_OUTERMOST = 3
"""Elements around headline and foot of a page: html, body and a wrapper."""
_DOUBTFUL = 400
"""Units of text below which a page may be a defence: their own words stay below."""
PLAIN = 80
"""Units of text from which an article is plainly one; set by hand, not measured."""


def reject_of(found: Fields) -> Reject | None:
    """Return the reject of a page without an article, or None."""
    page, city, body = found.page, found.city, found.body
    rejected = _no_article(found)
    if (
        not found.text.concealed
        and (rejected or not reaches([body.text], _DOUBTFUL))
        and sum(len(block.text) for block in page.blocks) <= TELLING
    ):
        # Only little text is worth asking whether the page is a defence: it takes long on scripts.
        blocked = diagnose(page.url, 200, page.headers, page.body)
        rejected = reject(page.url, city, blocked) if blocked else rejected
    if rejected and page.truncated and rejected.reason == "too_short":
        size = f"its first {len(page.html)} characters hold no text"
        return reject(page.url, city, "too_large", size)
    if rejected:
        return rejected
    if len(found.heading) > MAX_TITLE:
        size = f"a title of {len(found.heading)} characters"
        return reject(page.url, city, "too_large", size)
    if len(body.text) > MAX_TEXT:
        return reject(page.url, city, "too_large", f"{len(body.text)} characters of text")
    return None


def _no_article(found: Fields) -> Reject | None:
    """Return the reject for a body that is no article, or None."""
    page, text, body, documents = found.page, found.text, found.body, found.attachments
    general = text.rules is None
    pictures = found.images or images(page.outside_furniture("img") if general else (), page.base)
    own = "" if _is_foot(found) else "\n".join(own_paragraphs(body))
    reason = kinds.reject_reason(
        body.text if reaches([own], ENOUGH) else own,
        text.blocks if text.blocks and not general else page.blocks,
        general=general,
        documents=len(documents),
        pictures=len(pictures),
    )
    if reason is None:
        return None
    details = {
        "cover_notice": f"attached: {' '.join(documents[:3])}",
        "image_only": f"pictures: {len(pictures)}",
        "too_short": f"{units(own)} characters"
        + (", and notices of the site" * (own != body.text)),
    }
    return reject(page.url, found.city, reason, details.get(reason, ""))


def _is_foot(found: Fields) -> bool:
    """Return True if a short text is the foot of its page.

    Every page of a site ends in a foot: the last words below a film or a picture are no article,
    nor are words outside the box that has the headline and the film.
    """
    page, text = found.page, found.text
    if text.rules is not None or reaches(found.body.paragraphs, PLAIN):
        return False
    shown = page.outside_furniture("img", "video", "audio", "embed", "object")
    if not shown or text.places[1] == len(page.blocks):
        return bool(shown)
    start = text.places[0]
    title = page.blocks[min(fields.title_place(page.blocks, found.heading, start), start)].node
    own = set(page.blocks[start].node.iterancestors())
    around = [node for node in (title, *title.iterancestors()) if node in own]
    # Words in one box with the headline are its text; the page itself is no box.
    if len(around) > _OUTERMOST:
        return False
    boxes = [node for node in title.iterancestors() if node not in own]
    return bool(boxes) and any(boxes[-1] in media.iterancestors() for media in shown)


def reject(url: str, city: City, reason: str, detail: str = "") -> Reject:
    """Return a reject with its reason in words."""
    return Reject(url, city.key, reason, REASONS[reason] + (f" ({detail})" if detail else ""))
