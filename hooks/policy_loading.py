"""The policy read from the four parsed data files, and checked whole.

What may live here: reading and cross-references. The types stand in `policy`; the caller reads the files, and has
checked the shape of each against its JSON Schema.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.card import Indicator
from hooks.cards import (
    DRUG_PLACEHOLDERS,
    DRUG_WHY,
    EXCEPTIONS,
    FACT_PLACEHOLDERS,
    FACTOR_PLACEHOLDERS,
    STATUS_PLACEHOLDERS,
    STATUS_WHY,
)
from hooks.name_checks import name_problems, unknown_names
from hooks.policy import CardText, DrugClass, DrugRule, Policy, Role
from hooks.situations import SITUATIONS
from hooks.thresholds import PolicyError, read_thresholds, threshold_problems
from hooks.wording import read_wording, wording_problems


def load_policy(
    thresholds: Mapping[str, Any],
    drug_rules: Mapping[str, Any],
    status_cards: Mapping[str, Any],
    wording: Mapping[str, Any],
) -> Policy:
    """A policy from the four parsed data files, whose shapes have been checked.

    Raises:
        PolicyError: with one line per problem, naming file and key.
    """
    files = {"thresholds": thresholds, "drug_rules": drug_rules, "status_cards": status_cards, "wording": wording}
    problems = list(policy_problems(files))
    if problems:
        raise PolicyError("\n".join(problems))
    rules: dict[str, tuple[DrugRule, ...]] = {}
    for row in drug_rules["rules"]:
        rules[row["drug_class"]] = (*rules.get(row["drug_class"], ()), _rule(row))
    return Policy(
        read_thresholds(thresholds),
        {name: _drug_class(entry) for name, entry in drug_rules["classes"].items()},
        rules,
        _texts(drug_rules),
        _texts(status_cards),
        dict(status_cards["phrases"]),
        read_wording(wording),
    )


def policy_problems(files: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The problems that no schema can find in the given files (of the four, by name), such as names that lead nowhere.

    Where a file is not given, because it could not be read, what the others say of it is not checked.
    """
    if "thresholds" in files:
        yield from threshold_problems(files["thresholds"])
    if "drug_rules" in files:
        yield from _rule_problems(files["drug_rules"])
    if "status_cards" in files:
        yield from _status_problems(files["status_cards"], files.get("drug_rules"))
    if "wording" in files:
        words = files["wording"]
        yield from wording_problems(words)
        yield from _label_problems(words)
        drug_names = _Names(set(DRUG_PLACEHOLDERS), set(DRUG_WHY))
        status_names = _Names(set(STATUS_PLACEHOLDERS), set(STATUS_WHY))
        for name, names in (("drug_rules", drug_names), ("status_cards", status_names)):
            if name in files:
                yield from _text_problems(f"{name}.toml", files[name]["texts"], names, words)


@dataclass(frozen=True, slots=True)
class _Names:
    """The placeholders and facts that a file may use."""

    placeholders: set[str]
    why: set[str]


STATUS_TEXTS = (
    "cua-confirmed",
    "cua-confirmed-off-dialysis",
    "cua-suspected",
    "cua-possible",
    "cua-possible-off-dialysis",
    "cua-risk-high",
    "cua-risk-elevated",
    "cua-sepsis",
    "cua-data-gap",
    "order-data-gap",
)
"""The texts that `calciphylaxis_status`, `sepsis_watch` and `patient_view` raise."""

