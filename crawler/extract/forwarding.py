"""Pages that only lead elsewhere: by script, form, click or refresh.

Publishing systems write one for every entry that is a link to another page. A defence looks alike
and is none: it reloads its own address, or sends what the browser had to find out.
"""

import html as entities
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from urllib.parse import unquote, urlencode, urljoin, urlsplit

from crawler.item import canonical_url

_LONGEST = 60_000
"""Bytes of such a page at most; set by hand, not measured."""
_PATIENCE = 30
"""Most seconds until a page refreshes; a longer wait renews a page that people read. By hand."""
# Every repetition below is bounded or ends with the text: a hostile page takes no square of time.
_HIDDEN = re.compile(
    r"<(noscript|template|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.I | re.S
)
_SCRIPT = re.compile(r"<script\b([^<>]*)>(.*?)(?:</script\s*>|\Z)", re.I | re.S)
_META = re.compile(r"<meta\b([^<>]*)>", re.I)
_ATTRIBUTE = re.compile(r"([\w:-]{1,40})\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_REFRESH = re.compile(r"\s*(\d{1,6})(?:\.\d*)?\s*[;,；，\s]\s*(?:url\s*=)?\s*[\"']?([^\"']+)", re.I)
_BASE = re.compile(r"<base\b([^<>]*)>", re.I)
_ONLOAD = re.compile(r"\bonload\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.I)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|(?<![:\"'\\])//[^\n]*", re.S)
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\"'/]))")
_DECODED = re.compile(
    r"\b(?:unescape|(?:de|en)codeURI(?:Component)?)\(\s{0,9}(\"[^\"\n]*\"|'[^'\n]*')\s{0,9}\)"
)
_TASK = re.compile(
    r"document\.cookie|\beval\s*\(|fromCharCode|XMLHttpRequest|\bfetch\s*\(|\batob\s*\("
)
_DEVICE = re.compile(r"userAgent|screen\.width|navigator\.platform|matchMedia", re.I)
_LITERAL = r"\"[^\"\n]*\"|'[^'\n]*'|`[^`$]*`"
_TERM = rf"(?:{_LITERAL}|[A-Za-z_$][\w$.]{{0,60}})"
_SUM = rf"({_TERM}(?:\s{{0,9}}\+\s{{0,9}}{_TERM}){{0,20}})"
_GOES = re.compile(
    r"\blocation\s*(?:\.\s*(?:href|pathname)\s*)?=(?!=)\s*" + _SUM + "|"
    r"\blocation\s*\.\s*(?:replace|assign)\s*\(\s*" + _SUM + "|"
    r"\(\s*(?:window\s*\.\s*)?location\s*\)\s*\.\s*(?:attr|prop)\(\s*[\"']href[\"']\s*,\s*"
    + _SUM
    + "|"
    r"\b(?:window|self|top)\s*\.\s*navigate\s*\(\s*" + _SUM + "|"
    r"\bopen\s*\(\s*" + _SUM + r"\s*,\s*[\"']_(?:self|top|parent)[\"']"
)
_NAMED = re.compile(
    rf"(?<![\w$])([A-Za-z_$][\w$]{{0,60}})\s{{0,9}}=(?!=)\s{{0,9}}{_SUM}\s{{0,9}}(?:[;,\n]|$)"
)
_LISTS = re.compile(
    rf"(?<![\w$])([A-Za-z_$][\w$]{{0,60}})\s{{0,9}}=\s{{0,9}}\[((?:\s{{0,9}}(?:{_LITERAL})\s{{0,9}},?){{1,20}})\]"
)
_PLACE = re.compile(r"(?<=[\w$])\[(\d{1,2})\](?!\s{0,9}\.)")
_FIELDS = re.compile(r"(?<![\w$])([A-Za-z_$][\w$]{0,60})\s{0,9}=\s{0,9}\{([^{}]{1,2000})\}")
_FIELD = re.compile(rf"[\"']?\b([\w$]{{1,60}})[\"']?\s{{0,9}}:\s{{0,9}}({_LITERAL})")
_FUNCTION = re.compile(r"\bfunction\s{1,9}([A-Za-z_$][\w$]{0,60})\s{0,9}\(")
_PARAMETERS = re.compile(
    r"\bfunction\s{0,9}([A-Za-z_$][\w$]{0,60})?\s{0,9}\(([\w$,\s]{1,200})\)\s{0,9}\{"
)
_FUNCTIONS = 40
"""Functions of a script that are looked at; a page that only leads elsewhere has few. By hand."""
_CLICKED = re.compile(r"(?:onclick|click[\"']?\s*[,(])[^{}]{0,60}\{[^{}]*\}", re.I)
_RESTS = frozenset(("location.search", "location.hash"))
"""Terms that repeat a part of the page's own address; they may be left out."""
_WINDOW = re.compile(r"\b(?:window|document|self|top|parent)\s?\.\s?(?=location\b)")
_BRACKET = re.compile(r"(?<=[\w\])])\[\s{0,9}[\"'](\w{1,40})[\"']\s{0,9}\]")
_TEMPLATE = re.compile(r"`([^`\n]{0,500})`")
_HOLE = re.compile(r"\$\{\s{0,9}([\w$.]{1,60})\s{0,9}\}")
_CONCAT = re.compile(rf"(?<![\w$.])({_TERM})\.concat\(((?:\s{{0,9}}{_TERM}\s{{0,9}},?){{1,10}})\)")
_JOINED = re.compile(
    rf"\[((?:\s{{0,9}}(?:{_LITERAL})\s{{0,9}},?){{1,10}})\]\.join\(\s{{0,9}}({_LITERAL})\s{{0,9}}\)"
)
_ELEMENT = (
    r"(?:document\.)?(?:getElementById|querySelector(?:All)?|getElementsBy(?:TagName|ClassName|Name))"
    r"\(\s{0,9}[\"']([^\"'\n]{1,80})[\"']\s{0,9}\)|(?:\$|jQuery)\(\s{0,9}[\"']([^\"'\n]{1,80})[\"']\s{0,9}\)"
    r"|document\.(links|forms|[A-Za-z_]\w{0,40})(?:\.([A-Za-z_]\w{0,40}))?|\b([A-Za-z_]\w{0,40})"
)
_ITEM = r"(?:\[\d{1,2}\]|\.(?:get|eq|item)\(\d{1,2}\)|\.first\(\)){0,2}"
_DEEDS = "click|submit|href|value|action|dataset|attr|getAttribute|trigger"
_ALIAS = re.compile(
    r"(?<![\w$.])([A-Za-z_$][\w$]{0,60})\s{0,9}=\s{0,9}((?:document\.(?:getElementById|querySelector)|\$)"
    r"\(\s{0,9}[\"'][^\"'\n]{1,80}[\"']\s{0,9}\))(?=\s{0,9}[;,\n])"
)
_MADE = re.compile(r"createElement\(\s{0,9}[\"']a[\"']\s{0,9}\)", re.I)
_MADE_HREF = re.compile(rf"(?<![\w$.])([A-Za-z_$][\w$]{{0,60}})\.href\s{{0,9}}=\s{{0,9}}{_SUM}")
_ACTS = re.compile(
    rf"(?:{_ELEMENT}){_ITEM}\.(?:(click|submit)\(\s{{0,9}}\)|trigger\(\s{{0,9}}[\"'](click|submit)[\"'])"
)
_READS = re.compile(
    rf"(?:{_ELEMENT}){_ITEM}\.(?:(value|href|action)\b|dataset\.(\w{{1,30}})|"
    r"(?:attr|prop|getAttribute)\(\s{0,9}[\"']"
    r"([\w-]{1,30})[\"']\s{0,9}\)|(val)\(\s{0,9}\))"
)
_FILLED = re.compile(r"\.value\s{0,9}=(?!=)|\.val\(\s{0,9}[^\s)]")
_TAG = re.compile(r"<([a-z][a-z0-9]{0,20})\b([^<>]*)>", re.I)
_TAGS = 400
"""Elements of such a page that are looked at; set by hand."""
_SELECTOR = re.compile(r"([a-z][a-z0-9]*)?([#.]?)([\w-]*)", re.I)
_ASKS = frozenset(("text", "password", "search", "email", "number", "checkbox", "radio", "file"))
_FORM_TAGS = frozenset(("input", "select", "textarea", "button"))
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})

