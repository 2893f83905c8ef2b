"""A newcomer types every command of README and docs/, as it stands.

What may live here: what has to come of them. The commands themselves and their words are in `table`.
"""

from __future__ import annotations

import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.walk.newcomer import Done, answers
from tests.walk.table import BESIDE_THE_DEMO, SERVICE, Typed

PLAY_SECONDS = 120


def test_make_demo_installs_and_plays_and_serves(demo: Path) -> None:
    printed = all_printed(demo, f"open {SERVICE}/ehr")
    assert "CRITICAL cua-suspected: Presumed calciphylaxis until proven otherwise" in " ".join(printed.split())
    for page in ("/ehr", "/course", "/reasons", "/try", "/smart", "/openapi.json", "/cds-services"):
        assert answers(f"{SERVICE}{page}"), page


def all_printed(file: Path, last: str) -> str:
    """What the demonstration prints, once these words have come at the end: its patients are played one by one."""
    end = time.monotonic() + PLAY_SECONDS
    while last not in (text := file.read_text(encoding="utf-8")) and time.monotonic() < end:
        time.sleep(0.2)
    assert last in text, text[-2000:]
    return text


@pytest.mark.parametrize("typed", BESIDE_THE_DEMO, ids=lambda typed: typed.command)
def test_a_command_does_what_its_document_says(typed: Typed, results: dict[str, Future[Done]]) -> None:
    done = results[typed.command].result()
    assert (done.status, typed.says in done.output) == (typed.status, True), done.output[-3000:]
    assert "Traceback" not in done.output
