"""`python -m tests.mutants`: would the tests notice a fault in the rules? Each changed file is spoilt in many ways.

What may live here: which files are spoilt and how, and running cosmic-ray on copies of the tree; nobody's working tree
is touched. Only `hooks/` and `fhir_mappings/`: there each line decides something clinical.

mutmut tries five faults a second and cosmic-ray one in three seconds. But mutmut leaves decorated functions alone: 70
of our 511, among them every property, where many of the rules stand. In `risk_score.py` all its faults were noticed,
and cosmic-ray found a property that no test tied down.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import click

from tests.working_tree import ROOT, copy_tree, git_names

FOLDERS = ("hooks", "fhir_mappings")
_COMPARISONS = "Eq_NotEq NotEq_Eq Lt_LtE Lt_GtE LtE_Lt LtE_Gt Gt_GtE Gt_LtE GtE_Gt GtE_Lt Is_IsNot IsNot_Is"
_ARITHMETIC = "Add_Sub Sub_Add Mul_Div Div_Mul FloorDiv_Div Mod_FloorDiv BitAnd_BitOr"
LEFT_OUT = (
    # One step over a bound and its opposite; other replacements are noticed when one of these is.
    rf"core/ReplaceComparisonOperator_(?!({_COMPARISONS.replace(' ', '|')})$)",
    # `X | None` in an annotation is never evaluated, so `|` stays as it is.
    rf"core/ReplaceBinaryOperator_(?!({_ARITHMETIC.replace(' ', '|')})$)",
    r"core/ReplaceUnaryOperator_.*_(Invert|UAdd)$",
    r"core/RemoveDecorator$",
)
"""Faults that say nothing new, as regular expressions on cosmic-ray's names."""
HARMLESS = ("@dataclass(",)
"""Changed lines that no test need notice: a frozen value that nobody changes may as well not be frozen."""
_SECONDS_FOR_ONE = 120.0


class MutantsError(Exception):
    """Nothing can be said about the tests; the text tells why."""


@dataclass(frozen=True, slots=True)
class Report:
    """One file: how many faults were tried, and those that no test noticed, each as a diff."""

    file: str
    tried: int
    unnoticed: tuple[str, ...]

    def __str__(self) -> str:
        noticed = self.tried - len(self.unnoticed)
        return "\n".join([f"{self.file}: {noticed} of {self.tried} faults noticed", *self.unnoticed])


def changed_files(base: str, root: Path = ROOT) -> list[str]:
    """Our Python files that differ from the revision `base`, committed or not; MutantsError for an unknown revision."""
    try:
        changed = git_names(root, "diff", "--name-only", "-z", "--diff-filter=d", base, "--", *FOLDERS)
    except subprocess.CalledProcessError as error:
        raise MutantsError(f"git does not know the revision {base}: {error.stderr.strip()}") from None
    new = git_names(root, "ls-files", "--others", "--exclude-standard", "-z", "--", *FOLDERS)
    return sorted(name for name in {*changed, *new} if name.endswith(".py"))


def asked_tests(file: str, root: Path = ROOT) -> list[list[str]]:
    """What to run for a file, the likeliest to notice first: its own tests, then all of its storey."""
    path = Path(file)
    own = sorted((root / "tests" / "unit" / path.parent).glob(f"test_{path.stem}*.py"))
    storey = [f"tests/unit/{path.parts[0]}"]
    return [[test.relative_to(root).as_posix() for test in own], storey] if own else [storey]


