"""The two forms of a line."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cds_service.logs import JsonLines, under_request_id

ROOT = Path(__file__).parents[4]
RECORD = {"name": "cds_service", "levelname": "INFO", "levelno": logging.INFO, "created": 1_790_000_000.1239}


def line(**changed: Any) -> dict[str, Any]:
    text = JsonLines().format(
        logging.makeLogRecord(RECORD | {"process": 7, "msg": "said %s", "args": ("so",)} | changed)
    )
    assert text.isascii()
    assert "\n" not in text
    return dict(json.loads(text))


def test_a_line_has_its_moment_in_utc_level_logger_words_and_process() -> None:
    assert line() == {
        "time": "2026-09-21T14:13:20.123Z",
        "level": "INFO",
        "logger": "cds_service",
        "message": "said so",
        "pid": 7,
    }


def test_a_line_of_a_request_has_its_id() -> None:
    with under_request_id("abc"):
        assert line()["request_id"] == "abc"
    assert "request_id" not in line()


def test_a_record_may_bring_members_of_its_own() -> None:
    assert line(members={"status": 200})["status"] == 200


@pytest.mark.parametrize("words", ["two\nlines", "\x1b[31m", "Müller \ud800", '"} {"'])
def test_whatever_is_said_is_one_line_that_can_be_read(words: str) -> None:
    assert line(msg=words, args=())["message"] == words


def test_of_an_exception_the_kind_and_the_place_are_told_and_not_its_words() -> None:
    try:
        raise RuntimeError("Zephyrine")
    except RuntimeError:
        told = line(exc_info=sys.exc_info())
    assert told["exception"].startswith("RuntimeError at ")
    assert "test_lines.py:" in told["exception"]
    assert "Zephyrine" not in str(told)


def said(form: str) -> list[str]:
    """What a process writes to standard error in this form."""
    program = (
        f"import logging, warnings; from cds_service.logs import set_up_log; set_up_log('INFO', {form!r})\n"
        "logging.getLogger('cds_service').info('one'); logging.getLogger('cds_service').debug('none')\n"
        "warnings.warn('two')\n"
        "def fault():\n    raise RuntimeError('Zephyrine')\n"
        "import threading; ended = threading.Thread(target=fault); ended.start(); ended.join()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_in_json_warnings_of_libraries_and_the_end_of_a_thread_are_lines_of_the_log_as_well() -> None:
    one, two, three = (json.loads(line) for line in said("json"))
    assert (three["message"], three["level"]) == ("a thread has ended by a fault", "ERROR")
    assert three["exception"].startswith("RuntimeError at ")
    assert "Zephyrine" not in str(three)
    assert (one["message"], one["level"], two["logger"], two["level"]) == ("one", "INFO", "py.warnings", "WARNING")


def test_text_is_as_it_always_was() -> None:
    first, *_ = said("text")
    day, hour, *rest = first.split(" ")
    assert (len(day), len(hour), rest) == (10, 12, ["INFO", "cds_service", "one"])
