"""What no schema can say of the clinicians' data files is checked whole: names, placeholders, what must be there."""

from collections.abc import Callable
from typing import Any

import pytest

from hooks.policy_loading import PHRASES, STATUS_TEXTS, load_policy, policy_problems
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


FIRST = "drug_rules.toml: rules 1 (vka-cua)"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda files: rule(files).update(when=["full_moon"]), f"{FIRST}: when names the unknown full_moon"),
        (lambda files: rule(files).update(unless=["full_moon"]), f"{FIRST}: unless names the unknown full_moon"),
        (
            lambda files: rule(files).update(when=["calcium_hihg"]),
            f"{FIRST}: when names the unknown calcium_hihg; did you mean calcium_high?",
        ),
        (lambda files: rule(files).update(text="no-such-text"), f"{FIRST}: there is no text for it"),
        (
            lambda files: rule(files).update(drug_class="vitamin_k_antagonists"),
            f"{FIRST}: drug_class names the unknown vitamin_k_antagonists; did you mean vitamin_k_antagonist?",
        ),
        (
            lambda files: drug_class(files).update(phrase="offending_moon"),
            "status_cards.toml: [phrases] offending_moon is missing",
        ),
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
        (
            lambda files: status(files).update(summary="{drug}"),
            "status_cards.toml: [texts.cua-suspected]: there is no placeholder {drug}",
        ),
        (
            lambda files: status(files).update(why=["drug_lines"]),
            "status_cards.toml: [texts.cua-suspected]: why names the unknown drug_lines",
        ),
        (
            lambda files: files["status_cards"]["texts"].update(cua=status(files)),
            "status_cards.toml: [texts] cua is not known",
        ),
        (
            lambda files: files["status_cards"]["phrases"].update(offending="stop {drug}"),
            "status_cards.toml: [phrases] offending is not known",
        ),
        (
            lambda files: files["status_cards"]["phrases"].update(offending_vka="stop {drug}"),
            "status_cards.toml: [phrases] offending_vka: there is no placeholder {drug}",
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
            lambda files: files["wording"]["suggestions"]["skin_check"].update(label="Instead of {drug}"),
            "wording.toml: [suggestions.skin_check]: there is no placeholder {drug}",
        ),
        (
            lambda files: files["wording"]["suggestions"]["sevelamer"].update(alternatives=["moon"]),
            "wording.toml: [suggestions.sevelamer] alternatives names the unknown moon",
        ),
        (
            lambda files: files["wording"]["suggestions"]["recheck_minerals"]["also"][0].update(when="full_moon"),
            "wording.toml: [suggestions.recheck_minerals]: also names the unknown full_moon",
        ),
        (
            lambda files: files["wording"]["suggestions"]["recheck_minerals"]["also"][0].update(actions=["moon"]),
            "wording.toml: [suggestions.recheck_minerals] also names the unknown moon",
        ),
        (
            lambda files: files["wording"]["alternatives"]["binder"]["facts"].append(["full_moon", "full moon"]),
            "wording.toml: [alternatives.binder] facts names the unknown full_moon",
        ),
        (
            lambda files: files["wording"]["alternatives"]["binder"]["facts"].append(["cirrhosis", "{moon}"]),
            "wording.toml: [alternatives.binder]: there is no placeholder {moon}",
        ),
        (
            lambda files: files["wording"]["alternatives"]["binder"].update(not_offered="{facts} {moon}"),
            "wording.toml: [alternatives.binder]: there is no placeholder {moon}",
        ),
        (
            lambda files: files["wording"]["indications"]["mitral_stenosis"].pop("standard"),
            "wording.toml: [indications] with standard = true mitral_stenosis is missing",
        ),
        (
            lambda files: rule(files).update(not_beside=["moon"]),
            f"{FIRST}: not_beside names the unknown moon",
        ),
        (
            lambda files: rule(files).update(removal_not_recommended=["full_moon"]),
            f"{FIRST}: removal_not_recommended names the unknown full_moon",
        ),
        (
            lambda files: drug_class(files).update(removal_not_recommended=["full_moon"]),
            "drug_rules.toml: [classes.vitamin_k_antagonist]: removal_not_recommended names the unknown full_moon",
        ),
        (
            lambda files: files["wording"]["suggestions"]["sevelamer"].update(when=["full_moon"]),
            "wording.toml: [suggestions.sevelamer]: when names the unknown full_moon",
        ),
        (
            lambda files: files["wording"]["analytes"].pop("phosphate"),
            "wording.toml: [analytes] phosphate is missing",
        ),
        (lambda files: files["wording"]["signs"].pop("livedo"), "wording.toml: [signs] livedo is missing"),
        (lambda files: files["wording"]["signs_short"].pop("livedo"), "wording.toml: [signs_short] livedo is missing"),
        (
            lambda files: files["wording"]["factors"].update(shoe_size="big"),
            "wording.toml: [factors] shoe_size is not known",
        ),
        (
            lambda files: files["wording"]["factors_short"].pop("female"),
            "wording.toml: [factors_short] female is missing",
        ),
        (
            lambda files: files["wording"]["suggestions"]["sevelamer"]["actions"].append("moon"),
            "wording.toml: [suggestions.sevelamer] actions names the unknown moon",
        ),
        (
            lambda files: files["wording"]["needs"]["pth"].update(analytes=["magnesium"]),
            "wording.toml: [needs.pth] analytes names the unknown magnesium",
        ),
        (
            lambda files: files["wording"]["override_reasons"].append({"code": "data-wrong", "display": "x"}),
            "wording.toml: override_reasons: data-wrong stands 2 times",
        ),
        (
            lambda files: files["thresholds"]["windows"].pop("bone"),
            "thresholds.toml: [windows] names intact_pth 0 times, not once",
        ),
    ],
)
def test_a_problem_is_named_with_file_and_key(change: Callable[[Files], object], problem: str) -> None:
    found = problems(change)
    assert [line for line in found if line.startswith(problem)], found


