"""Skin signs: which count, how strongly, what explains them, and for how long."""

from datetime import date

import pytest

from hooks.chart import Condition, Sign, Span
from hooks.skin_signs import (
    CALCIPHYLAXIS_PROVISIONAL,
    EXPLAIN_INDURATION,
    LEVELS,
    LIFT,
    LIMITED,
    OUTWEIGHED_BY,
    STAYS,
    Level,
    SkinSigns,
    last_day,
    skin_signs,
)
from tests.unit.hooks.builders import LIMITS, ON, ago, chart, condition, span

WINDOW, EPISODES = int(LIMITS.sign_days), int(LIMITS.cellulitis_days)
FROM_CODES = [name for name in LEVELS if name != "recurrent_cellulitis"]


def signs(*conditions: Condition) -> SkinSigns:
    return skin_signs(chart(*conditions), ON, LIMITS)


def names(*conditions: Condition) -> list[str]:
    return [sign.name for sign in signs(*conditions).signs]


def test_an_empty_problem_list_shows_no_sign() -> None:
    none = signs()
    assert (none.signs, none.necrosis, none.strong, none.different, none.provisional) == ((), False, False, 0, "")


def test_a_condition_that_is_no_sign_shows_none() -> None:
    assert names(condition("diabetes")) == []


# ------------------------------------------------------------------ levels
@pytest.mark.parametrize("name", FROM_CODES)
def test_each_sign_counts_at_its_level(name: str) -> None:
    found = signs(condition(name))
    assert [(sign.name, sign.level) for sign in found.signs] == [(name, LEVELS[name])]
    assert found.necrosis is (LEVELS[name] is Level.NECROSIS)
    assert found.strong is (LEVELS[name] is Level.STRONG)
    assert found.different == 1


@pytest.mark.parametrize("name", FROM_CODES)
def test_a_past_condition_is_no_sign(name: str) -> None:
    assert names(condition(name, past=True)) == []


def test_signs_stand_in_the_order_of_their_weight() -> None:
    assert names(condition("skin_ulcer"), condition("livedo"), condition("skin_necrosis")) == [
        "skin_necrosis",
        "livedo",
        "skin_ulcer",
    ]


# ------------------------------------------------------------------ counting
def test_two_ulcers_are_one_sign_and_the_first_is_quoted() -> None:
    first = condition("skin_ulcer", text="left calf")
    found = signs(first, condition("skin_ulcer", text="right calf"))
    assert (found.different, found.signs[0].condition) == (1, first)


def test_an_ulcer_and_livedo_are_two_signs() -> None:
    assert signs(condition("skin_ulcer"), condition("livedo")).different == 2


def test_all_of_necrosis_level_is_one_sign() -> None:
    assert signs(condition("skin_necrosis"), condition("gangrene")).different == 1
    assert signs(condition("skin_necrosis"), condition("gangrene"), condition("skin_ulcer")).different == 2


def test_one_condition_may_show_two_signs() -> None:
    assert names(condition("skin_ulcer", "livedo")) == ["livedo", "skin_ulcer"]


def test_the_words_of_the_record_go_with_the_sign() -> None:
    assert signs(condition("skin_induration", words="woody")).signs[0].words == "woody"


# ------------------------------------------------------------------ explanations and companions
@pytest.mark.parametrize("explanation", EXPLAIN_INDURATION)
@pytest.mark.parametrize("sign", ["skin_induration", "skin_texture"])
def test_another_disease_explains_hard_or_changed_skin_while_it_is_active(sign: str, explanation: str) -> None:
    assert names(condition(sign), condition(explanation)) == []
    assert names(condition(sign), condition(explanation, past=True)) == [sign]


@pytest.mark.parametrize("explanation", EXPLAIN_INDURATION)
def test_it_explains_nothing_else(explanation: str) -> None:
    assert names(condition("livedo"), condition("skin_necrosis"), condition(explanation)) == ["skin_necrosis", "livedo"]


