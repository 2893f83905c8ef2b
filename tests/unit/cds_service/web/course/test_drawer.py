"""The drawing process: asked, asked again, too slow, broken, idle; and never with anything of our environment."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cds_service.web.course import drawer as course_drawer
from cds_service.web.course.drawer import BROKEN, NOT_INSTALLED, TOO_LATE, Drawer, NotDrawnError

ECHO = """
import json, os, sys
for line in sys.stdin:
    print(json.dumps({"svg": json.loads(line)["say"] + " from " + str(os.getpid())}), flush=True)
"""
Make = Callable[..., Drawer]


@pytest.fixture
def drawer(tmp_path: Path) -> Iterator[Make]:
    """A drawer with a program of the test's own."""
    made: list[Drawer] = []

    def make(program: str = ECHO, idle_seconds: float = 60.0) -> Drawer:
        path = tmp_path / f"program{len(made)}.py"
        path.write_text(program, encoding="utf-8")
        made.append(Drawer(str(path), idle_seconds))
        return made[-1]

    yield make
    for one in made:
        one.close()


def process_of(answer: str) -> str:
    return answer.rpartition(" ")[2]


def test_one_process_answers_again_and_again(drawer: Make) -> None:
    asked = drawer()
    asked.warm()
    first, second = asked.draw({"say": "one"}), asked.draw({"say": "two"})
    assert (first.split()[0], second.split()[0]) == ("one", "two")
    assert process_of(first) == process_of(second)


def test_a_drawing_that_takes_too_long_is_given_up_and_the_next_one_is_drawn(drawer: Make) -> None:
    slow = "import time, json, sys\nfor line in sys.stdin:\n    if 'slow' in line: time.sleep(60)\n" + (
        "    print(json.dumps({'svg': 'quick'}), flush=True)\n"
    )
    asked = drawer(slow)
    started = time.monotonic()
    with pytest.raises(NotDrawnError, match=TOO_LATE):
        asked.draw({"say": "slow"}, within=0.5)
    assert time.monotonic() - started < 10
    assert asked.draw({"say": "next"}) == "quick"


def test_a_drawing_that_waits_in_vain_leaves_the_one_before_it_alone(drawer: Make) -> None:
    asked = drawer(ECHO.replace("    print", "    __import__('time').sleep(1.5)\n    print"))
    answers: list[str] = []
    first = threading.Thread(target=lambda: answers.append(asked.draw({"say": "first"})))
    first.start()
    time.sleep(0.2)
    with pytest.raises(NotDrawnError, match=TOO_LATE):
        asked.draw({"say": "second"}, within=0.2)
    first.join()
    assert [answer.split()[0] for answer in answers] == ["first"]


@pytest.mark.parametrize(
    "program",
    [
        "",
        "raise SystemExit(1)",
        "print('no json', flush=True); input()",
        'print(\'{"failed": "ValueError"}\'); input()',
    ],
)
def test_a_process_that_ends_or_speaks_nonsense_has_not_drawn(drawer: Make, program: str) -> None:
    asked = drawer(program)
    for _ in range(2):
        with pytest.raises(NotDrawnError, match=BROKEN):
            asked.draw({"say": "x" * 200_000})


def test_a_process_that_died_is_started_anew(drawer: Make) -> None:
    once = ECHO + "    raise SystemExit\n"
    asked = drawer(once)
    first = asked.draw({"say": "one"})
    answer = ""
    while not answer:
        # The end of the first process may be noticed only by asking it.
        with suppress(NotDrawnError):
            answer = asked.draw({"say": "two"})
    assert process_of(first) != process_of(answer)


def test_an_idle_process_ends(drawer: Make) -> None:
    asked = drawer(idle_seconds=0.05)
    first = asked.draw({"say": "one"})
    time.sleep(0.5)
    assert process_of(asked.draw({"say": "two"})) != process_of(first)


def test_the_process_gets_nothing_of_our_settings(drawer: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_DATABASE_URL", "postgresql://user:a-secret@db/x")
    asked = drawer(ECHO.replace('json.loads(line)["say"]', "' '.join(f'{k}={v}' for k, v in os.environ.items())"))
    shown = asked.draw({"say": ""})
    assert "a-secret" not in shown
    assert "CDS_" not in shown


def test_without_the_libraries_there_is_no_drawing_and_no_process(
    drawer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(course_drawer, "LIBRARIES", ("altair", "a_library_that_is_not_there"))
    asked = drawer()
    asked.warm()
    with pytest.raises(NotDrawnError, match=re.escape(NOT_INSTALLED)):
        asked.draw({"say": "one"})
