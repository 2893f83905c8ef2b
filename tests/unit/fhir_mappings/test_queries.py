"""Queries: the same search as prefetch template and as fallback fetch."""

from __future__ import annotations

import copy
import tomllib
from dataclasses import replace
from datetime import date, timedelta
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from fhir_mappings.packaged import default_policy, default_vocabulary
from fhir_mappings.queries import HISTORY, STOPPED_ORDERS, TEMPLATE_LIMIT, Query, build_queries
from fhir_mappings.vocabulary import Vocabulary, load_vocabulary
from hooks.chart import Analyte
from hooks.policy_loading import load_policy
from tests.unit.hooks.builders import data_files

QUERIES = {query.key: query for query in build_queries(default_vocabulary(), default_policy())}
ON = date(2026, 3, 1)


def params(path: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(path).query))


def test_the_queries_and_their_order() -> None:
    assert list(QUERIES) == [
        "patient",
        "conditions",
        "medications",
        "dialysis_procedures",
        "valve_procedures",
        "surgery_procedures",
        "procedures",
        "calcium",
        "phosphate_albumin",
        "pth_alp",
        "dialysis_dose",
        "weight",
        "bmi",
        "temperature",
        "inflammation",
        "medication_statements",
    ]


def test_the_patient_is_read_and_not_searched() -> None:
    assert QUERIES["patient"].template() == "Patient/{{context.patientId}}"
    assert QUERIES["patient"].fetch_path("p1", ON) == "Patient/p1"


@pytest.mark.parametrize(
    ("key", "template"),
    [
        ("conditions", "Condition?patient={{context.patientId}}&_sort=-recorded-date&_count=1000"),
        ("medications", "MedicationRequest?patient={{context.patientId}}&status=active&_sort=-authoredon&_count=200"),
        (
            "surgery_procedures",
            "Procedure?patient={{context.patientId}}&code=70536003,175901007,12330002,171995003,60500,60502,60505,60512,"
            "232967006,33979&_sort=-date&_count=50",
        ),
        ("procedures", "Procedure?patient={{context.patientId}}&_sort=-date&_count=100"),
        ("weight", "Observation?patient={{context.patientId}}&code=8341-0,8344-4&_sort=-date&_count=200"),
        ("bmi", "Observation?patient={{context.patientId}}&code=39156-5&_sort=-date&_count=50"),
    ],
)
def test_a_template_is_a_plain_search(key: str, template: str) -> None:
    assert QUERIES[key].template() == template


@pytest.mark.parametrize("query", QUERIES.values(), ids=lambda query: query.key)
def test_every_template_is_short_relative_and_asks_for_the_patient_once(query: Query) -> None:
    template = query.template()
    assert len(template) < TEMPLATE_LIMIT
    assert template.count("{{context.patientId}}") == 1
    assert not template.startswith("/")
    assert " " not in template


@pytest.mark.parametrize(
    ("key", "since"),
    [
        ("calcium", "ge2025-11-30"),
        ("phosphate_albumin", "ge2025-11-30"),
        ("pth_alp", "ge2025-09-01"),
        ("dialysis_dose", "ge2025-11-30"),
        ("weight", "ge2025-08-29"),
        ("bmi", "ge2025-02-28"),
        ("temperature", "ge2026-02-25"),
        ("inflammation", "ge2026-02-21"),
        ("dialysis_procedures", None),
        ("valve_procedures", None),
        ("surgery_procedures", None),
        ("procedures", None),
        ("conditions", None),
        ("medications", None),
    ],
)
def test_the_fetch_of_results_reaches_back_one_day_further_than_the_look_back(key: str, since: str | None) -> None:
    assert params(QUERIES[key].fetch_path("p1", ON)).get("date") == since


@pytest.mark.parametrize("query", [query for query in QUERIES.values() if query.params], ids=lambda query: query.key)
def test_apart_from_patient_and_date_the_fetch_is_the_template(query: Query) -> None:
    fetched, prefetched = params(query.fetch_path("p1", ON)), params(query.template())
    fetched.pop("date", None)
    assert fetched == prefetched | {"patient": "p1"}


