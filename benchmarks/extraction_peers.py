"""Extractors of the extra `peers`, those installed, each asked as its documentation does."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def _newspaper(html: str) -> str:
    article = import_module("newspaper").Article("http://unknown.invalid/")
    article.download(input_html=html)
    article.parse()
    return str(article.text)


def _goose(html: str) -> str:
    return str(import_module("goose3").Goose().extract(raw_html=html).cleaned_text)


def _resiliparse(html: str) -> str:
    extract = import_module("resiliparse.extract.html2text").extract_plain_text
    return str(extract(html, main_content=True))


def _gne(html: str) -> str:
    return str(import_module("gne").GeneralNewsExtractor().extract(html)["content"])


def _magic_html(html: str) -> str:
    found: dict[str, Any] = (
        import_module("magic_html")
        .GeneralExtractor()
        .extract(html, base_url="http://unknown.invalid/")
    )
    text = import_module("lxml.html").fromstring(found["html"] or "<p></p>").text_content()
    return str(text)


def _guarded(read: Callable[[str], str]) -> Callable[[str], str]:
    def said(html: str) -> str:
        try:
            return read(html)
        except Exception:
            # An extractor that fails on a page has found no text there.
            return ""

    return said


def _installed(module: str) -> bool:
    try:
        import_module(module)
    except ImportError:
        return False
    return True


PEERS: dict[str, Callable[[str], str]] = {
    name: _guarded(read)
    for name, module, read in (
        ("newspaper4k", "newspaper", _newspaper),
        ("goose3", "goose3", _goose),
        ("resiliparse", "resiliparse", _resiliparse),
        ("GNE", "gne", _gne),
        ("magic-html", "magic_html", _magic_html),
    )
    if _installed(module)
}
"""The peers that are installed, by name."""