_DOSES = {"hd_kt_v_minimum", "hd_kt_v_target", "hd_kt_v_intensified", "pd_kt_v_minimum"}
_PHRASES: tuple[tuple[set[str], str], ...] = (
    (_DOSES, "dose_advice dose_advice_peritoneal dose_advice_both dose_intensified"),
    (_DOSES, "dose_reference dose_reference_peritoneal dose_reference_both"),
    (set(), "skin_check skin_check_peritoneal dialysate dialysate_peritoneal"),
    (set(), "calcium_stop calcium_stop_low hungry_bone hungry_bone_surgery vitamin_d_review vitamin_d_needed"),
    ({"reason"}, "calcium_needed"),
    ({"times"}, "hyperparathyroidism hyperparathyroidism_surgery"),
    ({"drugs", "calcium"}, "vitamin_d_stop offending_vitamin_d_high short_stop_high"),
    ({"drug", "indication"}, "vka_active vka_valve vka_valve_unread"),
    ({"drug", "indication", "fact"}, "vka_active_standard"),
    ({"fact"}, "vka_standard"),
    ({"drugs", "fact"}, "vka_is_standard"),
    (set(), "vka_absent"),
    (set(), "thiosulfate_active thiosulfate_active_peritoneal thiosulfate_active_both thiosulfate_active_off"),
    (set(), "thiosulfate_absent thiosulfate_absent_peritoneal thiosulfate_absent_both thiosulfate_absent_off"),
    (set(), "insulin induration_alone unspecific_code texture palliative infection"),
    ({"verification"}, "provisional"),
    ({"drugs"}, "offending_vka offending_vka_valve offending_calcium offending_calcium_needed"),
    ({"drugs"}, "offending_vitamin_d offending_vitamin_d_needed offending_iron changeable_vka changeable_vka_kept"),
    ({"drugs"}, "changeable_calcium changeable_vitamin_d"),
    ({"reference"}, "changeable_dose"),
    ({"drugs"}, "short_vka short_vka_valve short_stop short_needed short_review"),
    (set(), "short_none short_unread short_steps short_steps_off"),
)
PHRASES: Mapping[str, set[str]] = {name: words for words, names in _PHRASES for name in names.split()}
"""The half-sentences that `status_facts` uses, with the placeholders of each."""


HIDDEN = "none"
"""What `at_patient_view` says of a card that is not shown when a chart is opened."""


def _drug_class(entry: Mapping[str, Any]) -> DrugClass:
    weak_ground = tuple(entry.get("removal_not_recommended", ()))
    role = Role(entry.get("role", Role.NEUTRAL))
    # What no rule asks stays in the file: it is for those who check a site policy.
    told = {key: value for key, value in entry.items() if key != "fewer_critical"}
    return DrugClass(**{**told, "role": role, "removal_not_recommended": weak_ground})


def _rule(row: Mapping[str, Any]) -> DrugRule:
    there, silent = row.get("at_patient_view"), row.get("silent", False)
    topic = "" if silent else row["topic"]
    return DrugRule(
        drug_class=row["drug_class"],
        topic=topic,
        text=row.get("text", topic),
        indicator=Indicator.INFO if silent else Indicator(row["indicator"]),
        when=tuple(row.get("when", ())),
        unless=tuple(row.get("unless", ())),
        silent=silent,
        final=row.get("final", False),
        beside=row.get("beside", False),
        at_patient_view=Indicator(there) if there and there != HIDDEN else None,
        hidden_at_patient_view=there == HIDDEN,
        not_beside=tuple(row.get("not_beside", ())),
        keep_at_order_sign=row.get("keep_at_order_sign", False),
        removal_not_recommended=tuple(row.get("removal_not_recommended", ())),
    )


_LISTS = ("lead", "do", "evidence", "why", "needs", "suggest", "override", "draft_lead", "added")


def _texts(data: Mapping[str, Any]) -> dict[str, CardText]:
    return {
        name: CardText(
            entry["title"],
            entry["summary"],
            draft_summary=entry.get("draft_summary", ""),
            **{key: tuple(entry.get(key, ())) for key in _LISTS},
        )
        for name, entry in data["texts"].items()
    }


def _rule_problems(data: Mapping[str, Any]) -> Iterator[str]:
    for name, entry in data["classes"].items():
        yield from _situation_problems(f"drug_rules.toml: [classes.{name}]", entry)
    for number, row in enumerate(data["rules"], 1):
        where = f"drug_rules.toml: rules {number} ({_title(row)})"
        yield from unknown_names(f"{where}: drug_class", [row["drug_class"]], data["classes"])
        yield from _situation_problems(where, row)
        yield from unknown_names(f"{where}: not_beside", row.get("not_beside", ()), STATUS_TEXTS)
        for name in set(row.get("when", ())) & set(row.get("unless", ())):
            yield f"{where}: {name} stands under when and unless, so that the row never holds"
        if not row.get("silent") and row.get("text", row["topic"]) not in data["texts"]:
            yield f"{where}: there is no text for it"
        for earlier, above in enumerate(data["rules"][: number - 1], 1):
            if _always_wins(above, row):
                yield f"{where} never gives its card: rules {earlier} ({_title(above)}) wins whenever it holds"


def _title(row: Mapping[str, Any]) -> str:
    return "silent" if row.get("silent") else str(row["topic"])


