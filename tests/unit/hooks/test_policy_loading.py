"""The data files of clinicians are checked whole: every problem is named, nothing is skipped in silence."""

from collections.abc import Callable
from typing import Any

import pytest

from hooks.policy_loading import PHRASES, STATUS_TEXTS, load_policy
from hooks.situations import SITUATIONS
from hooks.thresholds import PolicyError
from tests.unit.hooks.builders import POLICY, data_files

Files = dict[str, dict[str, Any]]


def problems(change: Callable[[Files], object]) -> list[str]:
    """The problems of the packaged files after a change."""
    files = data_files()
    change(files)
    with pytest.raises(PolicyError) as refused:
        load_policy(**files)
    return str(refused.value).splitlines()


def rule(files: Files) -> dict[str, Any]:
    """The first drug rule."""
    first: dict[str, Any] = files["drug_rules"]["rules"][0]
    return first


def drug_class(files: Files) -> dict[str, Any]:
    """The first drug class."""
    entry: dict[str, Any] = files["drug_rules"]["classes"]["vitamin_k_antagonist"]
    return entry


def text(files: Files) -> dict[str, Any]:
    """The text of one drug card."""
    entry: dict[str, Any] = files["drug_rules"]["texts"]["vka-cua"]
    return entry


def status(files: Files) -> dict[str, Any]:
    """The text of one status card."""
    entry: dict[str, Any] = files["status_cards"]["texts"]["cua-suspected"]
    return entry


FIRST = "drug_rules.toml: rule 1 (vitamin_k_antagonist, vka-cua)"
CLASS = "drug_rules.toml: [classes.vitamin_k_antagonist]"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda files: files["drug_rules"].update(rules=[]), "drug_rules.toml: there are no rules"),
        (lambda files: files["drug_rules"].pop("rules"), "drug_rules.toml: there are no rules"),
        (lambda files: rule(files).pop("source"), f"{FIRST} lacks source"),
        (lambda files: rule(files).update(source=""), f"{FIRST} lacks source"),
        (
            lambda files: rule(files).pop("drug_class"),
            "drug_rules.toml: rule 1 (None, vka-cua) lacks drug_class",
        ),
        (lambda files: rule(files).pop("indicator"), f"{FIRST} lacks indicator"),
        (lambda files: rule(files).update(indicator="urgent"), f"{FIRST}: indicator is info, warning or critical"),
        (
            lambda files: rule(files).update(at_patient_view="no"),
            f"{FIRST}: at_patient_view is info, warning or critical",
        ),
        (lambda files: rule(files).update(when=["full_moon"]), f"{FIRST}: there is no situation full_moon"),
        (lambda files: rule(files).update(unless=["full_moon"]), f"{FIRST}: there is no situation full_moon"),
        (lambda files: rule(files).update(unles=["on_dialysis"]), f"{FIRST}: there is no key unles"),
        (lambda files: rule(files).update(text="no-such-text"), f"{FIRST}: there is no text for it"),
        (lambda files: drug_class(files).pop("name"), f"{CLASS} lacks name"),
        (lambda files: drug_class(files).update(roll="feeding"), f"{CLASS}: there is no key roll"),
        (lambda files: drug_class(files).update(role="good"), f"{CLASS}: role is feeding, helping or neutral"),
        (lambda files: drug_class(files).update(phrase="moon"), f"{CLASS}: its phrase is missing in [phrases]"),
        (lambda files: drug_class(files).pop("phrase"), f"{CLASS}: its phrase is missing in [phrases]"),
        (lambda files: drug_class(files).update(role="neutral"), f"{CLASS}: phrase and in_summary are for feeding"),
        (
            lambda files: files["drug_rules"]["classes"].pop("oral_iron"),
            "drug_rules.toml: rule 34: [classes] lacks oral_iron",
        ),
        (lambda files: text(files).pop("title"), "drug_rules.toml: [texts.vka-cua] lacks title"),
        (lambda files: text(files).pop("evidence"), "drug_rules.toml: [texts.vka-cua] lacks evidence"),
        (lambda files: text(files).update(evidence=[]), "drug_rules.toml: [texts.vka-cua] lacks evidence"),
        (lambda files: text(files).update(overide=[]), "drug_rules.toml: [texts.vka-cua]: there is no key overide"),
        (
            lambda files: text(files).update(why=["moon"]),
            "drug_rules.toml: [texts.vka-cua]: why names the unknown moon",
        ),
        (
            lambda files: text(files).update(needs=["moon"]),
            "drug_rules.toml: [texts.vka-cua]: needs names the unknown moon",
        ),
        (
            lambda files: text(files).update(suggest=["moon"]),
            "drug_rules.toml: [texts.vka-cua]: suggest names the unknown moon",
        ),
        (
            lambda files: text(files).update(override=["moon"]),
            "drug_rules.toml: [texts.vka-cua]: override names the unknown moon",
        ),
        (
            lambda files: text(files).update(summary="{durg} is wrong"),
            "drug_rules.toml: [texts.vka-cua]: there is no placeholder {durg}",
        ),
        (
            lambda files: text(files)["do"].append("see {moon}"),
            "drug_rules.toml: [texts.vka-cua]: there is no placeholder {moon}",
        ),
        (
            lambda files: text(files).update(lead=["an open { brace"]),
            "drug_rules.toml: [texts.vka-cua]: “an open { brace” ",
        ),
        (lambda files: status(files).pop("lead"), "status_cards.toml: [texts.cua-suspected] lacks lead"),
        (
            lambda files: status(files).update(summary="{drug}"),
            "status_cards.toml: [texts.cua-suspected]: there is no placeholder {drug}",
        ),
        (
            lambda files: status(files).update(why=["drug_lines"]),
            "status_cards.toml: [texts.cua-suspected]: why names the unknown drug_lines",
        ),
        (
            lambda files: files["status_cards"]["phrases"].update(offending="stop {drug}"),
            "status_cards.toml: [phrases] offending: there is no placeholder {drug}",
        ),
        (
            lambda files: files["wording"]["factors"].update(female="{sex}"),
            "wording.toml: [factors] female: there is no placeholder {sex}",
        ),
        (
            lambda files: files["wording"]["suggestions"]["remove"].update(label="Remove {durg}"),
            "wording.toml: [suggestions.remove]: there is no placeholder {durg}",
        ),
        (
            lambda files: files["wording"]["suggestions"]["sevelamer"].update(label="Instead of {drug}"),
            "wording.toml: [suggestions.sevelamer]: there is no placeholder {drug}",
        ),
        (
            lambda files: files["wording"]["analytes"].pop("phosphate"),
            "wording.toml: [analytes] lacks or misnames phos",
        ),
        (lambda files: files["wording"]["signs"].pop("livedo"), "wording.toml: [signs] lacks or misnames livedo"),
        (lambda files: files["wording"].pop("signs_short"), "wording.toml: [signs_short] lacks or misnames livedo"),
        (
            lambda files: files["wording"]["factors"].update(shoe_size="big"),
            "wording.toml: [factors] lacks or misnames shoe_size",
        ),
        (
            lambda files: files["wording"]["suggestions"]["sevelamer"]["actions"].append("moon"),
            "wording.toml: [suggestions.sevelamer] uses the unknown action moon",
        ),
        (lambda files: files["wording"].pop("footer"), "wording.toml: KeyError('footer')"),
        (
            lambda files: files["wording"]["analytes"]["phosphate"].update(colour="red"),
            "wording.toml: TypeError(",
        ),
        (
            lambda files: files["wording"]["needs"]["pth"].update(analytes=["magnesium"]),
            "wording.toml: ValueError(",
        ),
        (lambda files: files["thresholds"].pop("calcium_high"), "thresholds.toml: [calcium_high] is missing"),
    ],
)
def test_a_problem_is_named_with_file_and_key(change: Callable[[Files], object], problem: str) -> None:
    found = problems(change)
    assert [line for line in found if line.startswith(problem)], found


