"""Every claim has its source or says that it has none, and the document of the evidence tells the same sources."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import hooks
from hooks.policy_loading import load_policy
from hooks.reasons.sources import Sources, source_problems
from tests.unit.hooks.builders import POLICY, data_files
from tests.unit.hooks.reasons.test_reasons import the_file

Data = dict[str, Any]
DOCUMENT = Path(hooks.__file__).parents[1] / "docs" / "evidence.md"


def found(change: Callable[[Data, dict[str, Data]], object]) -> list[str]:
    """The problems after a change of `reasons.toml` or of the four files of the policy."""
    data, files = the_file(), data_files()
    change(data, files)
    return [*source_problems(data, load_policy(**files))]


def test_the_packaged_files_name_their_sources() -> None:
    assert [*source_problems(the_file(), POLICY)] == []


# ------------------------------------------------------------------ a claim without a source
def text(files: dict[str, Data], **lines: object) -> None:
    files["drug_rules"]["texts"]["iron-binder"].update(lines)


def without_a_source() -> Iterator[tuple[Callable[[Data, dict[str, Data]], object], str]]:
    yield (
        lambda d, f: d["evidence"]["mortality"].update(cites=[]),
        "reasons.toml: [evidence.mortality] cites no source, and its strength does not say so",
    )
    yield (
        lambda d, f: d["evidence"]["screen-steroid"].update(strength="well known"),
        "reasons.toml: [evidence.screen-steroid] cites no source, and its strength does not say so",
    )
    yield (
        lambda d, f: d["references"]["uk"].update(named=["TRAPS"]),
        "reasons.toml: [references] TRAPS is the short name of two",
    )
    yield (
        lambda d, f: text(f, evidence=["KDIGO 2017 says nothing. Iron does harm."]),
        "drug_rules.toml: [texts.iron-binder] evidence[1] sentence 2 names no source",
    )
    yield (
        lambda d, f: text(f, lead=["Look.", "One of 7 dies."]),
        "drug_rules.toml: [texts.iron-binder] lead[2] sentence 1 has a figure and names no source",
    )
    yield (
        lambda d, f: text(
            f, do=["One of 3124933 dies."], evidence=["[It](https://pmc.ncbi.nlm.nih.gov/articles/PMC3124933)"]
        ),
        "drug_rules.toml: [texts.iron-binder] do[1] sentence 1 has a figure and names no source",
    )
    yield (
        lambda d, f: text(f, do=["See [it](https://a.example)."]),
        "drug_rules.toml: [texts.iron-binder] do[1] sentence 1 links to none of [references] of reasons.toml",
    )
    yield (
        lambda d, f: f["status_cards"]["texts"]["cua-sepsis"].update(evidence=["Sepsis kills."]),
        "status_cards.toml: [texts.cua-sepsis] evidence[1] sentence 1 names no source",
    )
    yield (
        lambda d, f: f["status_cards"]["phrases"].update(texture="Scaling in 9 of 10."),
        "status_cards.toml: [phrases] texture[1] sentence 1 has a figure and names no source",
    )
    yield (
        lambda d, f: f["wording"]["alternatives"]["apixaban"].update(offered=["Bleeding in 3."]),
        "wording.toml: [alternatives.apixaban] offered[1] sentence 1 has a figure and names no source",
    )
    yield (
        lambda d, f: f["wording"]["alternatives"]["apixaban"].update(offered=["[It](https://a.example)"]),
        "wording.toml: [alternatives.apixaban] offered[1] sentence 1 links to none of [references] of reasons.toml",
    )


@pytest.mark.parametrize(("change", "problem"), [*without_a_source()])
def test_a_claim_without_a_source_is_found(change: Callable[[Data, dict[str, Data]], object], problem: str) -> None:
    assert found(change) == [problem]


def test_a_source_that_is_taken_away_is_missed_by_the_cards_that_name_it() -> None:
    def forget(data: Data, files: dict[str, Data]) -> None:
        del data["references"]["traps"]["named"]

    missed = {problem.partition("]")[0] for problem in found(forget)}
    assert missed == {f"drug_rules.toml: [texts.vka-{name}-standard" for name in ("cua", "past-cua", "dialysis")}


# ------------------------------------------------------------------ a claim with one
@pytest.mark.parametrize(
    "sentence",
    [
        "[Paper](https://pmc.ncbi.nlm.nih.gov/articles/PMC8494680): bacteraemia in 26 %.",
        "KDIGO 2017 restricts the dose.",
        "Our decision: nothing is passed over.",
        "Pain comes first (expert practice).",
    ],
)
def test_a_link_a_short_name_or_an_open_word_tells_the_source(sentence: str) -> None:
    assert found(lambda d, f: text(f, evidence=[sentence])) == []


@pytest.mark.parametrize("sentence", ["KDIGO 20171 says it.", "It is yours.", "[x](https://pmc.ncbi.nlm.nih.gov)"])
def test_half_a_name_or_address_tells_none(sentence: str) -> None:
    assert not Sources.of(the_file()).told(sentence)


@pytest.mark.parametrize(
    "line",
    [
        "Below {pth_low_twice} hold it.",
        "At most 1,500 mg a day.",
        "Above 9.9 hold it (ours).",
        "See [KDOQI](http://kidneyfoundation.cachefly.net/professionals/KDOQI/guidelines_bone/guide5.htm).",
    ],
)
def test_a_figure_may_be_a_threshold_or_stand_in_the_evidence_of_the_card(line: str) -> None:
    assert found(lambda d, f: text(f, do=[line], evidence=["At most 1,500 mg (KDOQI 2003 5.5)."])) == []


# ------------------------------------------------------------------ rows, thresholds, short names
def test_each_row_and_each_threshold_names_a_source_or_says_that_it_is_ours() -> None:
    data, files, sources = the_file(), data_files(), Sources.of(the_file())
    rows = [*files["drug_rules"]["rules"], *(row for topic in data["topics"].values() for row in topic.get("rows", ()))]
    sections = [
        inner
        for key, section in files["thresholds"].items()
        for inner in (section.values() if key in ("windows", "points") else [section])
    ]
    entries = [*rows, *(value for section in sections for value in section["values"])]
    assert len(entries) > 130
    assert [entry["source"] for entry in entries if not sources.told(entry["source"])] == []


def test_every_short_name_is_used() -> None:
    folder = Path(hooks.__file__).parent
    used = "\n".join(file.read_text(encoding="utf-8") for file in folder.glob("*.toml") if file.stem != "reasons")
    used += "\n".join(row["source"] for topic in the_file()["topics"].values() for row in topic.get("rows", ()))
    names = [name for entry in the_file()["references"].values() for name in entry.get("named", ())]
    assert [name for name in names if name not in used] == []


# ------------------------------------------------------------------ docs/evidence.md
def shown(entry: Data) -> tuple[str, str]:
    """The first and the last cell of a source's row."""
    source = f"[{entry['cites']}]({entry['url']})" if "url" in entry else entry["cites"]
    return (f"{source}, {entry['identifier']}" if "identifier" in entry else source), entry["read"]


def rows_of(document: str) -> list[list[str]]:
    """The rows of the tables of sources, without their heads."""
    section = document.partition("\n## Sources on the pages\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return [row for row in rows if row[0] != "Source"]


def test_the_document_of_the_evidence_has_the_sources_of_the_pages_and_how_much_was_read() -> None:
    rows = rows_of(DOCUMENT.read_text(encoding="utf-8"))
    assert sorted((row[0], row[-1]) for row in rows) == sorted(map(shown, the_file()["references"].values()))
    assert {len(row) for row in rows} == {3}
    assert min(len(row[1]) for row in rows) > 10


def test_a_source_of_which_the_document_says_another_reading_is_found() -> None:
    entry = the_file()["references"]["uk"]
    (row,) = rows_of(f"\n## Sources on the pages\n\n| {shown(entry)[0]} | It says so. | whole paper |\n\n## Next\n")
    assert (row[0], row[-1]) != shown(entry)
    assert row[0] == shown(entry)[0]


def test_no_collection_of_flash_cards_is_a_source() -> None:
    texts = [DOCUMENT, *Path(hooks.__file__).parent.glob("*.toml")]
    assert [path.name for path in texts if re.search(r"github\.com|im-rec-deck", path.read_text("utf-8"))] == []
