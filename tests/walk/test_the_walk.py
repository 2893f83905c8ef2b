"""A newcomer types every command of README and docs/, as it stands.

What may live here: what has to come of them. The commands themselves and their words are in `table`.
"""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.walk.newcomer import Done, answers
from tests.walk.table import BESIDE_THE_DEMO, SERVICE, Typed


def test_make_demo_installs_and_plays_and_serves(demo: Path) -> None:
    printed = demo.read_text(encoding="utf-8")
    assert "CRITICAL cua-suspected: Presumed calciphylaxis until proven otherwise" in " ".join(printed.split())
    assert f"open {SERVICE}/ehr" in printed
    for page in ("/ehr", "/course", "/reasons", "/try", "/smart", "/openapi.json", "/cds-services"):
        assert answers(f"{SERVICE}{page}"), page


@pytest.mark.parametrize("typed", BESIDE_THE_DEMO, ids=lambda typed: typed.command)
def test_a_command_does_what_its_document_says(typed: Typed, results: dict[str, Future[Done]]) -> None:
    done = results[typed.command].result()
    assert (done.status, typed.says in done.output) == (typed.status, True), done.output[-3000:]
    assert "Traceback" not in done.output