@pytest.mark.parametrize(("unspecific", "specific"), list(OUTWEIGHED_BY.items()))
def test_an_unspecific_code_is_not_counted_beside_what_it_may_stand_for(unspecific: str, specific: str) -> None:
    assert names(condition(unspecific), condition(specific)) == [specific]
    assert names(condition(unspecific), condition("livedo")) == ["livedo", unspecific]


def test_gangrene_with_arterial_disease_is_a_weak_sign() -> None:
    assert names(condition("gangrene"), condition("pad")) == ["gangrene_pad"]
    assert names(condition("gangrene"), condition("pad", past=True)) == ["gangrene"]


def test_diabetes_makes_gangrene_of_an_unknown_place_acral_and_arterial_disease_goes_before_it() -> None:
    assert names(condition("gangrene"), condition("diabetes")) == ["gangrene_acral"]
    assert names(condition("gangrene"), condition("diabetes", past=True)) == ["gangrene"]
    assert names(condition("gangrene"), condition("diabetes"), condition("pad")) == ["gangrene_pad"]


def test_a_named_place_beats_diabetes_and_arterial_disease() -> None:
    thigh = condition("gangrene", place="thigh")
    assert names(thigh, condition("diabetes"), condition("pad")) == ["gangrene"]


def test_acral_gangrene_beside_arterial_disease_is_named_after_it() -> None:
    assert names(condition("gangrene_acral"), condition("pad")) == ["gangrene_pad"]


def acral(what: str = "gangrene") -> Condition:
    return Condition("Toe", {"gangrene_acral": Sign(what, "by name", "toe")})


@pytest.mark.parametrize("beside", sorted(LIFT))
def test_acral_gangrene_weighs_fully_beside_a_sign_that_its_place_does_not_explain(beside: str) -> None:
    found = signs(acral(), condition(beside))
    assert found.necrosis
    assert not found.limited
    assert "gangrene_acral" not in [sign.name for sign in found.signs]


def test_it_keeps_the_name_of_what_sits_there() -> None:
    assert names(acral("skin_necrosis"), condition("livedo")) == ["skin_necrosis", "livedo"]
    assert names(acral(), condition("livedo")) == ["gangrene", "livedo"]


@pytest.mark.parametrize("beside", ["local_wound", "skin_ulcer", "skin_induration", "gangrene_pad"])
def test_beside_other_signs_acral_gangrene_stays_weak(beside: str) -> None:
    assert "gangrene_acral" in names(acral(), condition(beside))


def test_an_old_sign_lifts_nothing() -> None:
    old = condition("livedo", recorded=span(WINDOW + 1), still_active=True)
    assert sorted(names(acral(), old)) == ["gangrene_acral", "old_sign"]


def test_arterial_disease_explains_no_skin_necrosis() -> None:
    assert names(condition("skin_necrosis"), condition("pad")) == ["skin_necrosis"]


@pytest.mark.parametrize("companion", ["painful_lesion", "skin_necrosis"])
def test_a_foot_ulcer_counts_beside_pain_or_necrosis_only(companion: str) -> None:
    assert names(condition("foot_ulcer")) == []
    assert names(condition("foot_ulcer"), condition("livedo")) == ["livedo"]
    assert names(condition("foot_ulcer"), condition(companion)) == [companion, "skin_ulcer"]


def test_pain_that_is_too_long_ago_does_not_change_a_foot_ulcer() -> None:
    old_pain = condition("painful_lesion", recorded=span(WINDOW + 1))
    assert names(condition("foot_ulcer"), old_pain) == []


# ------------------------------------------------------------------ window
@pytest.mark.parametrize("name", [name for name in FROM_CODES if name != CALCIPHYLAXIS_PROVISIONAL])
def test_a_dated_sign_counts_until_its_last_day(name: str) -> None:
    assert names(condition(name, recorded=span(WINDOW))) == [name]
    assert names(condition(name, recorded=span(WINDOW + 1))) == []


