"""After the demonstration has gone: commands that serve until Ctrl-C, and a clinic's change that is taken over.

What may live here: what needs the ports of the demonstration, or changes the files that it reads.
"""

from __future__ import annotations

import pytest

from tests.walk.newcomer import Newcomer, answers
from tests.walk.table import FHIR, LASTING, SERVICE, TAKE_OVER, Typed


def test_nothing_is_left_of_the_demonstration(newcomer: Newcomer) -> None:
    assert not answers(f"{SERVICE}/health")
    assert not answers(f"{FHIR}/metadata")
    assert newcomer.types("git status --porcelain --untracked-files=no").output == ""


@pytest.mark.parametrize("typed", LASTING, ids=lambda typed: typed.command)
def test_what_lasts_serves_until_ctrl_c_and_leaves_nothing_behind(typed: Typed, newcomer: Newcomer) -> None:
    with newcomer.starts(typed.text, typed.answers) as printed:
        pass
    assert "Traceback" not in printed.read_text(errors="replace")
    assert not answers(f"{SERVICE}/health")


def test_a_change_that_is_taken_over_holds_with_its_story(newcomer: Newcomer) -> None:
    done = newcomer.types(TAKE_OVER.text)
    assert (done.status, TAKE_OVER.says in done.output) == (0, True), done.output[-3000:]
