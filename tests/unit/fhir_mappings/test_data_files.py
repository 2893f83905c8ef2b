"""Files that people write are refused with every fault of their shape, each in words with file and key."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fhir_mappings.data_files import DataFileError, checked, packaged_schema
from fhir_mappings.packaged import PACKAGE_OF, packaged_data, packaged_text
from hooks.chart import Analyte
from hooks.thresholds import threshold_problems
from tests.unit.fhir_mappings.faulty_files import (
    ROOT,
    Data,
    at,
    drop,
    packaged,
    packaged_schema_text,
    problems,
    put,
    schema,
)

STORIES = ROOT / "cds_service" / "stories" / "told"
SCHEMAS = sorted(
    [
        *(ROOT / "fhir_mappings" / "schemas").glob("*.json"),
        *(ROOT / "cds_service" / "schemas").glob("*.json"),
        *STORIES.parent.glob("*.schema.json"),
    ]
)


def by_name(path: Path) -> str:
    return path.name


# ------------------------------------------------------------------ the schemas
def subschemas(value: object) -> Iterator[Data]:
    """Every table inside a schema; tables of names (`properties`) are among them."""
    inner: list[object] = value if isinstance(value, list) else []
    if isinstance(value, dict):
        yield value
        inner = [part for key, part in value.items() if key != "errorMessage"]
    for part in inner:
        yield from subschemas(part)


@pytest.mark.parametrize("path", SCHEMAS, ids=by_name)
def test_every_schema_is_a_schema(path: Path) -> None:
    assert schema(path)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema(path)["title"]
    Draft202012Validator.check_schema(schema(path))


@pytest.mark.parametrize("path", SCHEMAS, ids=by_name)
def test_every_table_with_known_keys_refuses_unknown_ones(path: Path) -> None:
    tables = [part for part in subschemas(schema(path)) if part.get("type") == "object" and "properties" in part]
    assert tables
    assert [part for part in tables if "additionalProperties" not in part] == []


@pytest.mark.parametrize("path", SCHEMAS, ids=by_name)
def test_every_reference_of_a_schema_leads_somewhere(path: Path) -> None:
    whole = schema(path)
    named = {part["$ref"] for part in subschemas(whole) if isinstance(part.get("$ref"), str)}
    assert named <= {f"#/$defs/{name}" for name in whole.get("$defs", {})}


SAID_IN_WORDS = {"pattern": "\\S", "minItems": 1, "minProperties": 1, "minLength": 1}
"""The limits that are told as "must not be empty"."""
NEEDS_WORDS = {*SAID_IN_WORDS, "maxItems", "maxLength", "anyOf", "not"}


def unspoken(part: Data) -> list[str]:
    """The keywords of a subschema whose fault would be told in words that do not fit."""
    said = part.get("errorMessage", {})
    own = set(part) if isinstance(said, str) else set(said)
    lone = {"minimum", "maximum"} & set(part) if len({"minimum", "maximum"} & set(part)) == 1 else set()
    found = {key for key in NEEDS_WORDS & set(part) if part[key] != SAID_IN_WORDS.get(key)} | lone
    return sorted(found - own)


@pytest.mark.parametrize("path", SCHEMAS, ids=by_name)
def test_a_limit_that_has_no_words_of_its_own_is_explained_by_its_schema(path: Path) -> None:
    assert [(part, keys) for part in subschemas(schema(path)) if (keys := unspoken(part))] == []


@pytest.mark.parametrize("part", [{"pattern": "^a$"}, {"minItems": 2}, {"minimum": 3}, {"anyOf": [{}]}])
def test_a_limit_without_words_is_found(part: Data) -> None:
    assert unspoken(part)
    assert not unspoken({**part, "errorMessage": "must be so"})


def test_a_file_that_was_sound_is_checked_again_when_it_has_changed_or_is_another() -> None:
    text = packaged_text("labs")
    assert checked("labs", text) == checked("labs", text)
    for name, changed in (("labs", text.replace('"mg/dL"', "5", 1)), ("drugs", text)):
        with pytest.raises(DataFileError):
            checked(name, changed)
        with pytest.raises(DataFileError):
            checked(name, changed)


def test_every_data_file_has_its_schema() -> None:
    assert {path.stem for path in SCHEMAS if path.parent.parent.name == "fhir_mappings"} == set(PACKAGE_OF)


@pytest.mark.parametrize("name", PACKAGE_OF)
def test_the_packaged_file_has_the_right_shape(name: str) -> None:
    assert packaged_data(name) == checked(name, packaged_text(name)) == tomllib.loads(packaged_text(name))


@pytest.mark.parametrize(
    "path", [*(ROOT / "hooks").glob("*.toml"), *(ROOT / "fhir_mappings").glob("*.toml"), *STORIES.glob("*.toml")]
)
def test_the_first_line_of_a_file_leads_editors_to_its_schema(path: Path) -> None:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert first.startswith("#:schema ")
    target = (path.parent / first.removeprefix("#:schema ")).resolve()
    assert target in SCHEMAS
    assert target.name in {f"{path.stem}.json", "story.schema.json"}


def test_what_a_card_says_has_one_shape_in_both_files_but_for_what_is_said_of_a_drug_not_yet_active() -> None:
    drugs, status = (packaged_schema_text(name)["$defs"]["card"] for name in ("drug_rules", "status_cards"))
    only_of_drugs = {"draft_summary", "draft_lead"}
    fields = drugs["properties"]
    assert only_of_drugs == fields.keys() - status["properties"].keys()
    assert {**drugs, "properties": {key: fields[key] for key in fields if key not in only_of_drugs}} == status


# ------------------------------------------------------------------ shapes, file by file


CALCIUM_HIGH = ("calcium_high", "values", 0, "value")
A_VALUE = "[calcium_high] values[1].value"
LOOK = "look at the unit and at the decimal point"
DATE = "must be a date such as 2026-11-22, without quotes"

SINCE = ("calcium_high", "values", 0, "since")
A_DAY = "[calcium_high] values[1].since: must be a day from 1990-01-01 to 2035-12-31"

THRESHOLD_MISTAKES = [
    (put(*CALCIUM_HIGH, 2.55), f"{A_VALUE}: must be from 9 to 11.5, not 2.55: {LOOK}"),
    (put(*CALCIUM_HIGH, 102), f"{A_VALUE}: must be from 9 to 11.5, not 102: {LOOK}"),
    (put(*CALCIUM_HIGH, 1.02), f"{A_VALUE}: must be from 9 to 11.5, not 1.02: {LOOK}"),
    (put(*CALCIUM_HIGH, 8.99), f"{A_VALUE}: must be from 9 to 11.5, not 8.99: {LOOK}"),
    (put(*CALCIUM_HIGH, 11.51), f"{A_VALUE}: must be from 9 to 11.5, not 11.51: {LOOK}"),
    (put(*CALCIUM_HIGH, -10.2), f"{A_VALUE}: must be from 9 to 11.5, not -10.2: {LOOK}"),
    (put(*CALCIUM_HIGH, float("nan")), f"{A_VALUE}: must be a number"),
    (put(*CALCIUM_HIGH, float("inf")), f"{A_VALUE}: must be a number"),
    (put(*CALCIUM_HIGH, "10.2"), f"{A_VALUE}: must be a number"),
    (put(*CALCIUM_HIGH, True), f"{A_VALUE}: must be a number"),
    (put(*CALCIUM_HIGH, date(2026, 1, 1)), f"{A_VALUE}: must be a number"),
    (drop(*CALCIUM_HIGH), f"{A_VALUE}: is missing"),
    (drop("adult_age", "fewer_critical"), "[adult_age] fewer_critical: is missing"),
    (drop("windows", "temperature", "fewer_critical"), "[windows.temperature] fewer_critical: is missing"),
    (put("points", "female", "fewer_critical", "higher"), "[points.female] fewer_critical: must be lower"),
    (
        put("hd_kt_v_target", "fewer_critical", "up"),
        "[hd_kt_v_target] fewer_critical: must be higher or lower or either",
    ),
    (put("calcium_high", "values", 0, "since", "2003-10-01"), f"[calcium_high] values[1].since: {DATE}"),
    (put("calcium_high", "values", 0, "since", datetime(2003, 10, 1)), f"[calcium_high] values[1].since: {DATE}"),  # noqa: DTZ001
    (drop("calcium_high", "values", 0, "since"), "[calcium_high] values[1].since: is missing"),
    (drop("calcium_high", "values", 0, "source"), "[calcium_high] values[1].source: is missing"),
    (put("calcium_high", "values", 0, "source", " "), "[calcium_high] values[1].source: must not be empty"),
    (put("calcium_high", "values", 0, "source", date(2026, 1, 1)), "[calcium_high] values[1].source: must be a text"),
    (
        put("calcium_high", "values", 0, "sorce", "x"),
        "[calcium_high] values[1].sorce: there is no such key; did you mean source?",
    ),
    (put("calcium_high", "values", []), "[calcium_high] values: must not be empty"),
    (put("calcium_high", "values", 10.2), "[calcium_high] values: must be a list"),
    (put("calcium_high", "values", 0, 10.2), "[calcium_high] values[1]: must be a table"),
    (drop("calcium_high", "values"), "[calcium_high] values: is missing"),
    (drop("calcium_high", "says"), "[calcium_high] says: is missing"),
    (put("calcium_high", "says", "\n"), "[calcium_high] says: must not be empty"),
    (put("calcium_high", "unit", "mmol/L"), "[calcium_high] unit: must be mg/dL"),
    (put("calcium_high", "unit", ""), "[calcium_high] unit: must be mg/dL"),
    (put("calcium_high", 10.2), "calcium_high: must be a table"),
    (drop("calcium_high"), "calcium_high: is missing"),
    (put("calcium_hihg", {}), "[calcium_hihg]: there is no such key; did you mean calcium_high?"),
    (put("shoe_size", 43), "shoe_size: there is no such key"),
    (put("sign_days", "values", 0, "value", 180.5), "[sign_days] values[1].value: must be a whole number"),
    (put("sign_days", "values", 0, "value", 180.0), "[sign_days] values[1].value: must be a whole number"),
    (put("high_risk_score", "values", 0, "value", 6.5), "[high_risk_score] values[1].value: must be a whole number"),
    (drop("points"), "points: is missing"),
    (drop("points", "female"), "[points] female: is missing"),
    (put("points", "femal", {}), "[points.femal]: there is no such key; did you mean female?"),
    (
        put("points", "female", "values", 0, "value", 10),
        f"[points.female] values[1].value: must be from 0 to 6, not 10: {LOOK}",
    ),
    (
        put("points", "female", "values", 0, "value", -1),
        f"[points.female] values[1].value: must be from 0 to 6, not -1: {LOOK}",
    ),
    (drop("windows"), "windows: is missing"),
    (drop("windows", "bone", "values", 0, "usable"), "[windows.bone] values[1].usable: is missing"),
    (
        put("windows", "bone", "values", 0, "usable", 1800),
        "[windows.bone] values[1].usable: must be 30 to 730 days for intact PTH and alkaline phosphatase",
    ),
    (
        put("windows", "bone", "values", 0, "fresh", 10),
        "[windows.bone] values[1].fresh: must be 30 to 365 days for intact PTH and alkaline phosphatase",
    ),
    (put("windows", "bone", "analytes", []), "[windows.bone] analytes: must not be empty"),
    (put("windows", "bone", "unit", "h"), "[windows.bone] unit: must be d"),
    (
        put("windows", "new", {"says": "x", "unit": "d", "analytes": ["albumin"], "values": []}),
        "[windows.new] values: must not be empty",
    ),
    (put("windows", {}), "[windows]: must not be empty"),
    (put(*SINCE, date(2062, 12, 1)), f"{A_DAY}, not 2062-12-01: look at the year"),
    (put(*SINCE, date(1026, 12, 1)), f"{A_DAY}, not 1026-12-01: look at the year"),
    (put(*SINCE, date(9999, 1, 1)), f"{A_DAY}, not 9999-01-01: look at the year"),
    (put(*SINCE, date(1989, 12, 31)), f"{A_DAY}, not 1989-12-31: look at the year"),
    (put(*SINCE, date(2036, 1, 1)), f"{A_DAY}, not 2036-01-01: look at the year"),
]

RULE, TEXT = ("rules", 0), ("texts", "vka-cua")


def silent_beside(data: Any) -> None:
    row = data["rules"][0]
    data["rules"][0] = {"drug_class": row["drug_class"], "source": "ours", "silent": True, "beside": True}


def final_beside(data: Any) -> None:
    data["rules"][0] |= {"final": True, "beside": True}


RULE_MISTAKES = [
    (put("rules", []), "rules: must not be empty"),
    (drop("rules"), "rules: is missing"),
    (drop(*RULE, "source"), "rules 1 (vka-cua): source: is missing"),
    (put(*RULE, "source", ""), "rules 1 (vka-cua): source: must not be empty"),
    (drop(*RULE, "drug_class"), "rules 1 (vka-cua): drug_class: is missing"),
    (drop(*RULE, "topic"), "rules 1: topic: is missing"),
    (put(*RULE, "indicator", "urgent"), "rules 1 (vka-cua): indicator: must be info or warning or critical"),
    (
        put(*RULE, "indicator", "critcal"),
        "rules 1 (vka-cua): indicator: must be info or warning or critical; did you mean critical?",
    ),
    (
        put(*RULE, "at_patient_view", ""),
        "rules 1 (vka-cua): at_patient_view: must be none or info or warning or critical",
    ),
    (put(*RULE, "silent", True), "rules 1 (vka-cua): topic: is for rows that give a card"),
    (silent_beside, "rules 1: beside: is for rows that give a card"),
    (final_beside, "rules 1 (vka-cua): final: means nothing beside other rows: leave out final or beside"),
    (put(*RULE, "final", "yes"), "rules 1 (vka-cua): final: must be true or false"),
    (
        put(*RULE, "unles", ["on_dialysis"]),
        "rules 1 (vka-cua): unles: there is no such key; did you mean unless?",
    ),
    (put(*RULE, "when", "calciphylaxis"), "rules 1 (vka-cua): when: must be a list"),
    (put(*RULE, "when", ["calciphylaxis"] * 2), "rules 1 (vka-cua): when: has the same entry twice"),
    (put(*RULE, "keep_at_order_sign", 1), "rules 1 (vka-cua): keep_at_order_sign: must be true or false"),
    (drop(*TEXT, "title"), "[texts.vka-cua] title: is missing"),
    (drop(*TEXT, "evidence"), "[texts.vka-cua] evidence: is missing"),
    (put(*TEXT, "evidence", []), "[texts.vka-cua] evidence: must not be empty"),
    (put(*TEXT, "lead", [""]), "[texts.vka-cua] lead[1]: must not be empty"),
    (
        put(*TEXT, "overide", []),
        "[texts.vka-cua] overide: there is no such key; did you mean override?",
    ),
]

STATUS_MISTAKES = [
    (drop("texts", "cua-suspected", "lead"), "[texts.cua-suspected] lead: is missing"),
    (put("phrases", "insulin", 5), "[phrases] insulin: must be a text"),
    (put("phrases", "insulin", ""), "[phrases] insulin: must not be empty"),
    (drop("phrases"), "phrases: is missing"),
]

WORDING_MISTAKES = [
    (drop("footer"), "footer: is missing"),
    (put("added_here", "Added by this clinic."), "added_here: must have a place for the {sentence}"),
    (drop("signs_short"), "signs_short: is missing"),
    (
        put("analytes", "phosphate", "colour", "red"),
        "[analytes.phosphate] colour: there is no such key",
    ),
    (
        put("analytes", "phosphate", "decimals", 5),
        f"[analytes.phosphate] decimals: must be from 0 to 2, not 5: {LOOK}",
    ),
    (
        put("analytes", "phosphate", "decimals", 0),
        "[analytes.phosphate] decimals: must be 1 or 2: with fewer a value and its limit could look the same",
    ),
    (
        put("analytes", "ionised_calcium", "decimals", 1),
        "[analytes.ionised_calcium] decimals: must be 2: with fewer a value and its limit could look the same",
    ),
    (put("analytes", "total_calcium", "unit", "mmol/L"), "[analytes.total_calcium] unit: must be mg/dL"),
    (put("analytes", "phosphate", "decimals", 1.0), "[analytes.phosphate] decimals: must be a whole number"),
    (put("needs", "pth", "analytes", []), "[needs.pth] analytes: must not be empty"),
    (drop("suggestions", "remove", "label"), "[suggestions.remove] label: is missing"),
    (
        put("suggestions", "remove", "only", "drafts"),
        "[suggestions.remove] only: must be draft or active; did you mean draft?",
    ),
    (
        put("override_reasons", 0, "standard", ["x", "22"]),
        "override_reasons 1 (mechanical-valve): standard: must be a system, a code and its display",
    ),
    (
        put("override_reasons", 0, "standard", ["x", "22", 1]),
        "override_reasons 1 (mechanical-valve): standard[3]: must be a text",
    ),
]

SUSPECTED = ("topics", "cua-suspected")
REASONS_MISTAKES = [
    (drop("units"), "units: is missing"),
    (put("limits", "pth", {}), "[limits.pth] says: is missing"),
    (drop(*SUSPECTED, "about"), "[topics.cua-suspected] about: is missing"),
    (put(*SUSPECTED, "limits", []), "[topics.cua-suspected] limits: must not be empty"),
    (put(*SUSPECTED, "shoe_size", 1), "[topics.cua-suspected] shoe_size: there is no such key"),
    (put(*SUSPECTED, "rows", [1]), "[topics.cua-suspected] rows[1]: must be a table"),
    (drop(*SUSPECTED, "rows", 0, "source"), "[topics.cua-suspected] rows[1].source: is missing"),
    (
        put(*SUSPECTED, "rows", 0, "hooks", ["patient-veiw"]),
        "[topics.cua-suspected] rows[1].hooks[1]: must be patient-view or order-select or order-sign"
        "; did you mean patient-view?",
    ),
    (
        put(*SUSPECTED, "rows", 0, "indicator", "x"),
        "[topics.cua-suspected] rows[1].indicator: must be info or warning or critical",
    ),
    (put(*SUSPECTED, "tables", ["x"]), "[topics.cua-suspected] tables[1]: must be signs or points"),
    (
        put(*SUSPECTED, "history", 0, "on", "last week"),
        '[topics.cua-suspected] history[1].on: must be a month or a day in quotes: "2026-11", "2026-11-22"',
    ),
    (
        put(*SUSPECTED, "history", 0, "on", "2026-11\n"),
        '[topics.cua-suspected] history[1].on: must be a month or a day in quotes: "2026-11", "2026-11-22"',
    ),
    (put("about", "history", 0, "what", ""), "[about] history[1].what: must not be empty"),
    (drop("about", "sections", 1, "says"), "[about] sections 2 (What it is not for): says: is missing"),
    (drop("evidence", "dose", "strength"), "[evidence.dose] strength: is missing"),
    (put("evidence", "dose", "says", ""), "[evidence.dose] says: must not be empty"),
    (drop("references", "uk", "read"), "[references.uk] read: is missing"),
    (put("references", "uk", "author", "x"), "[references.uk] author: there is no such key"),
    (put("references", "uk", "url", "javascript:x"), "[references.uk] url: must be a web address"),
]

CALCIUM = ("analyte", 0)
PHOSPHATE, PHOSPHATE_AS_TOLD = ("analyte", 4), "analyte 5 (phosphate)"
PTH, PTH_AS_TOLD = ("analyte", 6), "analyte 7 (intact_pth)"
LAB_MISTAKES = [
    (drop(*CALCIUM, "source"), "analyte 1 (total_calcium): source: is missing"),
    (put(*CALCIUM, "source", " "), "analyte 1 (total_calcium): source: must not be empty"),
    (
        put(*CALCIUM, "loinc", {"calcium": "Calcium [Mass/volume]"}),
        "analyte 1 (total_calcium): loinc.calcium: is no LOINC code",
    ),
    (put(*CALCIUM, "loinc", {}), "analyte 1 (total_calcium): loinc: must not be empty"),
    (put(*CALCIUM, "loinc", ["17861-6"]), "analyte 1 (total_calcium): loinc: must be a table"),
    (put(*CALCIUM, "plausible", [4]), "analyte 1 (total_calcium): plausible: must be [lowest, highest]"),
    (put(*CALCIUM, "plausible", [4, 20, 30]), "analyte 1 (total_calcium): plausible: must be [lowest, highest]"),
    (put(*CALCIUM, "plausible", ["4", 20]), "analyte 1 (total_calcium): plausible[1]: must be a number"),
    (put(*CALCIUM, "plausible", [float("nan"), 20]), "analyte 1 (total_calcium): plausible[1]: must be a number"),
    (
        put(*CALCIUM, "units", "umol/L", {"divide_by": 0}),
        'analyte 1 (total_calcium): units."umol/L".divide_by: must be above 0',
    ),
    (
        put(*CALCIUM, "units", "umol/L", {"times": -4}),
        'analyte 1 (total_calcium): units."umol/L".times: must be above 0',
    ),
    (
        put(*CALCIUM, "units", "umol/L", {"times": "4"}),
        'analyte 1 (total_calcium): units."umol/L".times: must be a number',
    ),
    (
        put(*CALCIUM, "units", "umol/L", {"times": 4, "decimals": 5}),
        'analyte 1 (total_calcium): units."umol/L".decimals: must be 0 to 4',
    ),
    (
        put(*CALCIUM, "units", "umol/L", {"time": 4}),
        'analyte 1 (total_calcium): units."umol/L".time: there is no such key; did you mean times?',
    ),
    (put(*CALCIUM, "unit", "mmol/L"), "analyte 1 (total_calcium): unit: must be mg/dL"),
    (
        put(*CALCIUM, "units", "mmol/L", {"divide_by": 2.495}),
        'analyte 1 (total_calcium): units."mmol/L".divide_by: must be 0.2495',
    ),
    (
        put(*CALCIUM, "units", "mmol/L", {"times": 4}),
        'analyte 1 (total_calcium): units."mmol/L".divide_by: is missing',
    ),
    (
        put(*CALCIUM, "units", "mmol/L", "minus", 1),
        'analyte 1 (total_calcium): units."mmol/L".minus: must be 0',
    ),
    (drop(*CALCIUM, "units", "mmol/L"), 'analyte 1 (total_calcium): units."mmol/L": is missing'),
    (
        put(*PHOSPHATE, "units", "mmol/L", "divide_by", 0.2495),
        f'{PHOSPHATE_AS_TOLD}: units."mmol/L".divide_by: must be 0.3229',
    ),
    (put(*PTH, "units", "pmol/L", "divide_by", 1.061), f'{PTH_AS_TOLD}: units."pmol/L".divide_by: must be 0.1061'),
    (put("note", "x"), "note: there is no such key"),
    (
        put("excluded", 0, "loinc", ["1"]),
        "excluded 1 (calcium corrected for total protein, not for albumin): loinc[1]: is no LOINC code",
    ),
    (
        put("excluded", 0, "loinc", []),
        "excluded 1 (calcium corrected for total protein, not for albumin): loinc: must not be empty",
    ),
]

WARFARIN = ("drug", 0)
DRUG_MISTAKES = [
    (put(*WARFARIN, "checked", "today"), f"drug 1 (warfarin): checked: {DATE}"),
    (put(*WARFARIN, "brand", "x"), "drug 1 (warfarin): brand: there is no such key"),
    (put(*WARFARIN, "name", ""), "drug 1: name: must not be empty"),
    (put(*WARFARIN, "names", "Coumadin"), "drug 1 (warfarin): names: must be a list"),
    (put(*WARFARIN, "names", ["Coumadin", 5]), "drug 1 (warfarin): names[2]: must begin with a letter or digit"),
    (put(*WARFARIN, "names", ["..."]), "drug 1 (warfarin): names[1]: must begin with a letter or digit"),
    (put(*WARFARIN, "mixture", 1), "drug 1 (warfarin): mixture: must be true or false"),
    (put(*WARFARIN, "snomed", ["372756006"]), "drug 1 (warfarin): snomed: must be a table"),
    (put(*WARFARIN, "snomed", {"372756006": ""}), "drug 1 (warfarin): snomed.372756006: must not be empty"),
    (put(*WARFARIN, "snomed", {"x": "x"}), "drug 1 (warfarin): snomed.x: is no SNOMED CT code"),
    (put(*WARFARIN, "rxnorm_ingredients", {"x": "y"}), "drug 1 (warfarin): rxnorm_ingredients.x: is no RxNorm code"),
    (put(*WARFARIN, "atc", ["B1"]), "drug 1 (warfarin): atc[1]: is no ATC code"),
    (put(*WARFARIN, "atc", ["B01AA03\n"]), "drug 1 (warfarin): atc[1]: is no ATC code"),
    (
        put(*WARFARIN, "class", "Blood thinner"),
        "drug 1 (warfarin): class: must be a name in lower_snake, or a list of such names",
    ),
    (put(*WARFARIN, "class", ["vka", "X"]), "drug 1 (warfarin): class[2]: must be a name in lower_snake"),
    (
        drop(*WARFARIN, "class"),
        "drug 1 (warfarin): class: is missing: must be a name in lower_snake, or a list of such names",
    ),
    (put(*WARFARIN, "route", "by mouth"), "drug 1 (warfarin): route: must be not injected or oral"),
    (drop("drug"), "drug: is missing"),
    (put("drug", 0, "x"), "drug[1]: must be a table"),
    (
        put("drug", 0, {"name": "x", "class": "y", "source": "z", "checked": date(2026, 1, 1)}),
        "drug 1 (x): has neither a code nor a name to be known by",
    ),
    (put("routes", "oral", ["by mouth"]), "[routes] oral[1]: must be a single word"),
    (put("routes", "mask", ["-"]), "[routes] mask[1]: must hold a word or a sign"),
    (drop("routes", "local"), "[routes] local: is missing"),
]

NUMBER = [entry["name"] for entry in packaged("conditions")["concept"]].index("diabetes")
DIABETES, AS_TOLD = ("concept", NUMBER), f"concept {NUMBER + 1} (diabetes)"
CONDITION_MISTAKES = [
    (drop(*DIABETES, "checked"), f"{AS_TOLD}: checked: is missing"),
    (put(*DIABETES, "name", "Diabetes"), f"concept {NUMBER + 1} (Diabetes): name: must be a name in lower_snake"),
    (put(*DIABETES, "kinds", ["allergy"]), f"{AS_TOLD}: kinds[1]: must be condition or procedure"),
    (put(*DIABETES, "icd10", ["E1"]), f"{AS_TOLD}: icd10[1]: is no ICD-10 code"),
    (put(*DIABETES, "icd10", ["E11", "E11"]), f"{AS_TOLD}: icd10: has the same entry twice"),
    (put(*DIABETES, "snomed", {"7": "x"}), f"{AS_TOLD}: snomed.7: is no SNOMED CT code"),
    (drop("denial"), "denial: is missing"),
    (put("denial", "before", []), "[denial] before: must not be empty"),
    (put("denial", "before", ["..."]), "[denial] before[1]: must hold a word or a sign"),
    (put("denial", "before", ["(|)*"]), "[denial] before[1]: must hold a word or a sign"),
    (
        put("dialysis_words", "denied_within", 99),
        f"[dialysis_words] denied_within: must be from 0 to 20, not 99: {LOOK}",
    ),
    (put("words", 0, "passes", "yes"), "words 1: passes: must be true or false"),
    (drop("calciphylaxis", "names"), "[calciphylaxis] names: is missing"),
    (drop("sign", 1, "alone"), "sign 2 (skin_induration): needs words: `alone`, or `near` and `of`"),
    (put("sign", 1, "of", ["skin"]), "sign 2 (skin_induration): near: is missing: of needs it"),
    (put("sign", 1, "near", ["blue"]), "sign 2 (skin_induration): within: is missing: near needs it"),
    (put("sign", 0, "within", -1), f"sign 1 (skin_induration): within: must be from 0 to 20, not -1: {LOOK}"),
]

MISTAKES = [
    (name, change, problem)
    for name, mistakes in (
        ("thresholds", THRESHOLD_MISTAKES),
        ("drug_rules", RULE_MISTAKES),
        ("status_cards", STATUS_MISTAKES),
        ("wording", WORDING_MISTAKES),
        ("reasons", REASONS_MISTAKES),
        ("labs", LAB_MISTAKES),
        ("drugs", DRUG_MISTAKES),
        ("conditions", CONDITION_MISTAKES),
    )
    for change, problem in mistakes
]


@pytest.mark.parametrize(
    ("name", "change", "problem"), MISTAKES, ids=[f"{name} {problem}" for name, _, problem in MISTAKES]
)
def test_a_mistake_is_told_with_its_place_in_words(name: str, change: Callable[[Data], None], problem: str) -> None:
    assert problem in problems(name, change)


def test_one_key_has_one_fault_the_more_telling_one() -> None:
    assert problems("thresholds", put("calcium_high", "unit", 5)) == ["[calcium_high] unit: must be mg/dL"]


def test_a_right_code_beside_a_wrong_one_is_no_mistake() -> None:
    codes = {"372756006": "Warfarin", "x": "x"}
    assert problems("drugs", put(*WARFARIN, "snomed", codes)) == ["drug 1 (warfarin): snomed.x: is no SNOMED CT code"]


@pytest.mark.parametrize("value", [9, 10.2, 11, 11.5])
def test_the_ends_of_a_range_belong_to_it(value: float) -> None:
    assert problems("thresholds", put(*CALCIUM_HIGH, value)) == []


@pytest.mark.parametrize("day", [date(1990, 1, 1), date(2035, 12, 31)])
def test_the_first_and_the_last_day_that_a_value_may_have_belong_to_the_span(day: date) -> None:
    assert problems("thresholds", put(*SINCE, day)) == []


def window(*analytes: str, fresh: int, usable: int) -> Data:
    """A group of results in `[windows]`."""
    values = [{"since": date(2026, 1, 1), "fresh": fresh, "usable": usable, "source": "ours"}]
    return {"says": "x", "unit": "d", "fewer_critical": "lower", "analytes": list(analytes), "values": values}


@pytest.mark.parametrize(
    ("analyte", "fresh", "longest"),
    [
        ("total_calcium", 35, 365),
        ("intact_pth", 35, 730),
        ("body_mass_index", 90, 1095),
        ("dry_weight", 60, 730),
        ("body_temperature", 3, 14),
        ("white_cell_count", 7, 30),
        ("c_reactive_protein", 7, 30),
    ],
)
def test_how_long_a_result_can_be_good_for_belongs_to_the_result_whatever_its_group(
    analyte: str, fresh: int, longest: int
) -> None:
    for group in ("weight", "of_our_own"):
        taken, refused = (
            problems("thresholds", put("windows", group, window(analyte, fresh=fresh, usable=usable)))
            for usable in (longest, longest + 1)
        )
        assert taken == []
        assert [told.partition(": ")[0] for told in refused] == [f"[windows.{group}] values[1].usable"]


def test_a_result_that_moves_into_the_group_of_another_takes_its_bound_along() -> None:
    def move(data: Data) -> None:
        data["windows"]["inflammation"]["analytes"].remove("c_reactive_protein")
        data["windows"]["weight"]["analytes"].append("c_reactive_protein")
        data["windows"]["weight"]["fewer_critical"] = "lower"

    assert problems("thresholds", move) == [
        f"[windows.weight] values[1].{key}: must be 1 to 30 days for white cells and C-reactive protein"
        for key in ("fresh", "usable")
    ]


def test_every_result_has_a_bound_for_how_long_it_can_be_good_for() -> None:
    for analyte in Analyte:
        assert problems("thresholds", put("windows", "new", window(analyte, fresh=1, usable=2000))), analyte


SWAPPED = [("phosphate_high", "calcium_very_low"), ("albumin_low", "correction_albumin")]


@pytest.mark.parametrize(("one", "other"), SWAPPED)
def test_sections_of_one_unit_whose_headings_were_swapped_are_refused(one: str, other: str) -> None:
    def swap(data: Data) -> None:
        data[one], data[other] = data[other], data[one]

    assert problems("thresholds", swap)


def test_every_mistake_of_a_file_is_told_at_once_in_the_order_of_the_file() -> None:
    def spoil(data: Data) -> None:
        del data["sign_days"]
        data["points"]["female"]["unit"] = "point"
        data["calcium_low"]["values"][0]["since"] = "x"
        data["calcium_high"]["values"][0] |= {"value": 2.55, "source": ""}
        data["oops"] = 1

    assert [told.partition(": ")[0] for told in problems("thresholds", spoil)] == [
        "[calcium_high] values[1].value",
        "[calcium_high] values[1].source",
        "[calcium_low] values[1].since",
        "[points.female] unit",
        "oops",
        "sign_days",
    ]


def test_a_text_of_the_file_is_never_quoted() -> None:
    secret = "tell-nobody"
    wrong: list[object] = [secret, [secret], {"x": secret}]
    for value in wrong:
        for path in (CALCIUM_HIGH, ("calcium_high", "unit"), ("calcium_high", "values"), ("windows",)):
            told = problems("thresholds", put(*path, value))
            assert told
            assert secret not in "\n".join(told)


# ------------------------------------------------------------------ any leaf at all
def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = [leaf for key, part in steps for leaf in leaves(part, (*path, key))]
    yield from inner or [path]


LEAVES = [path for path in leaves(packaged("thresholds")) if "analytes" not in path]
WRONG: dict[type, list[Any]] = {
    str: ["", " ", 1, 1.5, True, float("nan"), date(2026, 1, 1), [], {}, ["x"], {"x": 1}],
    int: [float("nan"), float("inf"), -1, 10**6, "18", True, date(2026, 1, 1), [], {}, [18]],
    float: [float("nan"), float("-inf"), -1.0, 1e6, "1.2", False, date(2026, 1, 1), [], {}, [1.2]],
    date: ["2026-01-01", 2026, float("nan"), datetime(2026, 1, 1), True, [], {}],  # noqa: DTZ001
}


@given(st.sampled_from(LEAVES), st.data())
def test_a_wrong_value_anywhere_among_the_thresholds_never_loads(path: tuple[Any, ...], data: st.DataObject) -> None:
    changed = deepcopy(packaged("thresholds"))
    put(*path, data.draw(st.sampled_from(WRONG[type(at(changed, path))])))(changed)
    (fault,) = packaged_schema("thresholds").faults(changed)
    assert fault.path[: len(path)] == path


def one_value_each() -> Data:
    """The packaged thresholds with the first value of each alone: of two, one may be taken away."""
    data = deepcopy(packaged("thresholds"))
    for section in [*data.values(), *data["windows"].values(), *data["points"].values()]:
        if "values" in section:
            del section["values"][1:]
    return data


@given(st.sampled_from(list(leaves(one_value_each()))), st.integers(min_value=1, max_value=5))
def test_whatever_is_taken_away_among_the_thresholds_is_missed(path: tuple[Any, ...], length: int) -> None:
    changed = one_value_each()
    drop(*path[:length])(changed)
    assert packaged_schema("thresholds").faults(changed) or list(threshold_problems(changed))
