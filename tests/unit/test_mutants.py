"""`make mutants` spoils the right files in copies, asks the right tests, and "could not try" is not "noticed"."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.mutants import (
    LEFT_OUT,
    MutantsError,
    asked_tests,
    changed_files,
    command_for,
    configuration,
    main,
    read_results,
    spoil,
)
from tests.working_tree import copy_tree

RULE, ITS_TEST = "hooks/rule.py", "tests/unit/hooks/test_rule.py"
DIFF = "--- mutation diff ---\n--- a/{file}\n+++ b/{file}\n@@ -1,2 +1,2 @@\n same\n-{old}\n+{new}\n"


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with one rule and its test, committed."""
    root = tmp_path / "tree"
    write(root, RULE, "def is_high(value):\n    return value > 3\n")
    write(root, ITS_TEST, "from hooks.rule import is_high\n\n\ndef test_it():\n    assert is_high(4)\n")
    write(root, ".gitignore", "*.log\n")
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=root, check=True)
    return root


def test_nothing_changed_is_nothing_to_spoil(tree: Path) -> None:
    assert changed_files("HEAD", tree) == []


def test_changed_and_new_files_of_the_pure_folders_are_spoilt_and_no_others(tree: Path) -> None:
    write(tree, RULE, "")
    for name in ("hooks/cards/new.py", "fhir_mappings/new.py", "cds_service/new.py", "hooks/a.toml", "tests/new.py"):
        write(tree, name, "")
    assert changed_files("HEAD", tree) == ["fhir_mappings/new.py", "hooks/cards/new.py", RULE]


def test_a_file_that_was_removed_is_not_spoilt(tree: Path) -> None:
    (tree / RULE).unlink()
    assert changed_files("HEAD", tree) == []


def test_a_revision_that_is_not_there_is_said(tree: Path) -> None:
    with pytest.raises(MutantsError, match="nowhere"):
        changed_files("nowhere", tree)


def test_the_copy_is_the_working_tree_without_what_git_ignores(tree: Path, tmp_path: Path) -> None:
    write(tree, RULE, "changed")
    write(tree, "hooks/new.py", "new")
    write(tree, "hooks/a.log", "ignored")
    (tree / ITS_TEST).unlink()
    copy_tree(tmp_path / "copy", tree)
    copied = {path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*.*")}
    assert copied == {".gitignore", RULE, "hooks/new.py"}
    assert (tmp_path / "copy" / RULE).read_text() == "changed"


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("hooks/risk_score.py", ["test_risk_score.py"]),
        ("hooks/labs.py", [f"test_labs_{what}.py" for what in ("calcium", "minerals", "other", "windows")]),
        ("hooks/course/record.py", ["course/test_record.py"]),
        ("fhir_mappings/nowhere.py", []),
    ],
)
def test_the_tests_of_a_file_are_asked_first_and_then_those_of_its_storey(file: str, own: list[str]) -> None:
    storey = "tests/unit/" + file.partition("/")[0]
    first = [[f"{storey}/{name}" for name in own]] if own else []
    assert asked_tests(file) == [*first, [storey]]


def test_the_command_runs_one_after_the_other_and_ends_at_the_first_failure() -> None:
    shell, _, line = shlex.split(command_for("hooks/risk_score.py", "/a b/python"))
    runs = [shlex.split(run) for run in line.split(" && ")]
    assert shell == "sh"
    assert [(run[2], run[-1]) for run in runs] == [
        ("/a b/python", "tests/unit/hooks/test_risk_score.py"),
        ("/a b/python", "tests/unit/hooks"),
    ]


def test_the_configuration_says_what_is_spoilt_and_what_is_left_out() -> None:
    told = tomllib.loads(configuration(RULE, """sh -c 'a "b" && c'"""))["cosmic-ray"]
    assert (told["module-path"], told["test-command"]) == (RULE, """sh -c 'a "b" && c'""")
    assert told["filters"]["operators-filter"]["exclude-operators"] == list(LEFT_OUT)


@pytest.mark.parametrize(
    ("operator", "left_out"),
    [
        ("ReplaceComparisonOperator_Gt_GtE", False),
        ("ReplaceComparisonOperator_Gt_Is", True),
        ("ReplaceComparisonOperator_Is_IsNot", False),
        ("ReplaceComparisonOperator_Eq_Is", True),
        ("ReplaceBinaryOperator_Add_Sub", False),
        ("ReplaceBinaryOperator_BitOr_Add", True),
        ("ReplaceUnaryOperator_Delete_Not", False),
        ("ReplaceUnaryOperator_USub_Invert", True),
        ("RemoveDecorator", True),
        ("ReplaceAndWithOr", False),
        ("NumberReplacer", False),
    ],
)
def test_one_step_and_the_opposite_are_tried_and_what_says_nothing_new_is_not(operator: str, left_out: bool) -> None:
    assert any(re.match(pattern, f"core/{operator}") for pattern in LEFT_OUT) is left_out


def told(test: str, worker: str = "normal", old: str = "a > b", new: str = "a >= b") -> str:
    diff = DIFF.format(file=RULE, old=old, new=new)
    return json.dumps([{}, {"worker_outcome": worker, "test_outcome": test, "output": "why", "diff": diff}])


def test_noticed_and_unnoticed_faults_are_counted_and_the_unnoticed_shown() -> None:
    report = read_results(RULE, [told("killed"), told("survived"), told("killed"), told("", worker="skipped")])
    assert (report.tried, report.unnoticed) == (3, ("  @@ -1,2 +1,2 @@\n  -a > b\n  +a >= b",))
    assert str(report).startswith(f"{RULE}: 2 of 3 faults noticed\n")


def test_a_value_that_is_no_longer_frozen_is_not_shown() -> None:
    frozen = "@dataclass(frozen=True, slots=True)"
    report = read_results(RULE, [told("survived", old=frozen, new=frozen.replace("frozen=True", "frozen=False"))])
    assert report.unnoticed == ()


@pytest.mark.parametrize("outcome", ["incompetent", None])
def test_a_fault_that_could_not_be_tried_is_not_taken_for_noticed(outcome: str) -> None:
    with pytest.raises(MutantsError, match="1 faults could not be tried: why"):
        read_results(RULE, [told("killed"), told(outcome, worker="exception")])


def test_where_the_tests_fail_already_nothing_is_said_about_them(tree: Path) -> None:
    write(tree, ITS_TEST, "def test_it():\n    assert False\n")
    with pytest.raises(MutantsError, match="its tests fail already"):
        spoil(RULE, Path(sys.executable), tree)


def test_a_tool_that_fails_is_said(tree: Path) -> None:
    # Python in the place of cosmic-ray: it has no program called init.
    with pytest.raises(MutantsError, match=r"init failed: .*can't open file"):
        spoil(RULE, Path(sys.executable), tree)


def test_a_wrong_base_is_told_in_words() -> None:
    answer = CliRunner().invoke(main, ["--base", "no-such-revision", "--cosmic-ray", sys.executable])
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: git does not know the revision no-such-revision")
