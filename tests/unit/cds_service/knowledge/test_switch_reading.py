"""A site policy's switches are read, or refused with words that say what to write."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from cds_service.knowledge import (
    SitePolicyError,
    Switches,
    knowledge_of,
    load_knowledge,
    open_tenants,
    read_switches,
    switch_problems,
)
from cds_service.knowledge.critical_cards import critical_topics, gap_topics
from cds_service.knowledge.site_policy import parse_site_policy
from cds_service.knowledge.switches import CriticalOff, Shadow
from cds_service.settings import Settings
from fhir_mappings.data_files import DataFileError
from fhir_mappings.packaged import default_policy
from hooks.card import Indicator
from hooks.repeat_policy import RepeatPolicy
from tests.unit.cds_service.knowledge.policies import policy_file

POLICY = default_policy()
CRITICAL_TOPICS = frozenset().union(*critical_topics(POLICY).values())
NOTHING = Switches(tell_of_gaps=gap_topics(POLICY), can_be_critical=CRITICAL_TOPICS)
ON_FALSE = 'on = false\nreason = "x"\n'
WRITE = 'so two people have to answer for it; write [critical_off] with people = ["…", "…"] (two different people), '


def two(*covers: str) -> str:
    names = ", ".join(f'"{name}"' for name in covers)
    people = 'people = ["Dr Ana Silva", "Dr Ben Okoro"]'
    return f'\n[critical_off]\n{people}\ncovers = [{names}]\nreason = "another system warns"\n'


def problems(text: str) -> list[str]:
    return list(switch_problems(tomllib.loads(text), POLICY))


def read(text: str) -> Switches:
    return read_switches(tomllib.loads(text), POLICY)


def test_a_file_without_switches_leaves_everything_on() -> None:
    assert read('tenant = "northern"') == NOTHING
    assert read("[topics.vka-cua]\non = true\n[hooks.order-sign]") == NOTHING


def test_everything_that_can_be_switched_is_read() -> None:
    found = read(
        """
        card_limit = 5
        [topics.vitd-phosphate]
        on = false
        reason = "minute 12"
        [topics.calcium-restrict.indicator]
        order-select = "warning"
        [hooks.order-select]
        on = false
        reason = "minute 13"
        [services.calciphylaxis-order-sign]
        on = false
        reason = "minute 14"
        [[shadow]]
        since = 2026-12-01
        reason = "pilot"
        [[shadow]]
        since = 2026-12-02
        reason = "trial"
        hook = "order-select"
        service = "calciphylaxis-order-select"
        topic = "vka-dialysis"
        until = 2026-12-02
        [repeat]
        reason = "alert committee"
        after_shown_hours = 8
        at_order_sign_hours = 1
        [roles]
        users = ["Practitioner", "PractitionerRole"]
        """
        + two("order-select", "calciphylaxis-order-sign")
    )
    assert found == Switches(
        topics={"vitd-phosphate": "minute 12"},
        hooks={"order-select": "minute 13"},
        services={"calciphylaxis-order-sign": "minute 14"},
        indicators={("calcium-restrict", "order-select"): Indicator.WARNING},
        shadows=(
            Shadow(date(2026, 12, 1), "pilot"),
            Shadow(
                date(2026, 12, 2),
                "trial",
                "order-select",
                "calciphylaxis-order-select",
                "vka-dialysis",
                date(2026, 12, 2),
            ),
        ),
        critical_off=CriticalOff(
            ("Dr Ana Silva", "Dr Ben Okoro"), "another system warns", ("order-select", "calciphylaxis-order-sign")
        ),
        card_limit=5,
        repeat=RepeatPolicy(after_shown=timedelta(hours=8), at_order_sign=timedelta(hours=1), reason="alert committee"),
        users=frozenset({"Practitioner", "PractitionerRole"}),
        tell_of_gaps=gap_topics(POLICY),
        can_be_critical=CRITICAL_TOPICS,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[topics.vka-cu]\non = false\nreason = "x"', "[topics] names the unknown vka-cu; did you mean vka-cua?"),
        (
            '[hooks.order-sing]\non = false\nreason = "x"',
            "[hooks] names the unknown order-sing; did you mean order-sign?",
        ),
        ("[services.cua-watch]", "[services] names the unknown cua-watch"),
        (
            '[topics.vka-dialysis.indicator]\npatientview = "info"',
            "[topics.vka-dialysis.indicator] names the unknown patientview; did you mean patient-view?",
        ),
        (
            '[topics.vka-dialysis.indicator]\npatient-view = "none"',
            "[topics.vka-dialysis.indicator] patient-view names the unknown none",
        ),
        (
            '[[shadow]]\nsince = 2026-12-01\nreason = "x"\ntopic = "vka-dialyse"',
            "[[shadow]] 1: topic names the unknown vka-dialyse; did you mean vka-dialysis?",
        ),
        (
            "[topics.vka-dialysis]\non = false",
            '[topics.vka-dialysis]: on = false needs a reason, which discovery and reports show: reason = "…"',
        ),
        (
            '[[shadow]]\nsince = 2026-12-01\nreason = " "',
            '[[shadow]] 1: needs a reason, which discovery and reports show: reason = "pilot"',
        ),
        (
            '[[shadow]]\nsince = 2026-12-01\nuntil = 2026-11-30\nreason = "pilot"',
            "[[shadow]] 1: until (2026-11-30) is before since (2026-12-01)",
        ),
        (
            '[roles]\nusers = ["Nurse"]\n',
            "[roles] users names the unknown Nurse",
        ),
        (
            '[roles]\nusers = ["Patient"]\ndepartments = ["dialysis"]\n',
            "[roles] departments: EHRs send no role and no department with a call, only the type of the user: "
            "write users",
        ),
        (
            "[roles]\nusers = []\n",
            '[roles]: users names nobody; write users = ["Practitioner"], or leave [roles] out: cards go to everybody',
        ),
        ("card_limit = 0", "card_limit: must be 1 or more; a limit of 0 would be silence"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(text: str, said: str) -> None:
    assert problems(text) == [said]
    with pytest.raises(DataFileError) as refused:
        read(text)
    assert refused.value.problems == (said,)


# ------------------------------------------------------------------ in the file of a tenant
def test_the_knowledge_of_a_tenant_has_its_switches() -> None:
    site = parse_site_policy(
        policy_file("north", "card_limit = 3\n[topics.vka-dialysis]\non = false\nreason = 'x'\n"), "n"
    )
    assert knowledge_of(None, Settings(), site).knowledge.switches == replace(
        NOTHING, topics={"vka-dialysis": "x"}, card_limit=3
    )


def test_a_tenant_whose_file_goes_too_far_is_refused_with_what_to_write(tmp_path: Path) -> None:
    (tmp_path / "north.toml").write_text(policy_file("north", f"[topics.vka-cua]\n{ON_FALSE}"), "utf-8")
    with pytest.raises(SitePolicyError) as refused:
        open_tenants(Settings(site_policies=tmp_path), load_knowledge(Settings()))
    assert [line.partition(": it can be")[0] for line in refused.value.problems] == [
        "north.toml: [topics.vka-cua] on = false (patient-view, order-select, order-sign)"
    ]
    assert 'write [critical_off] with people = ["…", "…"]' in str(refused.value)


# ------------------------------------------------------------------ critical cards
ORDERED = "calcium-cua, calcium-hypercalcaemia, vitd-cua, vitd-hypercalcaemia, vka-cua, vka-past-cua"
CRITICAL = {
    "a topic": (
        f"[topics.vka-cua]\n{ON_FALSE}",
        "[topics.vka-cua] on = false (patient-view, order-select, order-sign)",
        "vka-cua",
    ),
    "a topic that is critical without calciphylaxis": (
        f"[topics.calcium-hypercalcaemia]\n{ON_FALSE}",
        "[topics.calcium-hypercalcaemia] on = false (patient-view, order-select, order-sign)",
        "calcium-hypercalcaemia",
    ),
    "a topic that is critical after calciphylaxis": (
        f"[topics.vka-past-cua]\n{ON_FALSE}",
        "[topics.vka-past-cua] on = false (order-select, order-sign)",
        "vka-past-cua",
    ),
    "a status topic": (
        f"[topics.cua-suspected]\n{ON_FALSE}",
        "[topics.cua-suspected] on = false (patient-view)",
        "cua-suspected",
    ),
    "a hook": (
        f"[hooks.order-sign]\n{ON_FALSE}",
        "[hooks.order-sign] on = false (calcium-cua, calcium-hypercalcaemia, vitd-cua, "
        "vitd-hypercalcaemia, vka-cua, vka-past-cua)",
        "order-sign",
    ),
    "a service": (
        f"[services.calciphylaxis-order-select]\n{ON_FALSE}",
        "[services.calciphylaxis-order-select] on = false (calcium-cua, calcium-hypercalcaemia, vitd-cua, "
        "vitd-hypercalcaemia, vka-cua, vka-past-cua)",
        "calciphylaxis-order-select",
    ),
    "a lower indicator": (
        '[topics.calcium-cua.indicator]\norder-select = "warning"',
        "[topics.calcium-cua.indicator] order-select = warning",
        "calcium-cua",
    ),
    "a topic in shadow": (
        '[[shadow]]\nsince = 2026-12-01\nreason = "x"\ntopic = "vka-cua"',
        "[[shadow]] 1 topic = vka-cua",
        "vka-cua",
    ),
    "a hook in shadow": (
        '[[shadow]]\nsince = 2026-12-01\nreason = "x"\nhook = "order-sign"',
        f"[[shadow]] 1 hook = order-sign ({ORDERED})",
        "order-sign",
    ),
    "a service in shadow": (
        '[[shadow]]\nsince = 2026-12-01\nreason = "x"\nservice = "calciphylaxis-order-sign"\nhook = "order-sign"',
        f"[[shadow]] 1 service = calciphylaxis-order-sign ({ORDERED})",
        "calciphylaxis-order-sign",
    ),
    "a topic at a hook in shadow": (
        '[[shadow]]\nsince = 2026-12-01\nreason = "x"\nhook = "order-sign"\ntopic = "vka-past-cua"',
        "[[shadow]] 1 topic = vka-past-cua",
        "vka-past-cua",
    ),
}


@pytest.mark.parametrize(("text", "where", "name"), CRITICAL.values(), ids=CRITICAL)
def test_two_people_answer_for_critical_cards_that_are_off_or_less_urgent(text: str, where: str, name: str) -> None:
    assert problems(text) == [f'{where}: it can be critical, {WRITE}covers = ["{name}"] and reason = "…"']
    assert problems(text + two(name)) == []


def test_two_people_answer_for_a_number_that_takes_critical_cards_away() -> None:
    score = '[[threshold]]\nname = "suspected_score"\nfrom = 2026-12-01\nvalue = 6\nsource = "minute 12"\n'
    assert problems(score) == [
        "[[threshold]] suspected_score = 6, higher than 4, which ships: fewer patients would get their critical card, "
        f'{WRITE}covers = ["suspected_score"] and reason = "…"'
    ]
    assert problems(score + two("suspected_score")) == problems(score.replace("value = 6", "value = 3")) == []


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ('[[condition]]\nfinding = "transplant"\n', "transplant"),
        ('[[drug]]\ndrug_class = "denosumab"\nname = "x"\n', "denosumab"),
    ],
)
def test_two_people_answer_for_a_code_that_can_take_critical_cards_away(code: str, name: str) -> None:
    text = f'{code}system = "urn:x"\ncode = "HD"\n'
    (problem,) = problems(text)
    assert problem.partition("]] ")[2] == (
        f"HD = {name}: by such a code a critical card could go, or what it warns of, "
        f'{WRITE}covers = ["{name}"] and reason = "…"'
    )
    assert problems(text + two(name)) == []
    harmless = text.replace("transplant", "dialysis_status").replace("denosumab", "vitamin_k_antagonist")
    assert problems(harmless) == []


# ------------------------------------------------------------------ what the two people answer for
OFF = f"[topics.vka-cua]\n{ON_FALSE}"
SHADOW = '[[shadow]]\nsince = 2026-12-01\nreason = "pilot"\nhook = "order-select"\n'


def test_what_is_written_for_one_card_is_no_permit_for_others() -> None:
    assert problems(OFF + SHADOW + two("vka-cua")) == [
        f"[[shadow]] 1 hook = order-select ({ORDERED}): it can be critical; "
        'write "order-select" into covers of [critical_off] if the two people answer for that, too'
    ]
    assert problems(OFF + SHADOW + two("vka-cua", "order-select")) == []


def test_without_anybody_each_line_says_all_that_has_to_be_covered() -> None:
    told = problems(OFF + SHADOW)
    assert len(told) == 2
    assert all(line.endswith('covers = ["vka-cua", "order-select"] and reason = "…"') for line in told)


@pytest.mark.parametrize("name", ["calcium-cua", "vka-dialysis", "order-sign", "suspected_score", "vka-cau"])
def test_nobody_answers_for_what_takes_nobody(name: str) -> None:
    assert problems(OFF + two("vka-cua", name, name)) == [
        f"[critical_off] covers: nothing in this file takes two people for {name}; take it out"
    ]


def test_the_block_alone_is_no_permit_for_later() -> None:
    assert problems(two("vka-cua")) == [
        "[critical_off] covers: nothing in this file takes two people for vka-cua; take it out"
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"[topics.vka-dialysis]\n{ON_FALSE}",
        '[topics.vka-past-cua.indicator]\npatient-view = "info"',
        '[topics.vka-cua.indicator]\norder-select = "critical"',
        '[topics.cua-suspected.indicator]\norder-select = "info"',
        '[[shadow]]\nsince = 2026-12-01\nreason = "the pilot of a whole tenant"',
        '[[shadow]]\nsince = 2026-12-01\nreason = "x"\nhook = "order-sign"\ntopic = "cua-suspected"',
        '[[shadow]]\nsince = 2026-12-01\nreason = "x"\nhook = "order-sign"\ntopic = "vka-dialysis"',
    ],
)
def test_nobody_else_is_asked_for_what_takes_no_critical_card_away(text: str) -> None:
    assert problems(text) == []


WHY = 'covers = ["vka-cua"]\nreason = "another system warns"'


def answered_by(*people: str) -> list[str]:
    names = ", ".join(f'"{name}"' for name in people)
    return problems(f"[topics.vka-cua]\n{ON_FALSE}[critical_off]\npeople = [{names}]\n{WHY}")


@pytest.mark.parametrize("other", ["Prof. Ana Silva", "Silva, Ana", "Ana Silva RN", "A. Silva", "Anà Silva (renal)"])
def test_one_person_under_two_names_is_not_two(other: str) -> None:
    assert answered_by("Dr Ana Silva", other) == [
        f"[critical_off] people: Dr Ana Silva and {other} may be one person; two different people are needed: "
        "write first name and surname of both in full; where two names have two words in common, name somebody else"
    ]
    assert answered_by("Dr Ana Silva", other, "Ben Okoro") == []


def test_each_of_the_two_people_has_a_whole_name() -> None:
    assert answered_by("Dr A", "Ben Okoro") == [
        "[critical_off] people: Dr A needs first name and surname, such as Dr Ana Silva"
    ]
    assert answered_by("Ana Silva", "Ben Silva") == answered_by("Ana Silva", "Ana Sousa") == []


@pytest.mark.parametrize("reason", ["", "x", "minute 12", " agreed       ", "..........", "1234567890"])
def test_the_two_people_say_why(reason: str) -> None:
    text = OFF + two("vka-cua").replace('"another system warns"', f'"{reason}"')
    assert problems(text) == [
        '[critical_off]: needs the reason, in 10 characters or more, which discovery and reports show: reason = "…"'
    ]
    assert problems(text.replace(f'"{reason}"', '"minutes 12"')) == []


@pytest.mark.parametrize("topic", ["cua-data-gap", "order-data-gap", "calcium-data-gap", "vitd-data-gap"])
def test_cards_that_tell_of_gaps_stay_on_whoever_answers_for_it(topic: str) -> None:
    off = problems(f"[topics.{topic}]\n{ON_FALSE}")
    assert [line.partition("; ")[0] for line in off] == [
        f"[topics.{topic}]: must stay on: this card tells what is missing or could not be read"
    ]
    (shadow,) = problems(f'[[shadow]]\nsince = 2026-12-01\nreason = "x"\ntopic = "{topic}"')
    assert shadow.startswith(f"[[shadow]] 1: {topic} must stay on")
