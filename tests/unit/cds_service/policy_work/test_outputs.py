"""The same difference as table, CSV, JSON and page: each holds what the others hold."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date
from html import unescape
from importlib.metadata import version

import pytest
from rich.console import Console

from cds_service.knowledge import InForce
from cds_service.policy_work import as_csv, as_document, as_page, in_force, print_difference, print_shown
from cds_service.policy_work.changes import Change, Difference
from cds_service.policy_work.document import COLUMNS, shown_document
from cds_service.policy_work.identity import service
from cds_service.policy_work.page import shortened
from cds_service.policy_work.patients import Source
from cds_service.policy_work.summary import MOST_NAMES, groups, in_words, no_forecast
from tests.unit.cds_service.policy_work.conftest import ON, Compared, story

LOWER = ("thresholds", "value = 10.2,", "value = 10.0,")
RULE = (
    "drug_rules",
    'when = ["on_dialysis"]\ntopic = "vka-dialysis"\nindicator = "warning"',
    'when = ["on_dialysis"]\ntopic = "vka-dialysis"\nindicator = "critical"',
)
ACETATE = 'orders = ["calcium acetate"]\nresults = [{{ of = "calcium", value = {0} }}]'
HIGH = '{ since = 2003-10-01, value = 10.2, source = "KDOQI 2003, guideline 6" }'
NORMAL = (
    "{ since = 2003-10-01, value = 9.5, "
    'source = "KDOQI 2003: preferred range 8.4 to 9.5 mg/dL; the use as a factor is ours" }'
)
UGLY = "[bold]<script>alert(1)</script>\u202e"


def several(number: int) -> str:
    return "".join(story(f"patient {count}", ACETATE.format(10.1)) for count in range(number))


@pytest.fixture
def told(compare: Compared) -> Difference:
    stories = story("gains", ACETATE.format(10.1)) + story("reads other words", ACETATE.format(10.4))
    return compare(stories, LOWER, source=Source.OWN_STORY, as_told=1, unread={"b.json": "is no FHIR Bundle"},
                   failed={"gains": "calcium-hypercalcaemia warning came, no card was expected"})  # fmt: skip


def table(told: Difference) -> str:
    to = Console(file=io.StringIO(), width=400, highlight=False)
    print_difference(to, told)
    written = to.file
    assert isinstance(written, io.StringIO)
    return written.getvalue()


def page(told: Difference) -> str:
    """The page's words, on one line."""
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", as_page(told, "2026-12-05")).split()))


def test_table_and_page_hold_the_same_totals_cards_names_and_changes(told: Difference) -> None:
    wanted = [
        *in_words(told),
        "calcium-restrict (info) becomes calcium-hypercalcaemia (warning)",
        no_forecast(told),
        *told.digests,
        service(),
        "gains (own story; order-select)",
        "1 of 2 stories of yours",
        "10.2 mg/dL",
        "KDOQI 2003, guideline 6",
        "1 story stands on a day of their own",
        "b.json: is no FHIR Bundle",
        "gains: calcium-hypercalcaemia warning came, no card was expected",
    ]
    for written in (table(told), page(told)):
        assert [words for words in wanted if words not in written] == []


def test_what_could_not_be_played_and_what_does_not_hold_stands_among_the_totals(told: Difference) -> None:
    assert in_words(told)[-2:] == [
        "1 Bundle could not be read and not be played.",
        "1 story of yours does not hold under the new policy.",
    ]
    assert in_words(replace(told, unread={}, failed={})) == in_words(told)[:-2]


def test_the_page_has_headings_lines_to_sign_and_no_script(told: Difference) -> None:
    written = as_page(told, "2026-12-05")
    assert written.startswith("<!doctype html>")
    for words in ("Decided by", "Holds from", "Who gains a card", "Who loses a card", "What was played", "@page"):
        assert words in written
    assert not re.search(r"<script|https?://|<link|<img|style=", written)
    assert "Calcium product with high calcium" in written, "cards are named in words, too"


def test_nobody_is_a_statement_on_the_page(compare: Compared) -> None:
    same = page(compare(several(1)))
    assert same.count("Nobody.") == 2
    assert "Nothing: the two policies are the same." in same
    assert "The two policies are the same" in table(compare(several(1)))


