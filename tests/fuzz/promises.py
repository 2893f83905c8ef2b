"""What the service promises for every request, whatever it holds.

What may live here: the checks of one answer, and the places where a secret may have leaked. The documented statuses
come from the description of the service, the rules for cards from the contract tests.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from tests.contract.card_rules import check_answer, check_error
from tests.fuzz.bodies import PLANTED

WITHIN_SECONDS = 10.0
_TRACES = re.compile(r"Traceback|/\w+/\w+\.py|\bline \d+, in\b|site-packages|sqlalchemy|sqlite3", re.IGNORECASE)


def description() -> dict[str, Any]:
    """The OpenAPI description that the service ships."""
    text = files("cds_service.api.schemas").joinpath("openapi.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_sound: set[tuple[object, ...]] = set()
"""Answers that were found in order, without their uuids: most mutations change nothing in the answer."""
_PATHS: Mapping[str, Any] = description()["paths"]


@dataclass(frozen=True)
class Reply:
    """An answer to any caller, in the shape that the checks of `card_rules` read."""

    status_code: int
    mimetype: str | None
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def get_json(self) -> Any:
        return json.loads(self.data)

    def get_data(self, as_text: bool = False) -> str | bytes:
        return self.data.decode() if as_text else self.data


def check_kept(reply: Reply, path: str, seconds: float, patient_id: str | None = None) -> None:
    """Every promise for the answer to a POST at this path; `patient_id` when the cards must be about that patient."""
    assert reply.status_code < 500, reply.data
    assert str(reply.status_code) in _PATHS[path]["post"]["responses"], "a status that the description does not name"
    assert seconds < WITHIN_SECONDS, f"answered after {seconds:.1f} s"
    assert "X-Injected" not in reply.headers
    alike = (path, reply.status_code, reply.mimetype, patient_id, _UUID.sub(b"", reply.data))
    if alike not in _sound:
        _check_body(reply, path, patient_id)
        _sound.add(alike)


def _check_body(reply: Reply, path: str, patient_id: str | None) -> None:
    check_silent(reply.data.decode())
    if reply.status_code != 200:
        check_error(reply, reply.status_code)  # type: ignore[arg-type]  # a Reply has what the check reads
    elif not path.endswith("/feedback"):
        check_answer(reply, patient_id or "")  # type: ignore[arg-type]  # as above


def check_silent(text: str) -> None:
    """Nothing planted and nothing of our insides is in this text."""
    for secret in PLANTED:
        assert secret not in text, f"{secret} is in {text[:2000]}"
    assert not _TRACES.search(text), text[:2000]


class Listener(logging.Handler):
    """Hears every log line of the process, traces included, and keeps those that hold a planted secret."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard = 0
        self.leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard += 1
        text = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            text += "".join(traceback.format_exception(record.exc_info[1]))
        self.leaks += [f"{record.name}: {text}"] if any(secret in text for secret in PLANTED) else []
