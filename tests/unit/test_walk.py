"""Every command that README and docs/ show is typed by the newcomer's walk, or stands there with the reason why not.

What may live here: the tables of the walk beside the documents, and how commands are found. The typing is done in
`tests/walk`.
"""

from __future__ import annotations

import re

import pytest

from tests.docs_site import ROOT
from tests.walk.documents import DOCUMENTS, fenced, shown
from tests.walk.table import AFTER_FEEDBACK, AFTERWARDS, BESIDE_THE_DEMO, BY_ITSELF, LASTING, NOT_TYPED

TYPED = [one.command for one in (*BESIDE_THE_DEMO, *AFTERWARDS, *AFTER_FEEDBACK, *LASTING)] + list(BY_ITSELF)
SHOWN = {command for document in DOCUMENTS for command in shown(document.read_text(encoding="utf-8"))}


def test_every_command_of_the_documents_is_typed_or_has_a_reason_why_not() -> None:
    assert SHOWN - set(TYPED) - set(NOT_TYPED) == set()


def test_the_tables_name_no_command_that_no_document_shows() -> None:
    assert (set(TYPED) | set(NOT_TYPED)) - SHOWN == set()


def test_no_command_stands_twice() -> None:
    names = [*TYPED, *NOT_TYPED]
    assert sorted(names) == sorted(set(names))


def test_what_is_left_to_the_checks_of_each_change_is_typed_there() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    left = [command for command, reason in NOT_TYPED.items() if ".ci/run" in reason]
    assert left
    assert [command for command in left if not re.search(rf"^section .* {command}$", script, re.MULTILINE)] == []


def test_the_tests_that_stand_in_for_what_takes_minutes_are_there() -> None:
    named = [name for reason in NOT_TYPED.values() for name in re.findall(r"unit/\S+\.py", reason)]
    assert named
    assert [name for name in named if not (ROOT / "tests" / name).is_file()] == []


@pytest.mark.parametrize(
    ("document", "commands"),
    [
        ("Type `make demo`, then\n`calciphylaxis-cds\nfeedback`.", ["make demo", "calciphylaxis-cds feedback"]),
        ("`CDS_PAGES=try calciphylaxis-cds serve`", ["CDS_PAGES=try calciphylaxis-cds serve"]),
        ("`calciphylaxis-cds` and `makes` and `.venv/bin/calciphylaxis-cds` and `hooks/`", []),
        ("```sh\nmake demo    # plays\n# nothing\n\nls -l\n```", ["make demo", "ls -l"]),
        ("1. x\n\n    ```bash\n    make demo\n    ```\n\n`make test`", ["make demo", "make test"]),
        ("```text\n$ make demo\nmake test\n```", ["make demo"]),
        ("```\nmake test\n```", []),
        ("```toml\na = 1\n```", []),
    ],
)
def test_a_command_is_found_where_a_reader_would_type_it(document: str, commands: list[str]) -> None:
    assert shown(document) == commands


def test_a_block_that_the_reader_is_told_to_write_is_found_without_its_indentation() -> None:
    assert fenced("x\n\n    ```toml\n    [a]\n    b = [\n      1 ]\n    ```\n", "b = [") == "[a]\nb = [\n  1 ]\n"