def test_valves_are_looked_for_by_every_code_of_a_mechanical_or_unknown_one() -> None:
    codes = default_vocabulary().conditions.codes
    asked = params(QUERIES["valve_procedures"].template())["code"].split(",")
    assert asked == [code for _, code in (*codes["mechanical_valve"], *codes["valve_kind_unknown"])]


def test_the_search_for_procedures_in_words_is_complete_with_its_newest_page() -> None:
    assert [query.key for query in QUERIES.values() if query.newest_are_enough] == ["procedures"]


def test_the_patient_id_reaches_the_path_as_data_only() -> None:
    path = QUERIES["calcium"].fetch_path("../p1&code=x,y", ON)
    assert path.startswith("Observation?patient=..%2Fp1%26code%3Dx%2Cy&code=17861-6,")
    assert QUERIES["patient"].fetch_path("a/../b?c", ON) == "Patient/a%2F..%2Fb%3Fc"


def test_every_analyte_is_asked_for_once_with_all_its_codes(vocabulary: Vocabulary) -> None:
    asked = [analyte for query in QUERIES.values() for analyte in query.analytes]
    assert sorted(asked) == sorted(Analyte)
    for query in QUERIES.values():
        asked_for = [vocabulary.labs.by_analyte[analyte] for analyte in query.analytes]
        codes = {code for words in asked_for for code in (*words.codes, *words.shown)}
        if codes:
            assert set(params(query.template())["code"].split(",")) == codes


def test_only_signs_of_infection_are_for_patient_view_alone() -> None:
    everywhere = {"patient-view", "order-select", "order-sign"}
    for key, query in QUERIES.items():
        assert query.hooks == ({"patient-view"} if key in ("temperature", "inflammation") else everywhere)


def files() -> list[dict[str, Any]]:
    folder = resources.files("fhir_mappings")
    return [
        tomllib.loads(folder.joinpath(f"{name}.toml").read_text("utf-8")) for name in ("labs", "drugs", "conditions")
    ]


def test_a_code_added_to_the_file_is_asked_for() -> None:
    labs, drugs, conditions = files()
    next(entry for entry in labs["analyte"] if entry["name"] == "body_mass_index")["loinc"]["89270-3"] = (
        "BMI, estimated"
    )
    bmi = next(
        query
        for query in build_queries(load_vocabulary(labs, drugs, conditions), default_policy())
        if query.key == "bmi"
    )
    assert "code=39156-5,89270-3&" in bmi.template()


def test_a_search_that_would_grow_too_long_is_made_in_parts_and_loses_no_code() -> None:
    labs, drugs, conditions = copy.deepcopy(files())
    codes = next(entry for entry in conditions["concept"] if entry["name"] == "haemodialysis_procedure")
    codes["cpt"] |= {str(number): "x" for number in range(91000, 91150)}
    queries = build_queries(load_vocabulary(labs, drugs, conditions), default_policy())
    parts = [query for query in queries if query.key.startswith("dialysis_procedures")]
    assert [query.key for query in parts] == ["dialysis_procedures", "dialysis_procedures_2", "dialysis_procedures_3"]
    assert all(len(query.template()) < TEMPLATE_LIMIT for query in parts)
    asked = [code for query in parts for code in params(query.template())["code"].split(",")]
    assert len(asked) == len(set(asked))
    assert {*map(str, range(91000, 91150))} < {*asked}
    assert {*params(QUERIES["dialysis_procedures"].template())["code"].split(",")} < {*asked}
    of_the_first = replace(parts[0], key="", params=(), plain=(), coded="")
    assert all(replace(query, key="", params=(), plain=(), coded="") == of_the_first for query in parts)


def test_a_search_is_parted_where_it_reaches_the_limit_and_not_before() -> None:
    labs, drugs, conditions = copy.deepcopy(files())
    bmi = next(entry for entry in labs["analyte"] if entry["name"] == "body_mass_index")
    room = TEMPLATE_LIMIT - 1 - len(QUERIES["bmi"].template())
    own = [{"system": "urn:lab", "code": "A" * 64}, {"system": "urn:lab", "code": "B" * 64}]
    rest = room - 2 * 65 - 1
    for longer, keys in ((0, ["bmi"]), (1, ["bmi", "bmi_2"])):
        bmi["local"] = [*own, {"system": "urn:lab", "code": "C" * (rest + longer)}]
        queries = build_queries(load_vocabulary(labs, drugs, conditions), default_policy())
        found = [query for query in queries if query.key.startswith("bmi")]
        assert [query.key for query in found] == keys
        assert len(found[0].template()) == (TEMPLATE_LIMIT - 1 if longer == 0 else TEMPLATE_LIMIT - 1 - rest - 1)


