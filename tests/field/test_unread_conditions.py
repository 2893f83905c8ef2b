"""Entries of the problem list that could not be read are said to be, as drugs are: no shape of FHIR, half a character.

Sources: our own malformed requests; the JSON of servers that cut a text inside a character, and of clients that write a
code as a plain string. A masked entry is another matter: see `test_dialysis_in_words.py`.
"""

from __future__ import annotations

import pytest

from tests.contract.records import WARFARIN_DRAFT, Json, condition
from tests.field.held import NECROSIS, ORDER_HOOKS, QUIET, Chart, coded
from tests.field.play import Field, post, request

HALF = "\ud83d"
GAP = [("cua-data-gap", "info")]
UNREAD: dict[str, Json] = {
    "a plain code": {"code": "L97.5"},
    "plain words of another matter": {"code": "Gout"},
    "a list": {"code": [{"text": "Skin necrosis"}]},
    "a coding that is a string": {"code": {"coding": "95347000"}},
    "half a character in a word": {"code": {"text": f"Skin nec{HALF}rosis"}},
    "what stands for one": {"code": {"text": "Skin nec\ufffdrosis"}},
    "half a character in a display": {"code": coded("urn:local", "x", f"Calciphyl{HALF}xis")},
    "half a character in a code": {"code": coded("http://snomed.info/sct", f"9534{HALF}7000")},
    "somebody's": {"subject": {"reference": f"Patient/{HALF}"}},
}
READ: dict[str, Json] = {
    "plain words": {"code": "Skin necrosis of thigh"},
    "a character that nobody sees between two words": {"code": {"text": "Skin\u200bnecrosis of thigh"}},
    "a filler between two words": {"code": {"text": "Skin\u3164necrosis of thigh"}},
    "one inside a word": {"code": {"text": "Skin necro\u00adsis of thigh"}},
    "underscores": {"code": {"text": "SKIN_NECROSIS_THIGH"}},
    "half a character beside the words": {"code": {"text": f"Skin necrosis of th{HALF}gh"}},
}


def entry(members: Json) -> Json:
    return {**condition("entry", "Skin necrosis of thigh"), **members}


@pytest.mark.parametrize("members", UNREAD.values(), ids=UNREAD)
def test_on_dialysis_it_is_told_when_the_chart_is_opened(members: Json, field: Field) -> None:
    answer = field.ask("patient-view", QUIET.having(entry(members)))
    assert answer.topics == GAP
    assert "1 entry of the problem list could not be read" in answer.words
    beside = field.ask("patient-view", QUIET.having(entry(members), NECROSIS))
    assert beside.topics == [("cua-suspected", "critical")]
    assert "could not be read: 1 entry of the problem list" in beside.words
    assert "1 condition record not used" in beside.words
    assert "another patient" not in beside.words


@pytest.mark.parametrize("members", UNREAD.values(), ids=UNREAD)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_card_on_an_order_says_so(hook: str, members: Json, field: Field) -> None:
    answer = field.ask(hook, QUIET.having(entry(members)).drafting(WARFARIN_DRAFT))
    assert answer.topics == [("vka-dialysis", "warning")]
    assert "could not be read: 1 entry of the problem list" in answer.words


@pytest.mark.parametrize("members", READ.values(), ids=READ)
def test_what_can_be_read_all_the_same_is_a_sign(members: Json, field: Field) -> None:
    answer = field.ask("patient-view", QUIET.having(entry(members)))
    assert answer.topics == [("cua-suspected", "critical")]
    assert "of the problem list" not in answer.words


OF_ANOTHER_MATTER = [
    {"code": {"text": "Varizen an den F\ufffdssen"}},
    {"code": {"text": "Cataracte op\ufffdr\ufffde"}},
    UNREAD["plain words of another matter"],
]
DIALYSIS = [
    {"code": {"text": "H\ufffdmodialyse"}},
    {"code": {"text": "Insuffisance r\ufffdnale terminale"}},
    {"code": "on h\ufffdmodialysis"},
    {"code": {"coding": [{"display": "H\ufffdmodialyse seit 2020"}]}},
]


@pytest.mark.parametrize("members", OF_ANOTHER_MATTER)
def test_where_nothing_shows_dialysis_broken_words_that_cannot_mean_it_are_no_reason_to_refuse(
    members: Json, field: Field
) -> None:
    chart = QUIET.without("on-dialysis").having(entry(members))
    assert field.ask("patient-view", chart).status == 200
    assert field.ask("patient-view", QUIET.having(entry(members))).topics == GAP


@pytest.mark.parametrize("members", DIALYSIS)
def test_broken_words_that_may_mean_it_are(members: Json, field: Field) -> None:
    chart = QUIET.without("on-dialysis").having(entry(members))
    assert field.ask("patient-view", chart).status == 412


@pytest.mark.parametrize("members", UNREAD.values(), ids=UNREAD)
def test_where_nothing_shows_dialysis_it_may_be_dialysis(members: Json, field: Field) -> None:
    chart = QUIET.without("on-dialysis").having(entry(members))
    answer = field.ask("patient-view", chart)
    told = ("half a character in a display", "half a character in a code", "plain words of another matter")
    assert answer.status == (200 if members in [UNREAD[name] for name in told] else 412)


@pytest.mark.parametrize("text", ["ESRD_on_HD", "On\u200bmaintenance\u200bhaemodialysis"])
def test_so_are_words_of_dialysis(text: str, field: Field) -> None:
    chart = QUIET.without("on-dialysis").having(condition("words", text)).drafting(WARFARIN_DRAFT)
    assert [field.topics(hook, chart) for hook in ORDER_HOOKS] == [[("vka-dialysis", "warning")]] * 2


def sent(field: Field, chart: Chart, entries: list[Json]) -> list[tuple[str, str]]:
    """What comes of a chart that is sent along, with more entries among the conditions."""
    body = request(field.ehr, "patient-view", chart)
    body["prefetch"]["conditions"]["entry"] += [{"resource": one} for one in entries]
    return post(field.ehr.client, field.ehr.url("patient-view"), body).topics


@pytest.mark.parametrize("said", ["condition", "Cond\ufffdtion"])
def test_an_entry_that_does_not_say_what_it_is_is_unread(said: str, field: Field) -> None:
    untyped = entry({"resourceType": said})
    assert sent(field, QUIET, [untyped]) == GAP
    assert sent(field, QUIET, [{**untyped, "subject": {"reference": "Patient/another"}}]) == []
    assert sent(field, QUIET, []) == []
