"""The reasons behind the cards: whole, in step with the rules, and refused with every mistake named."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import hooks
from cds_service.stories.story import load_vignettes
from hooks import order_select, order_sign
from hooks.card import Indicator
from hooks.chart import Analyte
from hooks.policy_loading import load_policy
from hooks.reasons.loading import load_reasons
from hooks.reasons.numbers import filled, load_numbers
from hooks.reasons.reasons import Reasons
from hooks.thresholds import PolicyError
from tests.unit.hooks.builders import (
    ON,
    ON_DIALYSIS,
    POLICY,
    ULCER,
    chart,
    data_files,
    drug,
    gap,
)

Data = dict[str, Any]


@cache
def _packaged() -> Data:
    return tomllib.loads((Path(hooks.__file__).parent / "reasons.toml").read_text(encoding="utf-8"))


def the_file() -> Data:
    """A fresh copy of the parsed file, free to be changed."""
    return deepcopy(_packaged())


def load(data: Data, files: dict[str, Data] | None = None) -> Reasons:
    """The reasons of a file, with the packaged other files or with changed ones."""
    used = files or data_files()
    policy = load_policy(**used) if files else POLICY
    return load_reasons(data, used["thresholds"], used["drug_rules"], policy)


REASONS = load(the_file())


# ------------------------------------------------------------------ in step with the rules
def said() -> set[tuple[str, str, str]]:
    """(hook, topic, indicator) of every card that the reasons tell of."""
    return {
        (hook, topic.code, indicator.value)
        for topic in REASONS.topics.values()
        for row in topic.rows
        for hook, indicator in row.hooks.items()
    }


GAPS_AT_ORDERS = {
    (hook, topic, "info") for hook in ("order-select", "order-sign") for topic in ("cua-data-gap", "order-data-gap")
}


def test_the_reasons_tell_of_exactly_the_cards_that_the_stories_show() -> None:
    shown = {(story.hook, *card) for story in load_vignettes() for card in story.expect or ()}
    assert said() == shown | GAPS_AT_ORDERS


@pytest.mark.parametrize("service", [order_select, order_sign])
def test_the_data_gaps_at_orders_are_what_the_services_say(service: Any) -> None:
    unread = chart(ON_DIALYSIS, unread_drafts=1)
    close_call = chart(ON_DIALYSIS, ULCER, gap("pth_alp", Analyte.INTACT_PTH), drafts=(drug("iv_iron"),))
    cards = [card for patient in (unread, close_call) for card in service.advise(patient, ON, POLICY)]
    assert [(service.HOOK, card.topic, card.indicator.value) for card in cards] == sorted(
        (card for card in GAPS_AT_ORDERS if card[0] == service.HOOK), reverse=True
    )


def test_every_threshold_is_named_by_a_topic_or_by_the_page_about_the_service() -> None:
    numbers = {number.key for topic in REASONS.topics.values() for number in topic.numbers}
    assert numbers | {number.key for number in REASONS.about_numbers} == set(REASONS.numbers)


def test_every_claim_limit_and_source_is_used() -> None:
    data = the_file()
    topics = data["topics"].values()
    claims = {name for topic in topics for name in (*topic["evidence"], *topic.get("against", ()))}
    limits = {name for topic in topics for name in topic["limits"]} | set(data["common"]["limits"])
    cited = {name for claim in data["evidence"].values() for name in claim.get("cites", ())}
    assert (claims, limits, cited) == (set(data["evidence"]), set(data["limits"]), set(data["references"]))


def test_every_web_address_is_encrypted_but_for_the_archive_of_kdoqi_that_knows_only_http() -> None:
    addresses = [entry["url"] for entry in the_file()["references"].values() if "url" in entry]
    plain = [url for url in addresses if not url.startswith("https://")]
    assert all(url.startswith("http://kidneyfoundation.cachefly.net/") for url in plain)


def test_a_drug_topic_names_its_rows_in_their_place_and_what_is_looked_at_before() -> None:
    rows = REASONS.topics["calcium-low-pth"].rows
    rules = POLICY.rules["calcium_product"]
    place = next(number for number, rule in enumerate(rules) if rule.topic == "calcium-low-pth")
    (row,) = rows
    assert (row.number, row.of, row.drug_class) == (place + 1, len(rules), "calcium_product")
    # The data gap stands above and only informs: it does not win.
    winning = [rule.topic for rule in rules[:place] if rule.final or rule.indicator is not Indicator.INFO]
    assert row.before == tuple(dict.fromkeys(winning))
    assert "calcium-data-gap" not in row.before
    assert row.source == "KDOQI 2003 5.6"


def test_a_row_that_informs_names_the_warnings_below_it_that_win() -> None:
    informs = REASONS.topics["calcium-data-gap"].rows[0]
    assert {"calcium-past-cua", "calcium-caxp", "calcium-low-pth"} <= set(informs.before)


def test_each_row_carries_the_source_of_its_own_rule() -> None:
    for entry in (row for row in data_files()["drug_rules"]["rules"] if not row.get("silent")):
        sources = [row.source for row in REASONS.topics[entry["topic"]].rows if row.drug_class == entry["drug_class"]]
        assert entry["source"] in sources


def test_an_exception_of_a_row_is_said() -> None:
    rows = REASONS.topics["calcium-past-cua"].rows
    assert [row.unless for row in rows] == [(REASONS.situations["rebuilding_bone"],)]


def test_a_topic_takes_the_numbers_of_its_situations_in_the_order_of_the_thresholds() -> None:
    keys = [number.key for number in REASONS.topics["vitd-low-pth"].numbers]
    assert keys == [key for key in REASONS.numbers if key in keys]
    assert {"pth_vitamin_d_times", "pth_assumed_upper_limit", "windows.bone", "dialysis_procedure_days"} == set(
        keys
    ) - {"dialysis_after_transplant_days"}


def test_a_topic_shows_its_own_text_first_and_its_exceptions_after_it() -> None:
    topic = REASONS.topics["vka-cua"]
    assert topic.texts[0] is POLICY.drug_texts["vka-cua"]
    assert len(topic.texts) == 5
    assert topic.title == POLICY.drug_texts["vka-cua"].title


def test_a_topic_says_how_urgent_it_can_be_and_which_drugs_raise_it() -> None:
    topic = REASONS.topics["vitd-cua"]
    assert topic.indicators == (Indicator.CRITICAL, Indicator.WARNING, Indicator.INFO)
    assert topic.drug_classes == ("active_vitamin_d", "nutritional_vitamin_d")


def test_what_calciphylaxis_means_is_explained_on_the_pages_of_the_status_cards() -> None:
    assert REASONS.topics["calcium-cua"].see == ("cua-confirmed", "cua-suspected")


def test_a_change_of_a_rule_changes_its_reasons() -> None:
    files = data_files()
    for row in files["drug_rules"]["rules"]:
        if row.get("topic") == "vka-valve":
            row.update(indicator="warning", source="a new study")
            del row["at_patient_view"]
    for row in load(the_file(), files).topics["vka-valve"].rows:
        assert set(row.hooks.values()) == {Indicator.WARNING}
        assert row.source == "a new study"


# ------------------------------------------------------------------ numbers
def test_a_sentence_is_filled_with_the_value_in_force_on_the_day() -> None:
    files = data_files()
    tomorrow = ON + timedelta(days=1)
    files["thresholds"]["calcium_high"]["values"] = [
        {"since": since, "value": value, "source": "a guideline"} for since, value in ((ON, 10.2), (tomorrow, 9.9))
    ]
    numbers = load(the_file(), files).numbers
    assert [filled("above {calcium_high}", numbers, day) for day in (ON, tomorrow)] == [
        "above 10.2 mg/dL",
        "above 9.9 mg/dL",
    ]
    number = numbers["calcium_high"]
    assert [value.shown for value in number.others(ON)] == ["9.9 mg/dL"]
    assert [value.shown for value in number.others(tomorrow)] == ["10.2 mg/dL"]
    assert number.on(date(1990, 1, 1)).bare == "10.2"


def section(unit: str, **entry: object) -> Data:
    return {"says": "It says", "unit": unit, "values": [{"since": ON, "source": "ours", **entry}]}


def test_values_are_shown_with_their_unit_in_words() -> None:
    thresholds = {
        "long": section("d", value=90),
        "single": section("points", value=1),
        "alone": section("1", value=0.8),
        "odd": section("furlong", value=2),
        "windows": {"a": section("d", fresh=35, usable=90), "b": section("d", fresh=3, usable=3)},
        "points": {"c": section("points", value=2)},
    }
    numbers = load_numbers(thresholds, {"d": "days", "1": ""})
    assert {key: number.on(ON).shown for key, number in numbers.items()} == {
        "long": "90 days",
        "single": "1 point",
        "alone": "0.8",
        "odd": "2 furlong",
        "windows.a": "fresh up to 35 days, used up to 90 days",
        "windows.b": "used up to 3 days",
        "points.c": "2 points",
    }


# ------------------------------------------------------------------ mistakes
def problems(change: Callable[[Data], object]) -> list[str]:
    data = the_file()
    change(data)
    with pytest.raises(PolicyError) as refused:
        load(data)
    return str(refused.value).splitlines()


def suspected(data: Data) -> Data:
    topic: Data = data["topics"]["cua-suspected"]
    return topic


def mistakes() -> Iterator[tuple[Callable[[Data], object], str]]:
    yield lambda d: d["topics"].pop("vka-cua"), "[topics.vka-cua] is missing"
    yield lambda d: d["topics"].pop("cua-sepsis"), "[topics] name the text cua-sepsis 0 times, not once"
    yield lambda d: suspected(d)["texts"].append("cua-maybe"), "[topics] texts names the unknown cua-maybe"
    yield (
        lambda d: d["topics"].update(nothing={**d["topics"]["vka-cua"]}),
        "[topics.nothing] needs either a drug rule or texts and rows",
    )
    yield (
        lambda d: suspected(d).pop("rows"),
        "[topics.cua-suspected] needs either a drug rule or texts and rows",
    )
    yield lambda d: d["situations"].pop("infection"), "[situations] infection is missing"
    yield lambda d: d["slots"].update(moon="moon"), "[slots] moon is not known"
    yield lambda d: suspected(d).update(group="x"), "[topics.cua-suspected] group names the unknown x"
    yield lambda d: suspected(d)["evidence"].append("x"), "[topics.cua-suspected] evidence names the unknown x"
    yield lambda d: suspected(d)["against"].append("x"), "[topics.cua-suspected] against names the unknown x"
    yield lambda d: suspected(d)["limits"].append("x"), "[topics.cua-suspected] limits names the unknown x"
    yield lambda d: suspected(d)["thresholds"].append("x"), "[topics.cua-suspected] thresholds names the unknown x"
    yield lambda d: suspected(d)["see"].append("x"), "[topics.cua-suspected] see names the unknown x"
    yield (
        lambda d: suspected(d)["rows"][0]["when"].append("{x}"),
        "[topics.cua-suspected] rows there is no threshold {x}",
    )
    yield lambda d: d["situations"]["on_dialysis"].update(see=["x"]), "[situations.on_dialysis] see names the unknown x"
    yield (
        lambda d: d["situations"]["on_dialysis"].update(says="since {x}"),
        "[situations.on_dialysis] there is no threshold {x}",
    )
    yield lambda d: d["evidence"]["dose"]["cites"].append("x"), "[evidence.dose] cites names the unknown x"
    yield lambda d: d["limits"]["pth"].update(says="{}"), "[limits.pth] there is no threshold {}"
    yield lambda d: d["common"]["limits"].append("x"), "[common] limits names the unknown x"
    yield lambda d: d["about"]["thresholds"].append("x"), "[about] thresholds names the unknown x"
    yield lambda d: d["about"]["sections"][0]["says"].append("{x}"), "[about] there is no threshold {x}"
    yield lambda d: d["threshold_groups"].update(odd=["odd"]), "[threshold_groups] odd names the unknown odd"


@pytest.mark.parametrize(("change", "problem"), [*mistakes()])
def test_a_mistake_is_named_with_section_and_key(change: Callable[[Data], object], problem: str) -> None:
    assert f"reasons.toml: {problem}" in problems(change)


def test_a_new_topic_of_a_drug_rule_needs_its_reasons() -> None:
    files = data_files()
    for row in files["drug_rules"]["rules"]:
        if row.get("topic") == "iron-binder":
            row.update(topic="iron-new", text="iron-binder")
    with pytest.raises(PolicyError, match=r"\[topics\.iron-new\] is missing"):
        load(the_file(), files)


def test_all_mistakes_are_told_at_once() -> None:
    def two(data: Data) -> None:
        data["evidence"]["dose"]["cites"] = ["x"]
        suspected(data)["group"] = "x"

    assert len(problems(two)) == 2


def test_a_row_reads_as_a_clinician_would_say_it() -> None:
    (row,) = REASONS.topics["calcium-restrict"].rows
    assert row.hooks == {"order-select": Indicator.INFO}
    assert row.when == ("the patient is on maintenance dialysis, shown or presumed",)