@pytest.mark.parametrize("name", STATUS_TEXTS)
def test_no_status_text_may_be_missing(name: str) -> None:
    found = problems(lambda files: files["status_cards"]["texts"].pop(name))
    assert found == [f"status_cards.toml: [texts] {name} is missing"]


@pytest.mark.parametrize("name", PHRASES)
def test_no_half_sentence_may_be_missing(name: str) -> None:
    assert problems(lambda files: files["status_cards"]["phrases"].pop(name)) == [
        f"status_cards.toml: [phrases] {name} is missing"
    ]


def test_every_problem_of_every_file_is_named_at_once() -> None:
    def spoil(files: Files) -> None:
        rule(files).update(text="no-such-text", when=["full_moon"])
        text(files).update(summary="{durg}")
        status(files).update(why=["moon"])
        files["wording"]["signs"].pop("livedo")
        files["thresholds"]["windows"]["bone"]["analytes"].append("magnesium")

    assert len(problems(spoil)) == 6


def test_files_that_are_there_are_checked_without_the_others() -> None:
    files = data_files()
    rule(files).update(when=["full_moon"])
    text(files).update(needs=["moon"])
    without_words = {name: files[name] for name in ("drug_rules", "thresholds", "status_cards")}
    assert list(policy_problems(without_words)) == [f"{FIRST}: when names the unknown full_moon"]
    assert len(list(policy_problems(files))) == 2
    assert list(policy_problems({})) == []


def test_files_of_another_shape_are_no_policy() -> None:
    with pytest.raises(KeyError):
        load_policy({}, {}, {}, {})


def test_the_packaged_rules_use_every_situation() -> None:
    rows = [row for rows in POLICY.rules.values() for row in rows]
    used = {name for row in rows for name in (*row.when, *row.unless, *row.removal_not_recommended)}
    used |= {name for entry in POLICY.drug_classes.values() for name in entry.removal_not_recommended}
    for suggestion in POLICY.wording.suggestions.values():
        used |= {*suggestion.when, *suggestion.unless, *(extra.when for extra in suggestion.also)}
    for alternative in POLICY.wording.alternatives.values():
        used |= {situation for situation, _ in alternative.facts}
    assert used == set(SITUATIONS), "a situation that nothing uses is dead"


def test_every_packaged_text_belongs_to_a_row() -> None:
    assert set(POLICY.drug_texts) == {row.text for rows in POLICY.rules.values() for row in rows if not row.silent}


def test_every_suggestion_belongs_to_a_text_and_every_action_to_a_suggestion() -> None:
    texts = (*POLICY.drug_texts.values(), *POLICY.status_texts.values())
    assert {name for text in texts for name in text.suggest} == set(POLICY.wording.suggestions)
    wording = POLICY.wording
    done = {name for entry in wording.suggestions.values() for name in entry.actions}
    done |= {name for entry in wording.suggestions.values() for extra in entry.also for name in extra.actions}
    assert done - {"remove"} == set(wording.actions)
