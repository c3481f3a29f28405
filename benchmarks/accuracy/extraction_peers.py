"""Installed extractors of the extra `peers`, used as their documentation does.

newspaper4k and goose3 are told the language; for Chinese both need jieba.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def _newspaper(html: str, chinese: bool) -> str:
    article = import_module("newspaper").Article(
        "http://unknown.invalid/", language="zh" if chinese else "en"
    )
    article.download(input_html=html)
    article.parse()
    return str(article.text)


def _goose(html: str, chinese: bool) -> str:
    settings: dict[str, Any] = {"use_meta_language": False, "target_language": "en"}
    if chinese:
        words = import_module("goose3.text").StopWordsChinese
        settings |= {"target_language": "zh", "stopwords_class": words}
    return str(import_module("goose3").Goose(settings).extract(raw_html=html).cleaned_text)


def _resiliparse(html: str, _: bool) -> str:
    extract = import_module("resiliparse.extract.html2text").extract_plain_text
    return str(extract(html, main_content=True))


def _gne(html: str, _: bool) -> str:
    return str(import_module("gne").GeneralNewsExtractor().extract(html)["content"])


def _magic_html(html: str, _: bool) -> str:
    found: dict[str, Any] = (
        import_module("magic_html")
        .GeneralExtractor()
        .extract(html, base_url="http://unknown.invalid/")
    )
    text = import_module("lxml.html").fromstring(found["html"] or "<p></p>").text_content()
    return str(text)


def _guarded(read: Callable[[str, bool], str]) -> Callable[[str, bool], str]:
    def said(html: str, chinese: bool) -> str:
        try:
            return read(html, chinese)
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


PEERS: dict[str, Callable[[str, bool], str]] = {
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