def test_the_later_of_onset_and_recorded_date_decides() -> None:
    old, new = span(WINDOW + 50), span(WINDOW)
    assert names(condition("livedo", onset=old, recorded=new)) == ["livedo"]
    assert names(condition("livedo", onset=new, recorded=old)) == ["livedo"]
    assert names(condition("livedo", onset=old, recorded=old)) == []


def test_a_date_known_to_the_month_is_taken_as_late_as_it_may_be() -> None:
    last = ago(WINDOW)
    assert names(condition("livedo", onset=Span(last.replace(day=1), last))) == ["livedo"]


def test_provisional_calciphylaxis_has_no_window() -> None:
    assert names(condition(CALCIPHYLAXIS_PROVISIONAL, recorded=span(WINDOW + 1000))) == [CALCIPHYLAXIS_PROVISIONAL]


def test_old_provisional_calciphylaxis_still_outweighs_the_unspecific_code() -> None:
    provisional = condition(CALCIPHYLAXIS_PROVISIONAL, recorded=span(WINDOW + 1000))
    assert names(condition("calcium_disorder_unspecific"), provisional) == [CALCIPHYLAXIS_PROVISIONAL]


def test_provisional_calciphylaxis_tells_its_recorded_status() -> None:
    assert signs(condition(CALCIPHYLAXIS_PROVISIONAL, verification="differential")).provisional == "differential"


def test_the_day_of_a_condition_is_the_later_and_latest_possible_one() -> None:
    assert last_day(condition("livedo")) is None
    assert signs(condition("livedo")).signs[0].on is None
    assert last_day(condition("livedo", onset=span(3), recorded=span(5))) == ago(3)


# ------------------------------------------------------------------ cellulitis
def cellulitis(days: float | None, *, past: bool = False, recorded: Span | None = None) -> Condition:
    return condition("cellulitis", onset=None if days is None else span(days), recorded=recorded, past=past)


def test_one_cellulitis_is_no_sign_and_none_is_none() -> None:
    assert names(cellulitis(10)) == []


def test_two_episodes_of_different_days_are_recurrent_and_the_latest_is_quoted() -> None:
    latest = cellulitis(10)
    found = signs(cellulitis(60), latest)
    assert (found.signs[0].name, found.signs[0].level) == ("recurrent_cellulitis", Level.WEAK)
    assert found.signs[0].condition is latest


def test_two_entries_of_one_episode_are_not() -> None:
    assert names(cellulitis(10), cellulitis(10)) == []


def test_resolved_episodes_count() -> None:
    assert names(cellulitis(60, past=True), cellulitis(10, past=True)) == ["recurrent_cellulitis"]


@pytest.mark.parametrize(("days", "expected"), [(EPISODES, ["recurrent_cellulitis"]), (EPISODES + 1, []), (-1, [])])
def test_both_episodes_lie_inside_the_window(days: int, expected: list[str]) -> None:
    assert names(cellulitis(0), cellulitis(days)) == expected


def test_the_recorded_day_serves_without_an_onset_only() -> None:
    assert names(cellulitis(10), cellulitis(None, recorded=span(60))) == ["recurrent_cellulitis"]
    assert names(cellulitis(10), cellulitis(10, recorded=span(60))) == []


def test_an_undated_episode_does_not_count() -> None:
    assert names(cellulitis(10), cellulitis(None)) == []


def test_an_episode_known_to_the_running_month_counts() -> None:
    this_month = Span(ON.replace(day=1), date(ON.year, ON.month, 30))
    assert names(cellulitis(60), condition("cellulitis", onset=this_month)) == ["recurrent_cellulitis"]


# ------------------------------------------------------------------ limited signs
@pytest.mark.parametrize("name", sorted(LIMITED - {"old_sign"}))
def test_some_signs_never_make_more_than_possible_calciphylaxis(name: str) -> None:
    assert signs(condition(name)).limited
    assert not signs(condition(name), condition("livedo")).limited
    assert not signs(condition(name), condition("skin_ulcer")).limited


