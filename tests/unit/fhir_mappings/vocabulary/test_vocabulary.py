"""The data files are checked as a whole: every mistake is told, with file and key."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest

from fhir_mappings.vocabulary import Vocabulary, VocabularyError, load_vocabulary

Files = dict[str, dict[str, Any]]
ORIGINAL: Files = {
    name: tomllib.loads(resources.files("fhir_mappings").joinpath(f"{name}.toml").read_text("utf-8"))
    for name in ("labs", "drugs", "conditions")
}


@pytest.fixture
def files() -> Files:
    return copy.deepcopy(ORIGINAL)


def entry(table: list[dict[str, Any]], name: str, key: str = "name") -> dict[str, Any]:
    return next(one for one in table if one[key] == name)


def problems(files: Files) -> tuple[str, ...]:
    with pytest.raises(VocabularyError) as caught:
        load_vocabulary(**files)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def calcium(files: Files) -> dict[str, Any]:
    return entry(files["labs"]["analyte"], "total_calcium")


def warfarin(files: Files) -> dict[str, Any]:
    return entry(files["drugs"]["drug"], "warfarin")


def diabetes(files: Files) -> dict[str, Any]:
    return entry(files["conditions"]["concept"], "diabetes")


def livedo(files: Files) -> dict[str, Any]:
    return entry(files["conditions"]["sign"], "livedo", "concept")


def set_to(where: Callable[[Files], dict[str, Any]], key: str, value: Any) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        where(files)[key] = value

    return change


def without(where: Callable[[Files], dict[str, Any]], key: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        del where(files)[key]

    return change


CALCIUM, WARFARIN, DIABETES = (
    "labs.toml analyte total_calcium",
    "drugs.toml drug warfarin",
    "conditions.toml concept diabetes",
)
MISTAKES = [
    # shapes, in any file
    (without(calcium, "source"), f"{CALCIUM}, source: is missing"),
    (set_to(calcium, "source", " "), f"{CALCIUM}, source: is empty"),
    (set_to(warfarin, "checked", "today"), f"{WARFARIN}, checked: must be a date"),
    (without(diabetes, "checked"), f"{DIABETES}, checked: is missing"),
    (set_to(warfarin, "brand", "x"), f"{WARFARIN}, brand: is not known here"),
    (set_to(warfarin, "names", "Coumadin"), f"{WARFARIN}, names: must be a list of texts"),
    (set_to(warfarin, "names", ["Coumadin", 5]), f"{WARFARIN}, names: must be a list of texts"),
    (set_to(warfarin, "mixture", 1), f"{WARFARIN}, mixture: must be true or false"),
    (set_to(warfarin, "snomed", ["372756006"]), f'{WARFARIN}, snomed: must be a table of "code" = "meaning"'),
    (set_to(warfarin, "snomed", {"372756006": ""}), f"{WARFARIN}, snomed 372756006: needs its meaning as a text"),
    (lambda files: files["drugs"].pop("drug"), "drugs.toml, drug: is missing"),
    (lambda files: files["drugs"]["drug"].append("x"), "drugs.toml, drug 86: must be a table"),
    (lambda files: files["labs"].update(note="x"), "labs.toml, note: is not known here"),
    (lambda files: files["conditions"].pop("negation"), "conditions.toml, negation: is missing"),
    # labs
    (set_to(calcium, "name", "calcium"), "labs.toml analyte calcium, name: is no analyte that the rules know"),
    (set_to(calcium, "name", "calcium"), "labs.toml, analyte: total_calcium is missing"),
    (set_to(calcium, "name", "phosphate"), "labs.toml analyte phosphate, name: stands twice"),
    (set_to(calcium, "loinc", {"17861-5": "x"}), f"{CALCIUM}, loinc 17861-5: is no LOINC code (shape or check digit)"),
    (set_to(calcium, "loinc", {"calcium": "x"}), f"{CALCIUM}, loinc calcium: is no LOINC code (shape or check digit)"),
    (set_to(calcium, "loinc", {}), f"{CALCIUM}, loinc: needs at least one code"),
    (
        lambda files: calcium(files)["loinc"].update({"2777-1": "x"}),
        "labs.toml analyte phosphate, loinc 2777-1: also stands under total_calcium",
    ),
    (set_to(calcium, "plausible", [20, 4]), f"{CALCIUM}, plausible: must be [lowest, highest]"),
    (set_to(calcium, "plausible", [4]), f"{CALCIUM}, plausible: must be [lowest, highest]"),
    (set_to(calcium, "plausible", ["4", "20"]), f"{CALCIUM}, plausible: must be a list of numbers"),
    (set_to(calcium, "plausible", [True, 20]), f"{CALCIUM}, plausible: must be a list of numbers"),
    (set_to(calcium, "unit", "mg/L"), f"{CALCIUM} units, mg/L: the canonical unit is missing"),
    (
        lambda files: calcium(files)["units"].update({"mg/dL": {"times": 2}}),
        f"{CALCIUM} units mg/dL, factor: the canonical unit takes none",
    ),
    (
        lambda files: calcium(files)["units"].update({"mmol/L": {}}),
        f"{CALCIUM} units mmol/L, factor: needs either times or divide_by",
    ),
    (
        lambda files: calcium(files)["units"].update({"mmol/L": {"times": 1, "divide_by": 2}}),
        f"{CALCIUM} units mmol/L, factor: needs either times or divide_by",
    ),
    (
        lambda files: calcium(files)["units"].update({"mmol/L": {"divide_by": 0}}),
        f"{CALCIUM} units mmol/L, factor: must be above 0",
    ),
    (
        lambda files: calcium(files)["units"].update({"mmol/L": {"times": -4}}),
        f"{CALCIUM} units mmol/L, factor: must be above 0",
    ),
    (
        lambda files: calcium(files)["units"].update({"mmol/L": {"times": "4"}}),
        f"{CALCIUM} units mmol/L, times: must be a number",
    ),
    (
        lambda files: calcium(files)["units"].update({"mmol/L": {"times": 4, "decimals": 5}}),
        f"{CALCIUM} units mmol/L, decimals: must be 0 to 4",
    ),
    (
        lambda files: calcium(files)["units"].update({"mmol/L": {"times": 4, "also": ["MG/DL"]}}),
        f"{CALCIUM} units mmol/L, MG/DL: stands twice",
    ),
    (
        lambda files: calcium(files)["units"].update({"mmol/L": {"time": 4, "divide_by": 4}}),
        f"{CALCIUM} units mmol/L, time: is not known here",
    ),
    (
        lambda files: files["labs"]["excluded"][0].update(loinc=["17861-6"]),
        "labs.toml, excluded 17861-6: also stands under total_calcium",
    ),
    (
        lambda files: files["labs"]["excluded"][0].update(loinc=["1-1"], why="x"),
        "labs.toml excluded x, loinc 1-1: is no LOINC code (shape or check digit)",
    ),
    # drugs
    (set_to(warfarin, "class", "Blood thinner"), f"{WARFARIN}, class: 'Blood thinner' must be lower_snake"),
    (set_to(warfarin, "class", ["vka", "X"]), f"{WARFARIN}, class: 'X' must be lower_snake"),
    (without(warfarin, "class"), f"{WARFARIN}, class: is missing"),
    (set_to(warfarin, "route", "by mouth"), f'{WARFARIN}, route: must be "not injected" or "oral"'),
    (set_to(warfarin, "rxnorm_ingredients", {"x": "y"}), f"{WARFARIN}, rxnorm_ingredients x: is no RxNorm code"),
    (set_to(warfarin, "atc", ["B1"]), f"{WARFARIN}, atc B1: is no ATC code"),
    (
        set_to(warfarin, "snomed", {"372756007": "x"}),
        f"{WARFARIN}, snomed 372756007: is no SNOMED CT code (shape or check digit)",
    ),
    (set_to(warfarin, "snomed", {"x": "x"}), f"{WARFARIN}, snomed x: is no SNOMED CT code (shape or check digit)"),
    (
        set_to(warfarin, "excluded_products", {"11289": "x"}),
        f"{WARFARIN}, excluded_products 11289: also stands under its products",
    ),
    (set_to(warfarin, "names", ["...", "warfarin"]), f"{WARFARIN}, names ...: must begin with a letter or digit"),
    (set_to(warfarin, "names", ["apixaban"]), "drugs.toml drug apixaban, names apixaban: also stands under warfarin"),
    (
        lambda files: files["drugs"]["drug"].append(
            {"name": "x", "class": "y", "source": "z", "checked": ORIGINAL["drugs"]["drug"][0]["checked"]}
        ),
        "drugs.toml drug x, names: the drug has neither a code nor a name",
    ),
    (
        lambda files: files["drugs"]["multivitamin_products"].update({"855332": "x"}),
        "drugs.toml, multivitamin_products 855332: also stands under a drug",
    ),
    (
        lambda files: entry(files["drugs"]["trap"], "fosinopril").update(atc=["B01AA03"]),
        "drugs.toml trap fosinopril, B01AA03: also stands under warfarin",
    ),
    (
        lambda files: files["drugs"]["routes"].update(oral=["by mouth"]),
        "drugs.toml routes, oral by mouth: must be a single word",
    ),
    (
        lambda files: files["drugs"]["routes"].update(snomed_oral={"26643007": "x"}),
        "drugs.toml routes, snomed_oral 26643007: is no SNOMED CT code (shape or check digit)",
    ),
    # conditions
    (set_to(diabetes, "name", "Diabetes"), "conditions.toml concept Diabetes, name: must be lower_snake"),
    (set_to(diabetes, "name", "obesity"), "conditions.toml concept obesity, name: stands twice"),
    (set_to(diabetes, "kinds", ["allergy"]), f"{DIABETES}, kinds: allergy is neither of condition, procedure"),
    (set_to(diabetes, "icd10", ["E1"]), f"{DIABETES}, icd10 E1: is no ICD-10 code"),
    (
        set_to(diabetes, "snomed", {"237897004": "x"}),
        f"{DIABETES}, snomed 237897004: is no SNOMED CT code (shape or check digit)",
    ),
    (
        lambda files: entry(files["conditions"]["concept"], "mechanical_valve").update(name="valve"),
        "conditions.toml, concept: mechanical_valve is missing",
    ),
    (set_to(livedo, "concept", "rash"), "conditions.toml sign rash, concept: rash is no concept of this file"),
    (set_to(livedo, "alone", []), "conditions.toml sign livedo, alone: needs words"),
    (set_to(livedo, "of", ["skin"]), "conditions.toml sign livedo, near: goes together with `of`"),
    (set_to(livedo, "near", ["blue"]), "conditions.toml sign livedo, within: is missing"),
    (
        lambda files: files["conditions"]["changed_skin_texture"].update(otherwise="rash"),
        "conditions.toml changed_skin_texture, otherwise: rash is no concept of this file",
    ),
    (
        lambda files: files["conditions"]["calciphylaxis"].pop("names"),
        "conditions.toml calciphylaxis, names: is missing",
    ),
]


@pytest.mark.parametrize(("change", "problem"), MISTAKES, ids=[problem for _, problem in MISTAKES])
def test_a_mistake_is_told_with_file_and_key(files: Files, change: Callable[[Files], Any], problem: str) -> None:
    change(files)
    assert problem in problems(files)


def test_every_mistake_of_every_file_is_told_at_once(files: Files) -> None:
    del calcium(files)["source"], warfarin(files)["source"], diabetes(files)["source"]
    assert problems(files) == tuple(f"{where}, source: is missing" for where in (CALCIUM, WARFARIN, DIABETES))


def test_the_packaged_files_are_without_mistakes(vocabulary: Vocabulary, files: Files) -> None:
    assert load_vocabulary(**files).labs == vocabulary.labs


@pytest.mark.parametrize("files_", [{}, {"drug": "x", "analyte": [], "concept": {}}])
def test_files_of_quite_another_shape_are_refused(files_: dict[str, Any]) -> None:
    with pytest.raises(VocabularyError):
        load_vocabulary(files_, files_, files_)


def test_a_new_class_needs_no_more_than_its_name(files: Files) -> None:
    warfarin(files)["class"] = "brand_new_class"
    products = load_vocabulary(**files).drugs.products
    assert products["855332"][0].classes == ("brand_new_class",)