def test_what_comes_from_a_file_is_text_everywhere(compare: Compared) -> None:
    told = compare(story(UGLY, ACETATE.format(10.1)), LOWER)
    assert "&lt;script&gt;" in as_page(told, "today")
    assert "[bold]<script>alert(1)</script>" in table(told)
    for written in (table(told), as_page(told, "today"), as_csv(told)):
        assert "\u202e" not in written


def test_a_long_list_of_names_says_how_many_are_left_out_and_csv_holds_them_all(compare: Compared) -> None:
    told = compare(several(MOST_NAMES + 2), LOWER)
    for written in (table(told), page(told)):
        assert "and 2 more, whom CSV and JSON name" in written
    rows = list(csv.DictReader(io.StringIO(as_csv(told))))
    assert {row["patient"] for row in rows} == {f"patient {count}" for count in range(MOST_NAMES + 2)}
    assert "more, whom" not in table(compare(several(MOST_NAMES), LOWER))


def test_a_long_text_that_changed_is_shown_by_its_beginning_and_whole_in_json(compare: Compared) -> None:
    old = 'says = "Calcium is high above this value"'
    long = f'says = "{"Calcium is high, " * 20}end of it"'
    told = compare("", ("thresholds", old, long))
    for written in (table(told), page(told)):
        assert "Calcium is high, Calcium is high" in written
    assert "end of it" not in table(told)
    assert as_document(told)["entries"][0]["new"].endswith("end of it")


def test_csv_has_a_line_for_each_change_under_one_line_of_names(told: Difference) -> None:
    lines = list(csv.reader(io.StringIO(as_csv(told))))
    assert tuple(lines[0]) == COLUMNS
    assert ["own story", "gains", "gains", "calcium-hypercalcaemia", "", "warning", "order-select"] in lines
    assert len(lines) == 1 + len(told.rows)


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@a", " =1"])
def test_a_title_is_no_formula_for_a_spreadsheet(title: str, compare: Compared) -> None:
    told = compare(story(title, ACETATE.format(10.1)), LOWER)
    assert {row["patient"] for row in csv.DictReader(io.StringIO(as_csv(told)))} == {f"'{title}"}


def test_the_document_holds_everything_and_is_json(told: Difference) -> None:
    document = json.loads(json.dumps(as_document(told)))
    assert document["summary"] == in_words(told)
    assert document["numbers"][0]["new"] == {
        "value": "10 mg/dL",
        "since": "2003-10-01",
        "source": "KDOQI 2003, guideline 6",
    }
    assert {row["change"] for row in document["rows"]} == {Change.GAINS, Change.LOSES, Change.WORDS}
    assert document["rows"][0]["moments"] == [{"hook": "order-select", "drug": ""}]
    assert document["unread_bundles"] == [{"file": "b.json", "problem": "is no FHIR Bundle"}]
    assert document["failed_stories"][0]["title"] == "gains"


def test_groups_stand_in_the_order_of_the_changes_with_most_patients_first(compare: Compared) -> None:
    more = story("vitamin D", 'orders = ["calcitriol"]\nresults = [{ of = "calcium", value = 10.1 }]')
    found = groups(compare(more + several(2), LOWER))
    assert [(group.change, group.becomes, len(group.rows)) for group in found] == [
        (Change.BECOMES, "calcium-hypercalcaemia", 2),
        (Change.GAINS, "", 1),
    ]
    assert found[1].card == "vitd-hypercalcaemia warning"


def test_the_page_says_what_was_compared_by_version_and_hash_of_the_files(compare: Compared) -> None:
    told = compare(several(1), LOWER)
    written = page(told)
    old, new = told.digests
    assert f"“packaged” (data files {old} )" in written
    assert f"“ours” (data files {new} ;" in written
    assert f"Made on 2026-12-05 by calciphylaxis-cds {version('calciphylaxis-cds')}." in written
    document = as_document(told)
    assert (document["service"], document["old_sha256"], document["new_sha256"]) == (service(), old, new)
    assert re.fullmatch("[0-9a-f]{12}", old)
    assert old != new
    same = compare(several(1))
    assert same.digests == (old, old)