def command_for(file: str, python: str = sys.executable, root: Path = ROOT) -> str:
    """One command line that fails as soon as a test does. pytest's plugins would take half of its time."""
    pytest = ["PYTEST_DISABLE_PLUGIN_AUTOLOAD=1", python, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    runs = [shlex.join(["env", *pytest, *tests]) for tests in asked_tests(file, root)]
    return shlex.join(["sh", "-c", " && ".join(runs)])


def configuration(file: str, command: str) -> str:
    """cosmic-ray's file for one file of ours. JSON's strings and lists are TOML's, too."""
    return (
        f"[cosmic-ray]\nmodule-path = {json.dumps(file)}\ntimeout = {_SECONDS_FOR_ONE}\nexcluded-modules = []\n"
        f'test-command = {json.dumps(command)}\n\n[cosmic-ray.distributor]\nname = "local"\n\n'
        f"[cosmic-ray.filters.operators-filter]\nexclude-operators = {json.dumps(LEFT_OUT)}\n"
    )


def read_results(file: str, lines: Iterable[str]) -> Report:
    """From what `cosmic-ray dump` prints: a line of JSON per fault, [what was spoilt, what became of it]."""
    results = [result for _, result in map(json.loads, lines) if result["worker_outcome"] != "skipped"]
    if undecided := [result for result in results if result["test_outcome"] not in {"killed", "survived"}]:
        raise MutantsError(f"{file}: {len(undecided)} faults could not be tried: {undecided[0]['output'][-500:]}")
    survived = [result["diff"] for result in results if result["test_outcome"] == "survived"]
    return Report(file, len(results), tuple(_shown(diff) for diff in survived if not _is_harmless(diff)))


def _is_harmless(diff: str) -> bool:
    return any(line[1:].strip().startswith(HARMLESS) for line in _changes(diff))


def _shown(diff: str) -> str:
    """Where it is and what was changed."""
    place = next(line for line in diff.splitlines() if line.startswith("@@"))
    return "\n".join(f"  {line}" for line in [place, *_changes(diff)])


def _changes(diff: str) -> list[str]:
    return [line for line in diff.splitlines() if line[:1] in {"+", "-"} and line[:3] not in {"+++", "---"}]


def spoil(file: str, cosmic_ray: Path, root: Path = ROOT) -> Report:
    """Try all faults of one file in a copy of the tree; MutantsError when its tests fail without any fault."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy_tree(Path(folder), root)
        command = command_for(file, root=root)
        Path(folder, "mutants.toml").write_text(configuration(file, command), encoding="utf-8")
        sound = subprocess.run(shlex.split(command), cwd=folder, capture_output=True, text=True, check=False)
        if sound.returncode:
            raise MutantsError(f"{file}: its tests fail already\n{sound.stdout[-2000:]}")
        _run(cosmic_ray, folder, "init", "mutants.toml", "mutants.sqlite")
        _run(cosmic_ray.with_name("cr-filter-operators"), folder, "mutants.sqlite", "mutants.toml")
        _run(cosmic_ray, folder, "exec", "mutants.toml", "mutants.sqlite")
        return read_results(file, _run(cosmic_ray, folder, "dump", "mutants.sqlite").splitlines())


def _run(program: Path, folder: str, *words: str) -> str:
    try:
        done = subprocess.run([program, *words], cwd=folder, capture_output=True, text=True, check=True)
    except subprocess.CalledProcessError as error:
        raise MutantsError(f"{program.name} {words[0]} failed: {error.stderr[-2000:]}") from None
    return done.stdout


def spoil_all(files: Sequence[str], cosmic_ray: Path) -> Iterator[Report]:
    """The reports as they are ready; as many files at a time as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        tasks = [pool.submit(spoil, file, cosmic_ray) for file in files]
        try:
            yield from (task.result() for task in as_completed(tasks))
        finally:
            pool.shutdown(cancel_futures=True)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--base", default="main~1", show_default=True, help="Files that differ from this revision are spoilt.")
@click.option(
    "--cosmic-ray",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The program; its filter lies beside it.",
)
@click.argument("files", nargs=-1)
def main(base: str, cosmic_ray: Path, files: tuple[str, ...]) -> None:
    """Spoil the changed files of hooks/ and fhir_mappings/, or FILES, and list the faults that no test notices.

    Some of them change nothing that anybody could see: read the list, do not count it.
    """
    begun = time.monotonic()
    try:
        chosen = list(files) or changed_files(base)
        click.echo(f"{len(chosen)} files to spoil; one or two minutes for each: {', '.join(chosen) or '-'}")
        reports = []
        for report in spoil_all(chosen, cosmic_ray.absolute()):
            reports.append(report)
            click.echo(str(report))
    except MutantsError as error:
        raise click.ClickException(str(error)) from None
    unnoticed = sum(len(report.unnoticed) for report in reports)
    tried = sum(report.tried for report in reports)
    click.echo(f"{unnoticed} of {tried} faults unnoticed, {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
