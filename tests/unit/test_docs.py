"""The documents name only what exists: tests, stories, files, links, images, commands, make targets and settings; and
what they show to be copied is taken by the service.

What may live here: finding such names and examples in the documents, and trying each of them. Whether a sentence is
true is for its reader; whether the thing it points at is there is for these tests.
"""

from __future__ import annotations

import ast
import re
import shlex
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from cds_service.access.trusted_clients import load_trusted_clients
from cds_service.commands.cli import cli
from cds_service.settings import PAGES, VARIABLES, SettingsError, from_environment
from cds_service.stories import NOW, read_stories
from fhir_mappings.data_files import packaged_schema
from hooks.policy_loading import load_policy
from tests.unit.hooks.builders import data_files

ROOT = Path(__file__).parents[2]
PROGRAM = "calciphylaxis-cds"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FOLDERS = tuple(f"{name}/" for name in ("hooks", "fhir_mappings", "cds_service", "tests", "docs", "bench", ".ci"))
_FENCE = re.compile(r"^ *```.*?\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_REFERENCE = re.compile(r"([\w./-]+\.(?:py|toml))::(.+)")


# ------------------------------------------------------------------ what a document names
def prose(text: str) -> str:
    """A document without its fenced blocks."""
    return _FENCE.sub("", text)


def spans(text: str) -> list[str]:
    """What stands in backticks, on one line each."""
    return [" ".join(span.split()) for span in _SPAN.findall(prose(text))]


def code_lines(text: str) -> list[str]:
    """What a reader may type: the lines of fenced blocks and what stands in backticks."""
    return [line for block in _FENCE.findall(text) for line in block.splitlines()] + spans(text)


def references(text: str) -> list[tuple[str, str]]:
    """The (file below tests/ or in the package, name) pairs of `file::name`."""
    found = [_REFERENCE.fullmatch(span) for span in spans(text)]
    return [(match[1].removeprefix("tests/"), match[2]) for match in found if match]


def commands(text: str) -> list[list[str]]:
    """The words after our program's name, wherever it is called; a placeholder is one word."""
    calls = [line.partition(f"{PROGRAM} ")[2] for line in code_lines(text) if f"{PROGRAM} " in line]
    return [shlex.split(re.sub(r"<[^>]*>", "placeholder", call), comments=True) for call in calls]


def make_targets(text: str) -> list[str]:
    found = [re.match(r"(?:\$ )?make ([a-z][a-z-]*)", line) for line in code_lines(text)]
    return [match[1] for match in found if match]


def variables(text: str) -> list[str]:
    return re.findall(r"\bCDS_[A-Z][A-Z_]*[A-Z]\b", text)


# ------------------------------------------------------------------ what is missing of it
@cache
def names_in(path: Path) -> frozenset[str]:
    """The functions of a Python file; the titles of the stories in a TOML file, alone and as "story: row"."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return frozenset(node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))
    return frozenset(titles(tomllib.loads(text)))


def titles(stories: dict[str, list[dict[str, object]]]) -> Iterator[str]:
    for story in stories["vignette"]:
        yield str(story["title"])
        rows = story.get("row", [])
        assert isinstance(rows, list)
        yield from (f"{story['title']}: {row['title']}" for row in rows)


def missing_references(text: str) -> list[str]:
    return [
        f"{file}::{name}"
        for file, name in references(text)
        if not place(file).is_file() or name not in names_in(place(file))
    ]


def place(file: str) -> Path:
    """Stories lie in the package, tests below tests/."""
    return ROOT / file if file.startswith("cds_service/stories/") else ROOT / "tests" / file


def missing_files(text: str) -> list[str]:
    """Paths below our folders, with a wildcard or without, where nothing is."""
    paths = [span for span in spans(text) if span.startswith(FOLDERS) and " " not in span and "::" not in span]
    return [path for path in paths if not any(ROOT.glob(path.rstrip("/")))]


def missing_links(text: str, folder: Path) -> list[str]:
    inside = [link for link in _LINK.findall(prose(text)) if not re.match("[a-z]+:", link)]
    return [link for link in inside if not leads_somewhere(link, text, folder)]


def leads_somewhere(link: str, text: str, folder: Path) -> bool:
    file, _, anchor = link.partition("#")
    target = folder / file
    if not file:
        return anchor in anchors(text)
    return target.exists() and (not anchor or (target.is_file() and anchor in anchors(target.read_text("utf-8"))))


def anchors(text: str) -> set[str]:
    """The headings as GitHub names them in addresses."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def missing_commands(text: str) -> list[str]:
    return [" ".join(words) for words in commands(text) if not is_understood(words)]


def is_understood(words: list[str]) -> bool:
    """Is there such a command, and does it know the options named?"""
    command: click.Command = cli
    for at, word in enumerate(words):
        if not isinstance(command, click.Group) or word.startswith("-"):
            words = words[at:]
            break
        if word not in command.commands:
            return False
        command = command.commands[word]
    else:
        words = []
    known = {name for option in command.params for name in option.opts}
    return all(word.partition("=")[0] in known | {"-h", "--help"} for word in words if word.startswith("-"))


def missing_targets(text: str) -> list[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    return [target for target in make_targets(text) if target not in targets]


def missing_variables(text: str) -> list[str]:
    return [name for name in variables(text) if not is_setting(name)]


def is_setting(name: str) -> bool:
    """The settings themselves refuse a variable that they do not know."""
    try:
        from_environment({name: ""})
    except SettingsError:
        return False
    return True


def examples(text: str, table: str) -> list[str]:
    """The fenced blocks that show such a TOML table."""
    blocks = [textwrap.dedent(block) for block in _FENCE.findall(text)]
    return [block for block in blocks if re.search(rf"^{re.escape(table)}$", block, re.MULTILINE)]


# ------------------------------------------------------------------ the documents
def by_name(document: Path) -> str:
    return str(document.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_every_test_and_story_that_a_document_names_exists(document: Path) -> None:
    assert missing_references(document.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_every_file_of_ours_that_a_document_names_exists(document: Path) -> None:
    assert missing_files(document.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_every_link_inside_the_project_leads_somewhere(document: Path) -> None:
    assert missing_links(document.read_text(encoding="utf-8"), document.parent) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_every_command_that_a_document_shows_exists_with_its_options(document: Path) -> None:
    assert missing_commands(document.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_every_make_target_that_a_document_shows_exists(document: Path) -> None:
    assert missing_targets(document.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_every_variable_that_a_document_names_is_a_setting(document: Path) -> None:
    assert missing_variables(document.read_text(encoding="utf-8")) == []


ALL_TEXT = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)


def test_every_setting_is_documented() -> None:
    assert set(VARIABLES) - set(variables(ALL_TEXT)) == set()


def test_every_page_that_can_be_switched_on_stands_in_the_readme() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `/", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert set(rows) == PAGES


def test_every_file_of_trusted_clients_that_is_shown_is_accepted(tmp_path: Path) -> None:
    texts = [(ROOT / name).read_text("utf-8") for name in ("README.md", "docs/connecting.md")]
    shown = examples("\n".join(texts), "[[client]]")
    assert len(shown) > 2
    for number, example in enumerate(shown):
        file = tmp_path / f"{number}.toml"
        file.write_text(example)
        assert len(list(load_trusted_clients(file))) == 1


def test_the_change_of_a_threshold_that_is_shown_is_accepted_and_the_old_value_is_the_one_in_force() -> None:
    (example,) = examples(ALL_TEXT, "[calcium_high]")
    files = data_files()
    old = files["thresholds"]["calcium_high"]
    shown = tomllib.loads(example)["calcium_high"]
    assert (shown["says"], shown["unit"], shown["values"][0]) == (old["says"], old["unit"], old["values"][0])
    files["thresholds"]["calcium_high"] = shown
    assert packaged_schema("thresholds").faults(files["thresholds"]) == ()
    changed = load_policy(**files).history
    new = shown["values"][-1]
    assert changed.on(new["since"]).calcium_high == new["value"] != changed.on(NOW.date()).calcium_high


def test_the_story_that_is_shown_stands_on_both_sides_of_the_change() -> None:
    (example,) = [text for text in examples(ALL_TEXT, "[[vignette]]") if "Our protocol" in text]
    before, after = read_stories(example)
    since = tomllib.loads(examples(ALL_TEXT, "[calcium_high]")[0])["calcium_high"]["values"][-1]["since"]
    assert before.now.date() < since <= after.now.date()
    assert before.expect != after.expect


def test_every_story_that_is_shown_can_be_read() -> None:
    shown = examples(ALL_TEXT, "[[vignette]]")
    assert len(shown) > 2
    assert all(list(read_stories(example)) for example in shown)


def demands(text: str) -> list[tuple[str, str]]:
    """The (id, last cell) of each row of the table of demands."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\| S\d", line)]
    return [(row[0], row[-1]) for row in rows]


def unexplained(text: str) -> list[str]:
    """The demands that have neither a test nor a reason why there is none."""
    return [name for name, cell in demands(text) if not references(cell) and not re.match("None: .{10}", cell)]


def test_every_demand_stands_once_with_a_test_or_a_reason_for_none() -> None:
    text = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
    names = [name for name, _ in demands(text)]
    assert len(names) > 100
    assert names == sorted(set(names), key=lambda name: int(name[1:]))
    assert unexplained(text) == []


# ------------------------------------------------------------------ the checks themselves can fail
def test_all_together_the_documents_name_something_of_each_kind() -> None:
    text = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    for found in (references(text), commands(text), make_targets(text), variables(text)):
        assert len(found) > 3
    assert len([link for link in _LINK.findall(prose(text)) if ":" not in link]) > 1


THIS, STORIES = "unit/test_docs.py", "cds_service/stories/told/01-signs.toml"


@pytest.mark.parametrize(
    ("find", "wrong", "right"),
    [
        (missing_references, f"`{THIS}::test_nothing_of_the_kind`", f"`tests/{THIS}::by_name`"),
        (missing_references, "`unit/test_nowhere.py::by_name`", f"`{THIS}::by_name`"),
        (missing_references, f"`{STORIES}::No such`", f"`{STORIES}::Cellulitis`"),
        (missing_references, f"`{STORIES}::Cellulitis: no such`", f"`{STORIES}::Cellulitis:\none episode`"),
        (missing_files, "`hooks/nothing.toml`", "`hooks/*.toml`, `tests/unit/`, `/proc/<pid>/stat`"),
        (missing_commands, f"`{PROGRAM} server`", f"`{PROGRAM} serve --dev`"),
        (missing_commands, f"`{PROGRAM} serve --open`", f"`{PROGRAM} --help`"),
        (missing_commands, f"```sh\n{PROGRAM} sandbox lod\n```", f"```sh\n{PROGRAM} sandbox load <a b>  # it's\n```"),
        (missing_targets, "```sh\nmake coffee\n```", "```sh\nmake bench BENCH=--quick\n```"),
        (missing_targets, "`make tests`", "it does not make tests; `make test-real` does"),
        (missing_variables, "CDS_TRUSTED_CLIENT", "CDS_TRUSTED_CLIENTS and other CDS_ variables"),
        (unexplained, "| S01 | what | None |", "| S01 | what | None: it cannot be seen from outside |"),
        (unexplained, "| S01 | what | `test_docs.py` |", f"| S01 | what | `{THIS}::by_name` |"),
    ],
)
def test_a_wrong_name_is_found_and_a_right_one_is_not(find: Callable[[str], list[str]], wrong: str, right: str) -> None:
    assert len(find(wrong)) == 1
    assert find(right) == []


@pytest.mark.parametrize("link", ["nowhere.md", "docs/images/none.png", "README.md#no-such-heading", "#alone"])
def test_a_link_to_nowhere_is_found(link: str) -> None:
    assert missing_links(f"[see]({link})", ROOT) == [link]


@pytest.mark.parametrize(
    "link", ["README.md", "README.md#two-commands", "docs", "https://cds-hooks.org", "mailto:a@b.example"]
)
def test_a_link_that_leads_somewhere_is_not(link: str) -> None:
    assert missing_links(f"[see]({link})", ROOT) == []


def test_a_heading_of_the_same_document_can_be_linked_to() -> None:
    assert missing_links("## What is it?\n\n[see](#what-is-it)", ROOT) == []


def test_an_image_that_is_not_there_is_found() -> None:
    assert missing_links("![a page](docs/images/none.png)", ROOT) == ["docs/images/none.png"]


def test_a_block_inside_a_list_is_a_block() -> None:
    text = "1. Add:\n\n   ```toml\n   [table]\n   a = 1\n   ```\n"
    assert examples(text, "[table]") == ["[table]\na = 1\n"]
    assert prose(text).strip() == "1. Add:"