def test_a_clinics_own_code_is_asked_for_under_its_own_system() -> None:
    labs, drugs, conditions = copy.deepcopy(files())
    next(entry for entry in labs["analyte"] if entry["name"] == "body_mass_index")["local"] = [
        {"system": "https://clinic.example/lab", "code": "BMI"}
    ]
    queries = build_queries(load_vocabulary(labs, drugs, conditions), default_policy())
    (bmi,) = (query for query in queries if query.key == "bmi")
    assert params(bmi.template())["code"] == "39156-5,BMI"
    asked = dict(bmi.with_systems().params)["code"]
    assert asked == "http://loinc.org|39156-5,https://clinic.example/lab|BMI"


# ------------------------------------------------------------------ look-backs follow the policy
def with_values(section: str, *values: dict[str, Any]) -> dict[str, Query]:
    """The queries of the packaged policy with further dated values for one section ("windows.minerals")."""
    changed = copy.deepcopy(data_files())
    table = changed["thresholds"]
    for key in section.split("."):
        table = table[key]
    table["values"] += [{"source": "a clinic", **value} for value in values]
    return {query.key: query for query in build_queries(default_vocabulary(), load_policy(**changed))}


def query_for(analyte: Analyte, queries: dict[str, Query]) -> Query:
    return next(query for query in queries.values() if analyte in query.analytes)


def window_of(analyte: Analyte) -> str:
    windows = data_files()["thresholds"]["windows"]
    return next(f"windows.{key}" for key, section in windows.items() if analyte in section["analytes"])


@pytest.mark.parametrize("analyte", Analyte)
def test_a_window_widened_in_the_data_file_widens_the_search(analyte: Analyte) -> None:
    before = query_for(analyte, QUERIES)
    wider = (before.look_back_days or 0) + 30
    value = {"since": date(2026, 6, 1), "fresh": 1, "usable": wider}
    after = query_for(analyte, with_values(window_of(analyte), value))
    assert after.look_back_days == wider
    assert after.fetch_path("p", ON) == before.fetch_path("p", ON - timedelta(days=30))


@pytest.mark.parametrize("analyte", Analyte)
def test_a_search_reaches_as_far_back_as_the_longest_window_of_any_date(analyte: Analyte) -> None:
    longest = query_for(analyte, QUERIES).look_back_days
    narrower = {"since": date(2026, 6, 1), "fresh": 1, "usable": (longest or 0) - 1}
    assert query_for(analyte, with_values(window_of(analyte), narrower)).look_back_days == longest


@pytest.mark.parametrize("analyte", Analyte)
def test_every_result_that_a_rule_may_use_is_asked_for(analyte: Analyte) -> None:
    usable = [limits.windows[analyte].usable for _, limits in default_policy().history.periods]
    assert (query_for(analyte, QUERIES).look_back_days or 0) >= max(usable)


def test_dialysis_is_looked_for_as_long_as_any_rule_lets_it_count() -> None:
    spans = [
        days
        for _, limits in default_policy().history.periods
        for days in (limits.dialysis_procedure_days, limits.dialysis_after_transplant_days)
    ]
    assert QUERIES["dialysis_procedures"].look_back_days == max(spans)
    longer = with_values("dialysis_procedure_days", {"since": date(2027, 1, 1), "value": 120})
    assert longer["dialysis_procedures"].look_back_days == 120


INTENTS = "proposal,plan,order,original-order,reflex-order,filler-order,instance-order,option"


