"""`python -m bench.stand_in CERTIFICATE PORT`: a stand-in for a FHIR server that takes 50 ms for every answer.

What may live here: just enough HTTP for keep-alive GETs and batches, and the answers of the invented patient of
`bodies`. All entries of a batch are answered together after the same 50 ms. The same answers come over TLS from another
port, which `GET /tls` names.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit

from bench.bodies import PATIENT_ID, prefetch
from cds_service.knowledge import load_knowledge
from cds_service.settings import Settings

SECONDS_PER_ANSWER = 0.05


def answers() -> dict[tuple[str, str, str], bytes]:
    """Every search of the service with its answer, by path, codes and status."""
    templates = {query.key: query.template() for query in load_knowledge(Settings()).queries}
    found = prefetch(templates, datetime.now(UTC))
    return {
        _asked(template.replace("{{context.patientId}}", PATIENT_ID)): json.dumps(found[key]).encode()
        for key, template in templates.items()
        if found[key] is not None
    }


def _nothing(target: str) -> bytes:
    """No match, and the search that has none: the standard asks servers to name it."""
    link = {"relation": "self", "url": f"https://ehr.example/fhir/r4/{target.lstrip('/')}"}
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "total": 0, "link": [link]}).encode()


def _found(known: Mapping[tuple[str, str, str], bytes], target: str) -> bytes:
    """The answer to one search."""
    return known.get(_asked(target)) or _nothing(target)


def _asked(target: str) -> tuple[str, str, str]:
    """What our searches differ in: type or read, codes, status. Dates and sizes are not looked at."""
    parts = urlsplit(target)
    values = parse_qs(parts.query)
    return unquote(parts.path).strip("/"), values.get("code", [""])[0], values.get("status", [""])[0]


async def answer(
    known: Mapping[tuple[str, str, str], bytes],
    tls_port: int,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Answer one connection until the other side closes it."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _ = head.decode("ascii").split(" ", 2)
            asked = await reader.readexactly(content_length(head)) if method == "POST" else b""
            await asyncio.sleep(0 if target == "/health" else SECONDS_PER_ANSWER)
            body = _batch_answer(known, asked) if asked else _found(known, target)
            if target == "/tls":
                body = str(tls_port).encode()
            start = "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: "
            writer.write(f"{start}{len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def content_length(head: bytes) -> int:
    """How many bytes follow these headers."""
    return int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])


def _batch_answer(known: Mapping[tuple[str, str, str], bytes], asked: bytes) -> bytes:
    """The answers to all entries of a batch, put together as text: parsing them would cost more than answering."""
    targets = [entry["request"]["url"] for entry in json.loads(asked)["entry"]]
    entries = [b'{"resource":' + _found(known, target) + b',"response":{"status":"200 OK"}}' for target in targets]
    return b'{"resourceType":"Bundle","type":"batch-response","entry":[' + b",".join(entries) + b"]}"


async def serve(certificate: str, port: int) -> None:
    """Answer until told to stop."""
    known = answers()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    secure = await asyncio.start_server(
        lambda *streams: answer(known, 0, *streams), "127.0.0.1", 0, backlog=1024, ssl=context
    )
    tls_port = secure.sockets[0].getsockname()[1]
    plain = await asyncio.start_server(
        lambda *streams: answer(known, tls_port, *streams), "127.0.0.1", port, backlog=1024
    )
    async with secure, plain:
        await plain.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