_Tag = tuple[str, dict[str, str], int]
"""Name of an element in lower case, its attributes, and where it ends."""


def forward_of(url: str, body: bytes, headers: Mapping[str, str] = _NO_HEADERS) -> str | None:
    """Return the address that a page without text leads to, or None.

    It is absolute, http or https, and another page than `url`. `headers` may have a `refresh`.
    """
    if len(body) > _LONGEST:
        return None
    text = body.decode("utf-8", "replace")
    markup = _HIDDEN.sub(" ", _SCRIPT.sub(" ", text))
    base = next((value for m in _BASE.finditer(markup) if (value := _named(m[1]).get("href"))), "")
    waits = _REFRESH.match(headers.get("refresh", ""))
    given: list[str] = [waits[2]] if waits and int(waits[1]) <= _PATIENCE else []
    for target in (*given, *_refreshes(markup), *_jumps(text, markup, url)):
        try:
            found = urljoin(urljoin(url, base), target.strip()).partition("#")[0]
            parts = urlsplit(found)
        except ValueError:
            continue
        followable = parts.scheme in ("http", "https") and parts.hostname
        if followable and canonical_url(found) != canonical_url(url):
            return found
    return None


def _refreshes(markup: str) -> Iterator[str]:
    """Yield the targets of meta refreshes."""
    for meta in _META.finditer(markup):
        named = _named(meta[1])
        if named.get("http-equiv", "").strip().lower() == "refresh":
            found = _REFRESH.match(named.get("content", ""))
            if found and int(found[1]) <= _PATIENCE:
                yield found[2]


