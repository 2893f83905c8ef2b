"""Every command and option stands in docs/command-line.md as it is, and no other; help fits a terminal; Tab works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cds_service.commands import exit_status
from cds_service.commands.cli import cli
from tests.house import ROOT

PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
SECTIONS: dict[str, str] = dict(re.findall(r"^### `([a-z ]+)`\n(.*?)(?=^### |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def leaves(command: click.Command, *path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words."""
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    for name, below in command.commands.items():
        yield from leaves(below, *path, name)


def groups(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    if isinstance(command, click.Group):
        yield path
        for name, below in command.commands.items():
            yield from groups(below, *path, name)


COMMANDS = dict(leaves(cli))


def rows(text: str) -> dict[str, str]:
    """The rows of a table whose first column is in backticks or a number."""
    found = re.findall(r"^\| `?([\w-]+)`? \| (.*) \|$", text, re.MULTILINE)
    return {name: says for name, says in found if not name.startswith("---") and name not in ("Option", "Status")}


def test_every_command_has_a_section_and_there_is_no_other() -> None:
    assert set(SECTIONS) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_tells_what_the_command_tells_of_itself_with_one_example(name: str) -> None:
    section, command = SECTIONS[name], COMMANDS[name]
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert rows(section) == {one.opts[0]: one.help for one in options}
    assert section.strip().splitlines()[0] == command.get_short_help_str(200)
    (example,) = re.findall(r"^```sh\n(.*)\n```$", section, re.MULTILINE)
    assert example.startswith(f"calciphylaxis-cds {name}")


def test_the_exit_statuses_are_those_of_the_commands() -> None:
    told = rows(PAGE.partition("## Exit status")[2].partition("\n## ")[0])
    assert told == {str(status): meaning for status, meaning in exit_status.MEANINGS.items()}


@pytest.mark.parametrize("group", list(groups(cli)), ids=lambda path: " ".join(path) or "all")
def test_no_summary_is_cut_at_80_columns(group: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(cli, [*group, "--help"], terminal_width=80).output
    listed = shown.partition("Commands:\n")[2].splitlines()
    assert listed
    assert not [line for line in listed if line.endswith(("...", "…")) or len(line) > 80]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    options = [one for one in COMMANDS[name].params if isinstance(one, click.Option)]
    assert not [one.opts[0] for one in options if not one.help]


def completed(*words: str) -> list[str]:
    """What Tab would offer in place of the last word."""
    typed = {"COMP_WORDS": " ".join(("calciphylaxis-cds", *words)), "COMP_CWORD": str(len(words))}
    env = {**os.environ, **typed, "_CALCIPHYLAXIS_CDS_COMPLETE": "bash_complete"}
    command = (sys.executable, "-m", "cds_service.commands.entry")
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_commands_options_and_keys_of_patients_are_completed() -> None:
    assert completed("sandbox", "l") == ["list", "load"]
    assert completed("explain", "--exit") == ["--exit-status"]
    assert completed("demo", "--patient", "hard-skin-on") == ["hard-skin-on-warfarin"]


def line_for(shell: str) -> str:
    """The line that the page gives for this shell."""
    (line,) = re.findall(rf"`([^`]*_COMPLETE={shell}_source [^`]*)`", PAGE)
    return str(line)


@pytest.fixture
def on_the_path(tmp_path: Path) -> dict[str, str]:
    """An environment in which the command is found by its bare name."""
    program = tmp_path / "calciphylaxis-cds"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m cds_service.commands.entry "$@"\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_variable_in_the_line_for_a_shell_brings_its_script(shell: str, on_the_path: dict[str, str]) -> None:
    (variable, value) = re.findall(r"(_[A-Z_]+)=(\w+)", line_for(shell))[0]
    command = ["calciphylaxis-cds"]
    script = subprocess.run(command, env=on_the_path | {variable: value}, capture_output=True, text=True, check=True)
    assert f"{variable}={shell}_complete" in script.stdout


def test_bash_takes_its_line(on_the_path: dict[str, str]) -> None:
    typed = f"{line_for('bash')}\ncomplete -p calciphylaxis-cds"
    done = subprocess.run(("bash", "-c", typed), env=on_the_path, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "_calciphylaxis_cds_completion" in done.stdout