@pytest.mark.parametrize("name", STATUS_TEXTS)
def test_no_status_text_may_be_missing(name: str) -> None:
    found = problems(lambda files: files["status_cards"]["texts"].pop(name))
    assert found == [f"status_cards.toml: [texts.{name}] is missing"]


@pytest.mark.parametrize("name", PHRASES)
def test_no_half_sentence_may_be_missing(name: str) -> None:
    assert problems(lambda files: files["status_cards"]["phrases"].pop(name)) == [
        f"status_cards.toml: [phrases] lacks {name}"
    ]
    assert problems(lambda files: files["status_cards"].pop("phrases"))[0].startswith("status_cards.toml: [phrases]")


def test_every_problem_of_the_rules_and_texts_is_named_at_once() -> None:
    def spoil(files: Files) -> None:
        rule(files).update(source="", when=["full_moon"])
        text(files).pop("title")
        status(files).pop("evidence")

    assert len(problems(spoil)) == 4


def test_empty_files_are_refused() -> None:
    with pytest.raises(PolicyError):
        load_policy({}, {}, {}, {})


def test_the_packaged_rules_use_every_situation() -> None:
    rows = [row for rows in POLICY.rules.values() for row in rows]
    used = {name for row in rows for name in (*row.when, *row.unless)}
    assert used <= set(SITUATIONS)
    assert set(SITUATIONS) - used <= {"calciphylaxis_confirmed"}, "a situation that no row uses is dead"


def test_every_packaged_text_belongs_to_a_row() -> None:
    assert set(POLICY.drug_texts) == {row.text for rows in POLICY.rules.values() for row in rows}