def _always_wins(above: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Does the row above hold whenever this one does, and end the search or be at least as urgent?"""
    if above["drug_class"] != row["drug_class"] or above.get("beside") or row.get("beside"):
        return False
    ends = bool(above.get("final"))
    outranks = not above.get("silent") and not row.get("silent") and _urgency(above) >= _urgency(row)
    asks_for_less = all(set(above.get(key, ())) <= set(row.get(key, ())) for key in ("when", "unless"))
    return asks_for_less and (ends or outranks)


def _urgency(row: Mapping[str, Any]) -> int:
    return Indicator(row["indicator"]).urgency


def _situation_problems(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    for key in ("when", "unless", "removal_not_recommended"):
        yield from unknown_names(f"{where}: {key}", entry.get(key, ()), SITUATIONS)


def _status_problems(data: Mapping[str, Any], drug_rules: Mapping[str, Any] | None) -> Iterator[str]:
    """Every text and half-sentence that the rules and drug classes use is there, and has no unknown placeholder."""
    yield from name_problems("status_cards.toml: [texts]", data["texts"], STATUS_TEXTS)
    about_drugs = _phrases_of_classes(drug_rules) if drug_rules is not None else set()
    others = set() if drug_rules is not None else set(data["phrases"])
    yield from name_problems("status_cards.toml: [phrases]", data["phrases"], {*PHRASES, *about_drugs, *others})
    for name, text in data["phrases"].items():
        where, known = f"status_cards.toml: [phrases] {name}", {"drugs"} if name in about_drugs else PHRASES.get(name)
        if known is not None:
            yield from (f"{where}: {problem}" for problem in _placeholder_problems([text], known))
        if name in about_drugs and "{drugs}" not in text:
            yield f"{where} lacks {{drugs}}: a drug class of drug_rules.toml names it"


def _phrases_of_classes(drug_rules: Mapping[str, Any]) -> set[str]:
    """Every half-sentence about active drugs of a class, also that of its exception."""
    named = {key: entry["phrase"] for key, entry in drug_rules["classes"].items() if "phrase" in entry}
    return {*named.values(), *(f"{phrase}{EXCEPTIONS[key]}" for key, phrase in named.items() if key in EXCEPTIONS)}


def _text_problems(
    file: str, texts: Mapping[str, Mapping[str, Any]], names: _Names, words: Mapping[str, Any]
) -> Iterator[str]:
    known = {
        "why": names.why,
        "needs": set(words["needs"]),
        "suggest": set(words["suggestions"]),
        "override": {entry["code"] for entry in words["override_reasons"]},
    }
    for name, entry in texts.items():
        where = f"{file}: [texts.{name}]"
        for key, allowed in known.items():
            yield from unknown_names(f"{where}: {key}", entry.get(key, ()), allowed)
        lines = [entry["summary"], *([entry["draft_summary"]] if "draft_summary" in entry else [])]
        lines += [line for key in ("lead", "do", "evidence", "draft_lead") for line in entry.get(key, ())]
        yield from (f"{where}: {problem}" for problem in _placeholder_problems(lines, names.placeholders))


def _label_problems(words: Mapping[str, Any]) -> Iterator[str]:
    """Situations and placeholders of labels and factors; a label names its {drug} where it removes a drug."""
    for name, text in words["factors"].items():
        where = f"wording.toml: [factors] {name}"
        yield from (f"{where}: {problem}" for problem in _placeholder_problems([text], FACTOR_PLACEHOLDERS))
    for name, entry in words["suggestions"].items():
        where = f"wording.toml: [suggestions.{name}]"
        known = {"drug"} if "remove" in entry["actions"] else set()
        yield from (f"{where}: {problem}" for problem in _placeholder_problems([entry["label"]], known))
        yield from _situation_problems(where, entry)
        yield from unknown_names(f"{where}: also", [extra["when"] for extra in entry.get("also", ())], SITUATIONS)
    for name, entry in words["alternatives"].items():
        where = f"wording.toml: [alternatives.{name}]"
        yield from unknown_names(f"{where} facts", [situation for situation, _ in entry["facts"]], SITUATIONS)
        lines = [said for _, said in entry["facts"]]
        yield from (f"{where}: {problem}" for problem in _placeholder_problems(lines, FACT_PLACEHOLDERS))
        yield from (f"{where}: {problem}" for problem in _placeholder_problems([entry["not_offered"]], {"facts"}))


def _placeholder_problems(lines: Iterable[str], known: Collection[str]) -> Iterator[str]:
    for line in lines:
        try:
            names = [field for _, field, _, _ in string.Formatter().parse(line) if field is not None]
        except ValueError as error:
            yield f"“{line[:40]}” {error}"
            continue
        yield from (f"there is no placeholder {{{name}}}" for name in names if name not in known)