def test_a_lost_and_a_gained_card_are_joined_for_readers_and_left_apart_for_programs(compare: Compared) -> None:
    told = compare(several(2), LOWER)
    said = "2 of 2 stories: calcium-restrict (info) becomes calcium-hypercalcaemia (warning)."
    assert in_words(told)[1] == said
    written = page(told)
    assert "Whose card becomes another one" in written
    assert "(Calcium product on dialysis → Calcium product with high calcium): 2 of 2 stories." in written
    assert written.count("Nobody else.") == 2
    assert [row["change"] for row in as_document(told)["rows"]] == ["loses", "gains"] * 2


def test_the_page_and_the_table_say_that_stories_are_no_forecast(told: Difference) -> None:
    asked = "no forecast of how often cards come: add --bundles for patients of your own."
    assert asked in page(told)
    assert asked in table(told)
    with_own = replace(told, played={**told.played, Source.BUNDLE: 2})
    assert no_forecast(with_own).endswith("no forecast of how often cards come.")


LATER = ("thresholds", f"{HIGH}]", f'{HIGH}, {{ since = 2026-12-01, value = 10.0, source = "our protocol" }}]')


@pytest.mark.parametrize(
    ("changes", "begins"),
    [
        ([LATER], "Holds from: 2026-12-01 Decided by"),
        (
            [
                LATER,
                (
                    "thresholds",
                    f"{NORMAL}]",
                    f"{NORMAL}, {NORMAL.replace('2003-10-01, value = 9.5', '2027-01-01, value = 9.4')}]",
                ),
            ],
            "Holds from: 2026-12-01 and 2027-01-01 Decided by",
        ),
        ([("thresholds", "guideline 6", "guideline 7")], "Holds from: Decided by"),
        ([RULE], "Holds from: Decided by"),
    ],
    ids=["a number", "two numbers", "a source alone", "a rule"],
)
def test_the_day_from_which_a_new_value_holds_is_filled_in(
    changes: list[tuple[str, str, str]], begins: str, compare: Compared
) -> None:
    assert begins in page(compare("", *changes))


def test_a_value_that_holds_later_than_the_day_looked_at_is_filled_in_too(compare: Compared) -> None:
    assert "Holds from: 2026-12-01 Decided by" in page(compare("", LATER, on=date(2026, 11, 30)))


def test_the_page_has_lines_for_the_reason_two_signatures_and_the_way_back(compare: Compared) -> None:
    told = compare("", RULE)
    back = f"The way back: put the old data files ({told.digests[0]}) back and start the service anew"
    written = page(told)
    assert written.count("Decided by Role Day") == 2
    assert "Reason for the change:" in written
    assert f"{back}." in written
    assert f"{back}; the packaged value of calcium_high is 10.2 mg/dL." in page(compare("", LOWER))


def test_of_a_card_that_says_something_else_an_old_and_a_new_sentence_is_shown(told: Difference) -> None:
    (group,) = groups(told, Change.WORDS)
    old, new = group.example
    assert ("above 10.2" in old, "above 10.2" in new) == (True, False), group.example
    for written in (table(told), page(told)):
        assert shortened(old) in written
        assert shortened(new) in written


def test_no_words_of_a_card_of_a_bundle_are_shown(compare: Compared) -> None:
    told = compare(story("ours", ACETATE.format(10.4)), LOWER, source=Source.BUNDLE)
    (group,) = groups(told, Change.WORDS)
    assert group.example == ("", "")
    assert "no example: what may be shown here reads the same" in page(told)


def test_what_is_in_force_is_shown_as_tables_and_as_json(packaged: InForce) -> None:
    shown = in_force(packaged, ON)
    to = Console(file=io.StringIO(), width=300)
    print_shown(to, shown)
    written = to.file
    assert isinstance(written, io.StringIO)
    for words in (
        "Numbers in force on 2026-12-05",
        "10.2 mg/dL",
        "vitamin_k_antagonist 1",
        "cua-sepsis",
        "US warfarin",
    ):
        assert words in written.getvalue()
    document = json.loads(json.dumps(shown_document(shown)))
    assert {row["key"]: row["value"] for row in document["numbers"]}["calcium_high"] == "10.2 mg/dL"
    assert document["drug_rules"][0]["indicators"].keys() == {"patient-view", "order-select", "order-sign"}
