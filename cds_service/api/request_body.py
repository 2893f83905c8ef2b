"""The body of a request as JSON: which media types are taken, and how it may be packed.

What may live here: what HTTP says about a body, and its limit. How JSON is read stands in `json_text.py`.
"""

from __future__ import annotations

import zlib
from typing import Any

from flask import Request, request
from werkzeug.exceptions import HTTPException

from cds_service.json_text import NotJson, charset_of, is_in_wide_characters, read_json
from cds_service.outcome import ServiceError

MEDIA_TYPES = frozenset({"application/json", "application/fhir+json", "application/json+fhir", "text/json"})
"""How CDS clients call their JSON, in any letter case and with any parameters."""

_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_BARE = -zlib.MAX_WBITS
_CODINGS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}
_MOST_MEMBERS = 100
"""So many gzip files may follow one another in a body."""


def sent_json() -> Any:
    """The body of this request.

    Raises:
        ServiceError: 415 for another media type or coding, 413 for more than the limit, 400 for what is not JSON.
    """
    if request.mimetype not in MEDIA_TYPES:
        raise ServiceError(415, "the body must be application/json (or application/fhir+json)", "Content-Type")
    body = _unpacked(request)
    content_type = request.environ.get("CONTENT_TYPE", "")
    # JSON is exchanged in UTF-8; what is not has to be called so.
    if is_in_wide_characters(body) and not charset_of(content_type).startswith("utf-"):
        raise ServiceError(400, "the body must be UTF-8, or Content-Type must name its charset", "body")
    try:
        return read_json(body, content_type)
    except NotJson as problem:
        raise ServiceError(400, f"the body {problem}", "body") from None


def _received(sent: Request) -> bytes:
    """The body as it came. One that comes in chunks does not say how long it is, and is cut at the limit when read."""
    try:
        body = sent.get_data(cache=False)
        has_more = "HTTP_TRANSFER_ENCODING" in sent.environ and _goes_on(sent, len(body))
    except HTTPException:
        raise
    except Exception:
        # Every web server has errors of its own for chunks that are none.
        raise ServiceError(400, "the body could not be received: its chunks are broken or cut short", "body") from None
    if has_more:
        raise ServiceError(413, "the body is larger than the limit", "body")
    return body


def _goes_on(sent: Request, received: int) -> bool:
    return received == sent.max_content_length and bool(sent.environ["wsgi.input"].read(1))


def _unpacked(sent: Request) -> bytes:
    """The body without its Content-Encoding; the limit of a body holds for what comes out."""
    body = _received(sent)
    coding = sent.environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in _CODINGS:
        known = ServiceError(415, "the body must be packed by gzip or deflate, or not at all", "Content-Encoding")
        known.headers["Accept-Encoding"] = "gzip, deflate"
        raise known
    window = _CODINGS[coding]
    if window == _ZLIB and not _has_zlib_header(body):
        # Some clients take "deflate" at its word and leave out the header that HTTP asks for.
        window = _BARE
    return unpacked(body, window, sent.max_content_length)


def _has_zlib_header(body: bytes) -> bool:
    return len(body) > 1 and body[0] & 15 == zlib.DEFLATED and int.from_bytes(body[:2]) % 31 == 0


def unpacked(packed: bytes, window: int, most: int | None) -> bytes:
    """What was packed, unpacked no further than one byte beyond the limit (None: without one).

    Raises:
        ServiceError: 413 beyond the limit, 400 for what is broken or cut short.
    """
    content = bytearray()
    for _ in range(_MOST_MEMBERS):
        unpacking = zlib.decompressobj(window)
        try:
            content += unpacking.decompress(packed, 0 if most is None else most + 1 - len(content))
        except zlib.error:
            break
        if most is not None and len(content) > most:
            raise ServiceError(413, "the body is larger than the limit when it is unpacked", "body")
        if not unpacking.eof:
            break
        packed = unpacking.unused_data
        if not packed:
            return bytes(content)
    raise ServiceError(400, "the body cannot be unpacked: it is broken or cut short", "body")
