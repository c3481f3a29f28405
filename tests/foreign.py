"""Records of web archives as other programs write them."""

import io

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter


def member(
    url: str, body: bytes, kind: str = "response", *, status: str = "200 OK", **fields: str
) -> bytes:
    """Return the gzip member of one record; `fields` are those of its head, `_` for `-`."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="1.0")
    http = StatusAndHeaders(status, [("Content-Type", "text/html")], protocol="HTTP/1.1")
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    writer.write_record(
        writer.create_warc_record(
            url, kind, payload=io.BytesIO(body), http_headers=http, warc_headers_dict=named
        )
    )
    return out.getvalue()