# ------------------------------------------------------------------ what stays on the list
def old(name: str, days: float = WINDOW + 1, *, still_active: bool = True, place: str = "") -> Condition:
    return condition(name, recorded=span(days), still_active=still_active, place=place)


def test_an_old_ulcer_stays_while_the_record_says_that_it_is_there() -> None:
    (sign,) = signs(old("skin_ulcer")).signs
    assert (sign.name, sign.level, sign.since) == ("skin_ulcer", Level.WEAK, ago(WINDOW + 1))
    assert signs(old("skin_ulcer")).limited
    assert names(old("skin_ulcer", still_active=False)) == []
    assert names(old("foot_ulcer")) == []
    assert names(old("foot_ulcer"), condition("painful_lesion")) == ["painful_lesion"]


def test_a_fresh_ulcer_is_no_old_one() -> None:
    (sign,) = signs(old("skin_ulcer", WINDOW)).signs
    assert sign.since is None
    (sign,) = signs(old("skin_ulcer"), condition("skin_ulcer", recorded=span(3))).signs
    assert sign.since is None


@pytest.mark.parametrize("name", sorted(STAYS))
def test_old_graver_signs_are_together_one_weak_sign(name: str) -> None:
    (sign,) = signs(old(name), old("livedo")).signs
    assert (sign.name, sign.level, sign.since) == ("old_sign", Level.WEAK, ago(WINDOW + 1))
    assert names(old(name, still_active=False)) == []
    assert names(old(name), condition(name)) == [name]


def test_an_old_sign_beside_another_fresh_one_is_a_second_sign() -> None:
    found = signs(old("skin_necrosis"), condition("livedo"))
    assert ([sign.name for sign in found.signs], found.different) == (["livedo", "old_sign"], 2)
    assert not found.limited


@pytest.mark.parametrize(
    "conditions",
    [
        (old("gangrene_acral"),),
        (old("gangrene_pad"),),
        (old("local_wound"),),
        (old("skin_texture"),),
        (old("gangrene"), condition("pad")),
        (old("gangrene"), condition("diabetes")),
        (old("skin_induration"), condition("morphea")),
    ],
)
def test_what_weighs_little_does_not_stay(conditions: tuple[Condition, ...]) -> None:
    assert names(*conditions) == []


def test_old_gangrene_of_a_named_place_stays() -> None:
    assert names(old("gangrene", place="thigh"), condition("diabetes")) == ["old_sign"]


# ------------------------------------------------------------------ refuted
def refuted(days: float | None) -> Condition:
    recorded = None if days is None else span(days)
    return condition("calciphylaxis_refuted", recorded=recorded, verification="refuted")


def dated(days: float) -> Condition:
    return condition("livedo", recorded=span(days))


def test_a_refuted_entry_lowers_when_it_is_as_recent_as_every_sign() -> None:
    entry = refuted(10)
    assert signs(dated(10), entry).lowered_by is entry
    assert signs(dated(20), condition("skin_ulcer", recorded=span(11)), entry).lowered_by is entry
    assert signs(dated(9), entry).lowered_by is None
    assert signs(dated(20), condition("skin_ulcer", recorded=span(9)), entry).lowered_by is None


def test_without_a_day_nothing_can_be_shown_to_be_later() -> None:
    assert signs(condition("livedo"), refuted(1)).lowered_by is None
    assert signs(dated(10), refuted(None)).lowered_by is None
    assert signs(refuted(1)).lowered_by is None


def test_of_several_refuted_entries_the_newest_counts() -> None:
    newest = refuted(2)
    assert signs(dated(5), refuted(9), newest).lowered_by is newest


def test_a_sign_known_to_the_running_month_is_at_most_of_today() -> None:
    this_month = Span(ON.replace(day=1), date(ON.year, ON.month, 30))
    assert signs(condition("livedo", recorded=this_month), refuted(0)).lowered_by is not None
    assert signs(condition("livedo", recorded=this_month), refuted(1)).lowered_by is None
