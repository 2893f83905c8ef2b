"""What no schema can say of the vocabulary is checked as a whole: every mistake is told, with file and key."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest

from fhir_mappings.vocabulary import Vocabulary, VocabularyError, load_vocabulary, vocabulary_problems

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


def trap(files: Files) -> dict[str, Any]:
    first: dict[str, Any] = files["drugs"]["trap"][0]
    return first


def livedo(files: Files) -> dict[str, Any]:
    return entry(files["conditions"]["sign"], "livedo", "concept")


def set_to(where: Callable[[Files], dict[str, Any]], key: str, value: Any) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        where(files)[key] = value

    return change


CALCIUM, WARFARIN = "labs.toml: analyte 1 (total_calcium)", "drugs.toml: drug 1 (warfarin)"
NO_SIGN = "no sign means anything in a phrase that begins with such a letter"
OTHER_FILE = "`(a|b)` and `=` mean nothing in this file"
MISTAKES = [
    # labs
    (set_to(calcium, "name", "calcium"), "labs.toml: analyte 1 (calcium): name: is no analyte that the rules know"),
    (set_to(calcium, "name", "calcium"), "labs.toml: analyte: total_calcium is missing"),
    (set_to(calcium, "name", "phosphate"), "labs.toml: analyte 5 (phosphate): name: stands twice"),
    (set_to(calcium, "loinc", {"17861-5": "x"}), f"{CALCIUM}: loinc: 17861-5 is no LOINC code (check digit)"),
    (
        lambda files: calcium(files)["loinc"].update({"2777-1": "x"}),
        "labs.toml: analyte 5 (phosphate): loinc: 2777-1 also stands under total_calcium",
    ),
    (set_to(calcium, "plausible", [20, 4]), f"{CALCIUM}: plausible: must be [lowest, highest]"),
    (set_to(calcium, "plausible", [4, 4]), f"{CALCIUM}: plausible: must be [lowest, highest]"),
    (set_to(calcium, "unit", "mg/L"), f"{CALCIUM}: units: the canonical unit mg/L is missing"),
    (
        lambda files: calcium(files)["units"].update({"mg/dL": {"times": 2}}),
        f'{CALCIUM}: units."mg/dL": the canonical unit takes no factor',
    ),
    (
        lambda files: calcium(files)["units"].update({"mg/dL": {"minus": 2}}),
        f'{CALCIUM}: units."mg/dL": the canonical unit takes no factor',
    ),
    (
        lambda files: calcium(files)["units"].update({"mmol/L": {"minus": 1}}),
        f'{CALCIUM}: units."mmol/L": needs either times or divide_by',
    ),
    (
        lambda files: calcium(files)["units"].update({"mmol/L": {"times": 1, "divide_by": 2}}),
        f'{CALCIUM}: units."mmol/L": needs either times or divide_by',
    ),
    (
        lambda files: calcium(files)["units"].update({"mmol/L": {"times": 4, "also": ["MG/DL"]}}),
        f'{CALCIUM}: units."mmol/L": MG/DL stands twice',
    ),
    (
        lambda files: files["labs"]["excluded"][0].update(loinc=["17861-6"], why="x"),
        "labs.toml: excluded 1 (x): loinc: 17861-6 also stands under total_calcium",
    ),
    (
        lambda files: files["labs"]["excluded"][0].update(loinc=["1-1"], why="x"),
        "labs.toml: excluded 1 (x): loinc: 1-1 is no LOINC code (check digit)",
    ),
    # drugs
    (
        set_to(warfarin, "snomed", {"372756007": "x"}),
        f"{WARFARIN}: snomed: 372756007 is no SNOMED CT code (check digit)",
    ),
    (
        set_to(warfarin, "excluded_products", {"11289": "x"}),
        f"{WARFARIN}: excluded_products: 11289 also stands under its products",
    ),
    (
        set_to(warfarin, "excluded_products", {"855332": "x"}),
        f"{WARFARIN}: excluded_products: 855332 also stands under its products",
    ),
    (
        lambda files: entry(files["drugs"]["drug"], "acenocoumarol")["names"].append("WARFARIN"),
        "drugs.toml: drug 2 (acenocoumarol): names: WARFARIN also stands under warfarin",
    ),
    (
        lambda files: files["drugs"]["multivitamin_products"].update({"855332": "x"}),
        "drugs.toml: [multivitamin_products]: 855332 also stands under a drug",
    ),
    (
        lambda files: files["drugs"]["trap"][0].update(name="x", silencing=["y"], silences="moon_dust"),
        "drugs.toml: trap 1 (x): silences: no drug is of the class moon_dust",
    ),
    (
        lambda files: files["drugs"]["trap"][0].update(name="x", atc=["B01AA03"]),
        "drugs.toml: trap 1 (x): atc: B01AA03 also stands under warfarin",
    ),
    (
        lambda files: files["drugs"]["trap"][0].update(name="x", snomed={"372756007": "x"}),
        "drugs.toml: trap 1 (x): snomed: 372756007 is no SNOMED CT code (check digit)",
    ),
    (
        lambda files: files["drugs"]["routes"].update(snomed_oral={"26643007": "x"}),
        "drugs.toml: [routes.snomed_oral]: 26643007 is no SNOMED CT code (check digit)",
    ),
    (set_to(warfarin, "names", ["warfarin", "+"]), f"{WARFARIN}: names[2]: holds no word"),
    (set_to(warfarin, "names", ["\u037a"]), f"{WARFARIN}: names[1]: holds no word"),
    (set_to(warfarin, "names", ["варфарин*"]), f"{WARFARIN}: names[1]: {NO_SIGN}"),
    (set_to(warfarin, "names", ["варфарин # мг"]), f"{WARFARIN}: names[1]: {NO_SIGN}"),
    (set_to(warfarin, "names", ["war*in"]), f"{WARFARIN}: names[1]: `*` must stand at the end of a word"),
    (set_to(warfarin, "names", ["x *farin"]), f"{WARFARIN}: names[1]: `*` must stand at the end of a word"),
    (set_to(warfarin, "names", ["(oral|new) warfarin"]), f"{WARFARIN}: names[1]: {OTHER_FILE}"),
    (set_to(warfarin, "names", ["=warfarin"]), f"{WARFARIN}: names[1]: {OTHER_FILE}"),
    (set_to(trap, "phrases", ["+"]), "drugs.toml: trap 1 (spironolactone): phrases[1]: holds no word"),
    (
        lambda files: trap(files).update(silencing=["+"], silences="vitamin_k_antagonist"),
        "drugs.toml: trap 1 (spironolactone): silencing[1]: holds no word",
    ),
    # conditions
    (
        lambda files: files["conditions"]["concept"][1].update(name="calciphylaxis"),
        "conditions.toml: concept 2 (calciphylaxis): name: stands twice",
    ),
    (
        lambda files: files["conditions"]["concept"][0].update(snomed={"237897004": "x"}),
        "conditions.toml: concept 1 (calciphylaxis): snomed: 237897004 is no SNOMED CT code (check digit)",
    ),
    (
        lambda files: entry(files["conditions"]["concept"], "mechanical_valve").update(name="valve"),
        "conditions.toml: concept: mechanical_valve is missing",
    ),
    (set_to(livedo, "concept", "rash"), "conditions.toml: sign 3 (rash): concept: rash is no concept of this file"),
    (
        lambda files: files["conditions"]["changed_skin_texture"].update(otherwise="rash"),
        "conditions.toml: [changed_skin_texture] otherwise: rash is no concept of this file",
    ),
    (
        lambda files: files["conditions"]["concept"][0].update(instead_of=["esrd", "rash"]),
        "conditions.toml: concept 1 (calciphylaxis): instead_of[2]: rash is no concept of this file",
    ),
    (
        lambda files: files["conditions"]["words"][1].update(concepts=["tetany", "rash"]),
        "conditions.toml: words 2: concepts[2]: rash is no concept of this file",
    ),
    (
        lambda files: files["conditions"]["sign"][4].update(not_beside=["rash"]),
        "conditions.toml: sign 5 (skin_necrosis): not_beside[1]: rash is no concept of this file",
    ),
    (
        lambda files: files["conditions"]["dialysis_words"].update(not_beside=["rash"]),
        "conditions.toml: [dialysis_words] not_beside[1]: rash is no concept of this file",
    ),
    (
        lambda files: files["conditions"]["local_wound"].update(foot="rash"),
        "conditions.toml: [local_wound] foot: rash is no concept of this file",
    ),
]


@pytest.mark.parametrize(("change", "problem"), MISTAKES, ids=[problem for _, problem in MISTAKES])
def test_a_mistake_is_told_with_file_and_key(files: Files, change: Callable[[Files], Any], problem: str) -> None:
    change(files)
    assert problem in problems(files)


def test_every_mistake_of_every_file_is_told_at_once(files: Files) -> None:
    calcium(files)["plausible"] = [20, 4]
    warfarin(files)["snomed"] = {"372756007": "x"}
    livedo(files)["concept"] = "rash"
    assert [problem.partition(":")[0] for problem in problems(files)] == ["labs.toml", "drugs.toml", "conditions.toml"]


def test_files_are_also_checked_one_by_one(files: Files) -> None:
    livedo(files)["concept"] = "rash"
    calcium(files)["plausible"] = [20, 4]
    assert vocabulary_problems({"labs": files["labs"]}) == [f"{CALCIUM}: plausible: must be [lowest, highest]"]
    assert vocabulary_problems({"drugs": files["drugs"]}) == []
    assert len(vocabulary_problems(files)) == 2


def test_the_packaged_files_are_without_mistakes(vocabulary: Vocabulary, files: Files) -> None:
    assert load_vocabulary(**files).labs == vocabulary.labs


def test_a_new_class_needs_no_more_than_its_name(files: Files) -> None:
    warfarin(files)["class"] = "brand_new_class"
    products = load_vocabulary(**files).drugs.products
    assert products["855332"][0].classes == ("brand_new_class",)


@pytest.mark.parametrize("name", ["warfar*", "^warfarin", "calcium ... # mg", "calcium (as salt)", "варфарин"])
def test_a_name_that_can_be_found_is_no_mistake(files: Files, name: str) -> None:
    warfarin(files)["names"] = [name]
    assert vocabulary_problems({"drugs": files["drugs"]}) == []