def _named(attributes: str) -> dict[str, str]:
    """Return attributes by name, the name in lower case."""
    return {
        name.lower(): entities.unescape(double or single or bare)
        for name, double, single, bare in _ATTRIBUTE.findall(attributes)
    }


def _jumps(text: str, markup: str, url: str) -> Iterator[str]:
    """Yield the targets of scripts that leave the page by themselves."""
    codes = [code for named, code in _SCRIPT.findall(text) if "src" not in _named(named)]
    codes += [entities.unescape(one or other) for one, other in _ONLOAD.findall(markup)]
    plain = [_COMMENT.sub(" ", _ESCAPED.sub(_unescaped, code)) for code in codes]
    plain = [_DECODED.sub(lambda call: unquote(call[1]), code) for code in plain]
    if not plain or _TASK.search("\n".join(plain)):
        return
    tags = [
        (tag[1].lower(), _named(tag[2]), tag.end()) for tag in islice(_TAG.finditer(markup), _TAGS)
    ]
    plain = [_plain_sums(code, tags) for code in plain]
    everything = "\n".join(plain)
    values = _values(everything, url)
    for code in plain:
        run = _CLICKED.sub(" ", _without_unused(code, everything))
        sums = [next(filter(None, found)) for found in _GOES.findall(run)]
        targets = [target for each in sums if (target := _value(each, values))]
        if _DEVICE.search(run):
            # Of a choice by device, the last is for the others; a lone one is for telephones.
            targets = targets[-1:] if len(targets) > 1 else []
        yield from targets
        yield from _refreshes(run)
        for name, sums_of in _MADE_HREF.findall(run) if _MADE.search(run) else ():
            if re.search(rf"(?<![\w$.]){re.escape(name)}\.click\(", run):
                yield _value(sums_of, values)
        yield from _acts(run, markup, tags)


def _plain_sums(code: str, tags: list[_Tag]) -> str:
    """Return a script with its joined and read texts as sums."""
    code = _PLACE.sub(r".\1", _WINDOW.sub("", _BRACKET.sub(r".\1", code)))
    for alias in islice(_ALIAS.finditer(code), _FUNCTIONS):
        named = rf"(?<![\w$.]){re.escape(alias[1])}(?=\.(?:{_DEEDS}))"
        code = re.sub(named, lambda _, call=alias[2]: call, code)  # type: ignore[misc]
    code = _TEMPLATE.sub(_filled, code)
    code = _CONCAT.sub(lambda call: f"{call[1]} + {call[2].strip(' ,').replace(',', ' + ')}", code)
    code = _JOINED.sub(_joined, code)
    return _READS.sub(lambda read: _read(read, tags), code)


def _filled(found: re.Match[str]) -> str:
    """Return a template with variables as a sum."""
    if "${" not in found[1] or '"' in found[1]:
        return found[0]
    return '"' + _HOLE.sub(r'" + \1 + "', found[1]) + '"'


def _joined(call: re.Match[str]) -> str:
    """Return a list of texts, joined by a script, as one literal."""
    pieces = [piece[1:-1] for piece in re.findall(_LITERAL, call[1])]
    return f'"{call[2][1:-1].join(pieces)}"'


def _read(found: re.Match[str], tags: list[_Tag]) -> str:
    """Return the attribute that a script reads as a literal."""
    tag = _chosen(found.groups()[:5], tags)
    name = found[6] or (f"data-{found[7]}" if found[7] else found[8]) or "value"
    value = tag[1].get(name, "") if tag else ""
    return f'"{value}"' if value and '"' not in value else found[0]