@pytest.mark.parametrize(
    ("key", "forms"),
    [
        ("patient", []),
        ("conditions", ["Condition?patient=p%2F1", "Condition?subject=Patient/p%2F1"]),
        (
            "medications",
            [
                f"MedicationRequest?patient=p%2F1&status=active&intent={INTENTS}",
                f"MedicationRequest?patient=p%2F1&intent={INTENTS}",
                "MedicationRequest?patient=p%2F1",
                f"MedicationRequest?subject=Patient/p%2F1&status=active&intent={INTENTS}",
            ],
        ),
        ("procedures", ["Procedure?patient=p%2F1", "Procedure?subject=Patient/p%2F1"]),
        (
            "bmi",
            [
                "Observation?patient=p%2F1&code=39156-5&date=ge2025-02-28",
                "Observation?patient=p%2F1&code=39156-5",
                "Observation?patient=p%2F1&category=laboratory,vital-signs,procedure,exam&date=ge2025-02-28",
                "Observation?subject=Patient/p%2F1&code=39156-5&date=ge2025-02-28",
            ],
        ),
    ],
)
def test_a_search_has_plainer_forms_for_servers_that_refuse_it(key: str, forms: list[str]) -> None:
    assert [*QUERIES[key].plainer("p/1", ON)] == forms


@pytest.mark.parametrize("query", QUERIES.values(), ids=lambda query: query.key)
def test_no_plainer_form_sorts_or_counts_and_each_is_another_address(query: Query) -> None:
    forms = [query.fetch_path("p1", ON), *query.plainer("p1", ON)]
    assert len({*forms}) == len(forms)
    assert all("_sort" not in form and "_count" not in form for form in forms[1:])


def test_codes_are_also_searched_for_with_their_systems() -> None:
    dialysis = QUERIES["dialysis_procedures"].with_systems()
    codes = params(dialysis.fetch_path("p1", ON))["code"].split(",")
    assert {code.rpartition("|")[0] for code in codes} == {"http://snomed.info/sct", "http://www.ama-assn.org/go/cpt"}
    bare = params(QUERIES["dialysis_procedures"].fetch_path("p1", ON))["code"]
    assert ",".join(code.rpartition("|")[2] for code in codes) == bare
    assert params(dialysis.plainer("p1", ON)[0])["code"] == ",".join(codes)
    bmi = QUERIES["bmi"].with_systems()
    assert bmi.fetch_path("p1", ON).startswith("Observation?patient=p1&code=http://loinc.org|39156-5&date=ge")


def test_a_search_without_codes_has_no_other_form_of_them() -> None:
    assert QUERIES["conditions"].with_systems() is QUERIES["conditions"]
    assert {key for key, query in QUERIES.items() if not query.coded} == {
        "patient",
        "conditions",
        "medications",
        "procedures",
        "medication_statements",
    }


# ---------------------------------------------------------------- the medication history
@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ((), []),
        (("statements",), ["medication_statements"]),
        (
            ("dispenses", "administrations", "statements"),
            ["medication_statements", "medication_administrations", "medication_dispenses"],
        ),
    ],
)
def test_of_the_medication_history_what_is_wanted_is_asked_for(asked: tuple[str, ...], keys: list[str]) -> None:
    found = build_queries(default_vocabulary(), default_policy(), asked)
    assert [query.key for query in found if query.optional] == keys
    assert {query.key for query in found if not query.optional} == QUERIES.keys() - {"medication_statements"}


def test_the_searches_of_the_medication_history() -> None:
    found = {query.key: query for query in build_queries(default_vocabulary(), default_policy(), HISTORY)}
    days = default_policy().thresholds(ON).administration_days
    assert found["medication_statements"].fetch_path("p1", ON) == (
        "MedicationStatement?patient=p1&status=active&_sort=-effective&_count=200"
    )
    assert found["medication_administrations"].fetch_path("p1", ON) == (
        "MedicationAdministration?patient=p1&_sort=-effective-time"
        f"&effective-time=ge{ON - timedelta(days=days + 1)}&_count=200"
    )
    assert found["medication_dispenses"].fetch_path("p1", ON) == (
        "MedicationDispense?patient=p1&_sort=-whenhandedover&_count=200"
    )
    assert STOPPED_ORDERS.fetch_path("p1", ON) == (
        "MedicationRequest?patient=p1&status=stopped,cancelled&_sort=-authoredon&_count=200"
    )
