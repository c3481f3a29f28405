"""Pages of an archive in the place of others, such as notices.

A crawl knows what its lists promised; an archive shows only where addresses led, and that several
show one text. So only a notice is refused for that, or a page to which many other addresses led.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping

from crawler.crawl.fit import MANY, content_key, is_notice, same_place
from crawler.extract.refusals import REASONS
from crawler.item import Article, Reject, canonical_url


def stand_ins(
    articles: Mapping[str, Article], led: Mapping[str, Collection[str]]
) -> dict[str, Reject]:
    """Return the rejects of pages in others' place, by address.

    `led` has the addresses that led to a page, by its canonical address.
    """
    found: dict[str, Reject] = {}
    notices: dict[str, list[str]] = defaultdict(list)
    for url, article in articles.items():
        notice = is_notice(article)
        if notice:
            notices[content_key(article)].append(url)
        asked = led.get(canonical_url(url), ())
        elsewhere = [one for one in asked if not same_place(one, url)]
        if elsewhere and len(elsewhere) == len(asked) and (notice or len(elsewhere) >= MANY):
            shown = f"{len(elsewhere)} other addresses lead to this page"
            found[url] = _reject(article, "redirected_away", shown)
    for urls in notices.values():
        if len({canonical_url(url) for url in urls}) >= MANY:
            shown = f"{len(urls)} addresses show this notice"
            found |= {url: _reject(articles[url], "same_page", shown) for url in urls}
    return found


def _reject(article: Article, reason: str, shown: str) -> Reject:
    return Reject(article.url, article.city, reason, f"{REASONS[reason]} ({shown})")