def _values(everything: str, url: str) -> dict[str, str]:
    """Return texts of variables, parameters and the page's own address."""
    here = urlsplit(url)
    values = {
        "location.host": here.netloc,
        "location.hostname": here.hostname or "",
        "location.protocol": f"{here.scheme}:",
        "location.origin": f"{here.scheme}://{here.netloc}",
        "location.pathname": here.path,
    }
    for name, fields in _FIELDS.findall(everything):
        for field, literal in _FIELD.findall(fields):
            values.setdefault(f"{name}.{field}", literal[1:-1])
    for name, items in _LISTS.findall(everything):
        for place, literal in enumerate(re.findall(_LITERAL, items)):
            values.setdefault(f"{name}.{place}", literal[1:-1])
    for match in islice(_PARAMETERS.finditer(everything), _FUNCTIONS):
        called = (
            rf"(?<!function )(?<![\w$.]){re.escape(match[1])}\("
            if match[1]
            else r"\}\s{0,9}\)?\s{0,9}\("
        )
        call = re.compile(rf"{called}([^()]{{1,500}})\)").search(
            everything, 0 if match[1] else match.end()
        )
        given = call[1].split(",") if call else []
        for name, written in zip(match[2].split(","), given, strict=False):
            if re.fullmatch(_LITERAL, written.strip()):
                values.setdefault(name.strip(), written.strip()[1:-1])
    for name, terms in _NAMED.findall(everything):
        if value := _value(terms, values):
            values[name] = value
    return values


def _acts(run: str, markup: str, tags: list[_Tag]) -> Iterator[str]:
    """Yield targets of links and forms that a script activates."""
    for found in _ACTS.finditer(run):
        tag = _chosen(found.groups()[:5], tags)
        if tag is None:
            continue
        if tag[0] == "form" and "submit" in (found[6], found[7]) and not _FILLED.search(run):
            yield _sent(tag, markup, tags)
        elif tag[0] == "a" and "click" in (found[6], found[7]):
            yield tag[1].get("href", "")


def _chosen(asked: tuple[str | None, ...], tags: list[_Tag]) -> _Tag | None:
    """Return the element that a script names, or None."""
    by_call, by_jquery, of_document, field, bare = asked
    if of_document in ("links", "forms") and not field:
        wanted = [("a" if of_document == "links" else "form", "", "")]
    elif name := by_call or by_jquery:
        # A click on a part of a link is one on the link: the first that is named is taken.
        steps = [_SELECTOR.fullmatch(step) for step in re.split(r"[\s>]+", name.strip())]
        wanted = [(step[1] or "", step[2], step[3]) for step in steps if step]
        wanted += [("", sign, name) for sign in ("#", ".") if by_call]
    else:
        wanted = [("", "#", field or of_document or bare or "")]
    return next((tag for each in wanted for tag in tags if _is_meant(tag, *each)), None)


def _is_meant(tag: _Tag, name: str, sign: str, value: str) -> bool:
    """Return True if an element fits a part of a selector."""
    own, attributes, _ = tag
    if name and own != name.lower():
        return False
    if sign == "#":
        return value in (attributes.get("id"), attributes.get("name"))
    if sign == ".":
        return value in attributes.get("class", "").split()
    return bool(name)


def _sent(form: _Tag, markup: str, tags: list[_Tag]) -> str:
    """Return the address of a form without questions; empty for others."""
    end = markup.lower().find("</form", form[2])
    inside = [
        (kind, named)
        for kind, named, at in tags
        if form[2] < at and (end < 0 or at <= end) and kind in _FORM_TAGS
    ]
    fields = [(tag["name"], tag.get("value", "")) for _, tag in inside if tag.get("name")]
    asks = any(
        kind != "button" and tag.get("type", "text").lower() in _ASKS for kind, tag in inside
    )
    if asks or (fields and form[1].get("method", "get").lower() != "get"):
        return ""
    action = form[1].get("action", "")
    return f"{action.partition('?')[0]}?{urlencode(fields)}" if fields else action


def _unescaped(found: re.Match[str]) -> str:
    """Return the sign that an escape of a script means."""
    return chr(int(found[1] or found[2], 16)) if found[1] or found[2] else found[3]


def _value(terms: str, values: dict[str, str]) -> str:
    """Return a sum of literals and variables; empty if one is unknown."""
    found = ""
    for term in re.findall(_TERM, terms):
        if term[0] in "\"'`":
            found += term[1:-1]
        elif term in values:
            found += values[term]
        elif term not in _RESTS:
            return ""
    return found


def _without_unused(code: str, everything: str) -> str:
    """Return a script without the functions that nothing calls."""
    for match in reversed(list(islice(_FUNCTION.finditer(code), _FUNCTIONS))):
        called = rf"(?<![/.\w-]){re.escape(match[1])}\s*[(),;]"
        if len(re.findall(called, everything)) > 1:
            continue
        start, depth = code.find("{", match.end()), 0
        for at in range(start, len(code)) if start >= 0 else ():
            depth += {"{": 1, "}": -1}.get(code[at], 0)
            if not depth:
                code = code[:start] + code[at + 1 :]
                break
    return code
