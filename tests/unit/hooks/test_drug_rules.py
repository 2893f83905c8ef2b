"""The row of each drug class that gives the card, in every situation: topic and indicator while ordering."""

import pytest

from hooks.chart import Analyte, Condition, Gap, Medication, Procedure, Result
from hooks.offending_drugs import matching_rule, matching_rules
from tests.unit.hooks.builders import (
    CONFIRMED,
    LIMITS,
    LIVEDO,
    ON_DIALYSIS,
    POLICY,
    SEPSIS,
    STEP,
    ULCER,
    assess,
    condition,
    drug,
    gap,
    procedure,
    result,
)

Thing = Result | Condition | Procedure | Medication | Gap
Situation = tuple[Thing, ...]
CALCIUM, PTH = Analyte.TOTAL_CALCIUM, Analyte.INTACT_PTH

VERY_HIGH = result(CALCIUM, LIMITS.calcium_very_high)
HIGH = result(CALCIUM, LIMITS.calcium_high + STEP)
NORMAL = result(CALCIUM, LIMITS.calcium_low)
LOW = result(CALCIUM, LIMITS.calcium_low - STEP)
BARELY_LOW = result(CALCIUM, LIMITS.calcium_very_low)
VERY_LOW = result(CALCIUM, LIMITS.calcium_very_low - STEP)
PHOSPHATE = result(Analyte.PHOSPHATE, LIMITS.phosphate_high)
FOR_PRODUCT = result(Analyte.PHOSPHATE, LIMITS.product_moderate / LIMITS.calcium_low + 0.01)
SHORT_OF_PRODUCT = result(Analyte.PHOSPHATE, LIMITS.product_moderate / LIMITS.calcium_low - 0.01)
PTH_TWICE = (result(PTH, LIMITS.pth_low_twice - 1, 5), result(PTH, LIMITS.pth_low_twice - 1, 60))
PTH_ONCE = (result(PTH, LIMITS.pth_low_twice - 1, 5), result(PTH, LIMITS.pth_low_twice, 60))
PTH_HIGH = result(PTH, LIMITS.pth_high_times * LIMITS.pth_assumed_upper_limit + 1)
PTH_NOT_HIGH = result(PTH, LIMITS.pth_high_times * LIMITS.pth_assumed_upper_limit)
PTH_BELOW_TARGET = result(PTH, LIMITS.pth_vitamin_d_times * LIMITS.pth_assumed_upper_limit - STEP)
PTH_AT_TARGET = result(PTH, LIMITS.pth_vitamin_d_times * LIMITS.pth_assumed_upper_limit)
UPPER_NORMAL = result(CALCIUM, LIMITS.calcium_upper_normal + STEP)
AT_UPPER_NORMAL = result(CALCIUM, LIMITS.calcium_upper_normal)
FOR_UPPER_NORMAL = result(Analyte.PHOSPHATE, LIMITS.product_moderate / LIMITS.calcium_upper_normal + 0.01)
FOR_HIGH_PRODUCT = result(Analyte.PHOSPHATE, LIMITS.product_high / LIMITS.calcium_low + 0.01)
HUNGRY_BONE = condition("hungry_bone")
SURGERY = procedure("parathyroidectomy", LIMITS.parathyroidectomy_days)
OLD_SURGERY = procedure("parathyroidectomy", LIMITS.parathyroidectomy_days + 1)
PAST = condition("calciphylaxis_history", past=True)
MECHANICAL = procedure("mechanical_valve", None)
PERHAPS_MECHANICAL = condition("valve_kind_unknown")
VALVES_UNREAD = gap("valve_procedures")
CALCIUM_UNREAD, PHOSPHATE_UNREAD = gap("calcium", CALCIUM), gap("phosphate_albumin", Analyte.PHOSPHATE)
PTH_UNREAD = gap("pth", PTH)
WEIGHT_UNREAD = gap("weight", Analyte.DRY_WEIGHT)
ESRD = condition("esrd")


def raised(drug_class: str, *things: Thing) -> tuple[str, str] | None:
    """(topic, indicator) of the row that matches, or None."""
    rule = matching_rule(assess(*things), drug_class, POLICY)
    return (rule.topic, rule.indicator) if rule else None


def text(drug_class: str, *things: Thing) -> str:
    rule = matching_rule(assess(*things), drug_class, POLICY)
    return rule.text if rule else ""


@pytest.mark.parametrize("drug_class", sorted(POLICY.rules))
@pytest.mark.parametrize("things", [(), (VERY_HIGH, FOR_PRODUCT, SEPSIS, MECHANICAL), (LIVEDO, ULCER)])
def test_off_dialysis_without_a_diagnosis_no_drug_raises_anything(drug_class: str, things: Situation) -> None:
    assert raised(drug_class, *things) is None


@pytest.mark.parametrize("drug_class", ["peritoneal_dialysis_fluid", "insulin", "sodium_thiosulfate", "nonsense", ""])
def test_a_class_without_rows_raises_nothing(drug_class: str) -> None:
    assert raised(drug_class, CONFIRMED, ON_DIALYSIS) is None


# ------------------------------------------------------------------ vitamin K antagonists
@pytest.mark.parametrize("state", [(CONFIRMED,), (CONFIRMED, ON_DIALYSIS), (LIVEDO, ON_DIALYSIS), (LIVEDO, ESRD)])
@pytest.mark.parametrize(
    ("things", "words"),
    [
        ((), "vka-cua"),
        ((MECHANICAL,), "vka-cua-valve"),
        ((PERHAPS_MECHANICAL,), "vka-cua-valve-kind-unknown"),
        ((condition("antiphospholipid"),), "vka-cua-standard"),
        ((condition("antiphospholipid"), MECHANICAL), "vka-cua-valve"),
        ((PAST,), "vka-cua"),
        ((VALVES_UNREAD,), "vka-cua-valve-unread"),
        ((VALVES_UNREAD, MECHANICAL), "vka-cua-valve"),
    ],
)
def test_a_vitamin_k_antagonist_in_calciphylaxis_is_critical(state: Situation, things: Situation, words: str) -> None:
    assert raised("vitamin_k_antagonist", *state, *things) == ("vka-cua", "critical")
    assert text("vitamin_k_antagonist", *state, *things) == words


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((), ("vka-dialysis", "warning")),
        ((MECHANICAL,), ("vka-valve", "info")),
        ((PERHAPS_MECHANICAL,), ("vka-valve", "info")),
        ((VALVES_UNREAD,), ("vka-dialysis", "warning")),
        ((ULCER,), ("vka-dialysis", "warning")),
    ],
)
@pytest.mark.parametrize("scope", [ON_DIALYSIS, ESRD])
def test_a_vitamin_k_antagonist_on_dialysis(scope: Condition, things: Situation, expected: tuple[str, str]) -> None:
    assert raised("vitamin_k_antagonist", scope, *things) == expected


@pytest.mark.parametrize("scope", [(PAST,), (PAST, ON_DIALYSIS)])
@pytest.mark.parametrize(
    ("things", "expected", "words"),
    [
        ((), ("vka-past-cua", "critical"), "vka-past-cua"),
        ((MECHANICAL,), ("vka-valve", "info"), "vka-valve-past"),
        ((PERHAPS_MECHANICAL,), ("vka-valve", "info"), "vka-valve-past-kind-unknown"),
        ((VALVES_UNREAD,), ("vka-past-cua", "critical"), "vka-past-cua-valve-unread"),
        ((condition("mitral_stenosis"),), ("vka-past-cua", "critical"), "vka-past-cua-standard"),
    ],
)
def test_a_vitamin_k_antagonist_after_calciphylaxis(
    scope: Situation, things: Situation, expected: tuple[str, str], words: str
) -> None:
    assert raised("vitamin_k_antagonist", *scope, *things) == expected
    assert text("vitamin_k_antagonist", *scope, *things) == words


@pytest.mark.parametrize("things", [(), (CONFIRMED,), (LIVEDO,), (PAST,)])
def test_dabigatran_and_edoxaban_on_dialysis_are_a_warning(things: Situation) -> None:
    assert raised("doac_not_for_dialysis", ON_DIALYSIS, *things) == ("doac-dialysis", "warning")
    assert raised("doac_not_for_dialysis", *things) is None
    assert raised("doac", ON_DIALYSIS, *things) is None


def test_valves_that_could_not_be_read_are_said_on_the_card() -> None:
    assert text("vitamin_k_antagonist", ON_DIALYSIS, VALVES_UNREAD) == "vka-dialysis-valve-unread"


# ------------------------------------------------------------------ calcium products
@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((VERY_LOW,), ("calcium-cua-hypocalcaemia", "warning")),
        ((BARELY_LOW,), ("calcium-cua", "critical")),
        ((HUNGRY_BONE, NORMAL), ("calcium-cua-hypocalcaemia", "warning")),
        ((HUNGRY_BONE,), ("calcium-cua-hypocalcaemia", "warning")),
        ((HUNGRY_BONE, HIGH), ("calcium-cua", "critical")),
        ((condition("hungry_bone", past=True), NORMAL), ("calcium-cua", "critical")),
        ((SURGERY, NORMAL), ("calcium-cua-hypocalcaemia", "warning")),
        ((SURGERY,), ("calcium-cua-hypocalcaemia", "warning")),
        ((SURGERY, HIGH), ("calcium-cua", "critical")),
        ((OLD_SURGERY, NORMAL), ("calcium-cua", "critical")),
        ((LOW,), ("calcium-cua", "critical")),
        ((LOW, condition("hypocalcaemia")), ("calcium-cua-hypocalcaemia", "warning")),
        ((LOW, condition("tetany")), ("calcium-cua-hypocalcaemia", "warning")),
        ((LOW, drug("calcimimetic")), ("calcium-cua-hypocalcaemia", "warning")),
        ((LOW, drug("denosumab")), ("calcium-cua-hypocalcaemia", "warning")),
        ((NORMAL, condition("tetany")), ("calcium-cua", "critical")),
        ((VERY_HIGH, FOR_PRODUCT, *PTH_TWICE), ("calcium-cua", "critical")),
        ((CALCIUM_UNREAD,), ("calcium-cua", "critical")),
        ((), ("calcium-cua", "critical")),
    ],
)
@pytest.mark.parametrize("state", [(CONFIRMED, ON_DIALYSIS), (LIVEDO, ON_DIALYSIS), (LIVEDO, ESRD)])
def test_a_calcium_product_in_calciphylaxis_on_dialysis(
    state: Situation, things: Situation, expected: tuple[str, str]
) -> None:
    assert raised("calcium_product", *state, *things) == expected


@pytest.mark.parametrize(
    ("things", "topic"),
    [
        ((), "calcium-cua"),
        ((VERY_LOW,), "calcium-cua-hypocalcaemia"),
        ((HUNGRY_BONE,), "calcium-cua-hypocalcaemia"),
        ((VERY_HIGH,), "calcium-cua"),
    ],
)
def test_a_calcium_product_in_calciphylaxis_off_dialysis_is_a_warning(things: Situation, topic: str) -> None:
    assert raised("calcium_product", CONFIRMED, *things) == (topic, "warning")


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((VERY_HIGH, FOR_PRODUCT, *PTH_TWICE, CALCIUM_UNREAD), ("calcium-hypercalcaemia", "critical")),
        ((HIGH, FOR_PRODUCT, *PTH_TWICE, CALCIUM_UNREAD), ("calcium-hypercalcaemia", "warning")),
        ((NORMAL, FOR_HIGH_PRODUCT, *PTH_TWICE, CALCIUM_UNREAD), ("calcium-caxp", "warning")),
        ((NORMAL, FOR_PRODUCT, *PTH_TWICE), ("calcium-low-pth", "warning")),
        ((NORMAL, FOR_PRODUCT, CALCIUM_UNREAD), ("calcium-data-gap", "info")),
        ((NORMAL, FOR_PRODUCT), ("calcium-caxp", "info")),
        ((UPPER_NORMAL, FOR_UPPER_NORMAL), ("calcium-caxp", "warning")),
        ((AT_UPPER_NORMAL, FOR_UPPER_NORMAL), ("calcium-caxp", "info")),
        ((NORMAL, SHORT_OF_PRODUCT), ("calcium-restrict", "info")),
        ((NORMAL, PHOSPHATE, PAST), ("calcium-past-cua", "warning")),
        ((NORMAL, FOR_HIGH_PRODUCT, PAST), ("calcium-past-cua", "warning")),
        ((NORMAL, PHOSPHATE, PAST, HUNGRY_BONE), ("calcium-restrict", "info")),
        ((NORMAL, PHOSPHATE, PAST, SURGERY), ("calcium-restrict", "info")),
        ((NORMAL, PHOSPHATE, PAST, OLD_SURGERY), ("calcium-past-cua", "warning")),
        ((LOW, PHOSPHATE, PAST), ("calcium-hypocalcaemia", "info")),
        ((NORMAL, PHOSPHATE, *PTH_TWICE, OLD_SURGERY), ("calcium-restrict", "info")),
        ((NORMAL, PHOSPHATE, *PTH_TWICE, HUNGRY_BONE), ("calcium-restrict", "info")),
        ((NORMAL, PHOSPHATE, *PTH_TWICE, condition("hypoparathyroidism")), ("calcium-restrict", "info")),
        ((NORMAL, PHOSPHATE, *PTH_TWICE, condition("parathyroidectomy")), ("calcium-restrict", "info")),
        ((LOW, FOR_HIGH_PRODUCT), ("calcium-hypocalcaemia", "info")),
        ((NORMAL, PHOSPHATE, *PTH_TWICE, CALCIUM_UNREAD), ("calcium-low-pth", "warning")),
        ((NORMAL, PHOSPHATE, *PTH_ONCE), ("calcium-restrict", "info")),
        ((LOW, PHOSPHATE, *PTH_TWICE), ("calcium-hypocalcaemia", "info")),
        ((LOW, PHOSPHATE), ("calcium-hypocalcaemia", "info")),
        ((LOW,), ("calcium-hypocalcaemia", "info")),
        ((VERY_LOW, HUNGRY_BONE), ("calcium-hypocalcaemia", "info")),
        ((PHOSPHATE,), ("calcium-data-gap", "info")),
        ((NORMAL,), ("calcium-data-gap", "info")),
        ((), ("calcium-data-gap", "info")),
        ((NORMAL, PHOSPHATE), ("calcium-restrict", "info")),
        ((NORMAL, PHOSPHATE, ULCER), ("calcium-restrict", "info")),
    ],
)
@pytest.mark.parametrize("scope", [ON_DIALYSIS, ESRD])
def test_a_calcium_product_on_dialysis(scope: Condition, things: Situation, expected: tuple[str, str]) -> None:
    assert raised("calcium_product", scope, *things) == expected


@pytest.mark.parametrize("unread", [CALCIUM_UNREAD, PHOSPHATE_UNREAD, PTH_UNREAD])
@pytest.mark.parametrize("things", [(NORMAL, PHOSPHATE), (LOW, PHOSPHATE), ()])
def test_minerals_that_could_not_be_read_are_not_called_normal(unread: Gap, things: Situation) -> None:
    assert raised("calcium_product", ON_DIALYSIS, unread, *things) == ("calcium-data-gap", "info")
    assert raised("active_vitamin_d", ON_DIALYSIS, unread, *things) == ("vitd-data-gap", "info")


def test_other_results_that_could_not_be_read_do_not_matter_for_calcium() -> None:
    assert raised("calcium_product", ON_DIALYSIS, WEIGHT_UNREAD, NORMAL, PHOSPHATE) == ("calcium-restrict", "info")


@pytest.mark.parametrize(
    ("calcium", "phosphate", "expected"),
    [
        (result(CALCIUM, LIMITS.calcium_low, comparator=">"), PHOSPHATE, "calcium-data-gap"),
        (result(CALCIUM, LIMITS.calcium_high, comparator=">"), PHOSPHATE, "calcium-hypercalcaemia"),
        (NORMAL, result(Analyte.PHOSPHATE, LIMITS.phosphate_high - 1, comparator=">"), "calcium-data-gap"),
        (NORMAL, result(Analyte.PHOSPHATE, LIMITS.phosphate_high, comparator="<"), "calcium-restrict"),
    ],
)
def test_an_undeciding_comparator_is_a_data_gap_and_a_deciding_one_is_not(
    calcium: Result, phosphate: Result, expected: str
) -> None:
    rule = raised("calcium_product", ON_DIALYSIS, calcium, phosphate)
    assert rule is not None
    assert rule[0] == expected


# ------------------------------------------------------------------ active vitamin D
@pytest.mark.parametrize("state", [(CONFIRMED,), (CONFIRMED, ON_DIALYSIS), (LIVEDO, ON_DIALYSIS)])
@pytest.mark.parametrize(
    ("things", "indicator", "words"),
    [
        ((HIGH,), "critical", "vitd-cua-hypercalcaemia"),
        ((VERY_HIGH, PTH_HIGH), "critical", "vitd-cua-hypercalcaemia"),
        ((LOW, PTH_HIGH), "info", "vitd-cua-hypocalcaemia"),
        ((LOW, PTH_NOT_HIGH), "warning", "vitd-cua"),
        ((LOW,), "warning", "vitd-cua"),
        ((VERY_LOW,), "info", "vitd-cua-hypocalcaemia"),
        ((BARELY_LOW,), "warning", "vitd-cua"),
        ((LOW, condition("tetany")), "info", "vitd-cua-hypocalcaemia"),
        ((NORMAL, condition("tetany")), "warning", "vitd-cua"),
        ((NORMAL, HUNGRY_BONE), "info", "vitd-cua-hypocalcaemia"),
        ((HIGH, HUNGRY_BONE), "critical", "vitd-cua-hypercalcaemia"),
        ((SURGERY,), "info", "vitd-cua-hypocalcaemia"),
        ((OLD_SURGERY,), "warning", "vitd-cua"),
        ((NORMAL, PTH_HIGH), "warning", "vitd-cua"),
        ((PTH_HIGH,), "warning", "vitd-cua"),
        ((CALCIUM_UNREAD,), "warning", "vitd-cua"),
        ((), "warning", "vitd-cua"),
    ],
)
def test_active_vitamin_d_in_calciphylaxis(state: Situation, things: Situation, indicator: str, words: str) -> None:
    assert raised("active_vitamin_d", *state, *things) == ("vitd-cua", indicator)
    assert text("active_vitamin_d", *state, *things) == words


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((VERY_HIGH, FOR_PRODUCT, PTH_BELOW_TARGET, CALCIUM_UNREAD), ("vitd-hypercalcaemia", "critical")),
        ((HIGH, FOR_PRODUCT, PTH_BELOW_TARGET, CALCIUM_UNREAD), ("vitd-hypercalcaemia", "warning")),
        ((NORMAL, FOR_HIGH_PRODUCT, PTH_BELOW_TARGET, CALCIUM_UNREAD), ("vitd-phosphate", "warning")),
        ((UPPER_NORMAL, FOR_UPPER_NORMAL), ("vitd-phosphate", "warning")),
        ((NORMAL, FOR_PRODUCT, PTH_BELOW_TARGET), ("vitd-low-pth", "warning")),
        ((NORMAL, FOR_PRODUCT), ("vitd-phosphate", "info")),
        ((NORMAL, FOR_PRODUCT, CALCIUM_UNREAD), ("vitd-data-gap", "info")),
        ((LOW, CALCIUM_UNREAD), ("vitd-data-gap", "info")),
        ((LOW, FOR_HIGH_PRODUCT, PTH_BELOW_TARGET), None),
        ((NORMAL, PTH_BELOW_TARGET, OLD_SURGERY), None),
        ((NORMAL, PTH_BELOW_TARGET, HUNGRY_BONE), None),
        ((NORMAL, PTH_BELOW_TARGET, condition("hypoparathyroidism")), None),
        ((NORMAL, SHORT_OF_PRODUCT, PTH_BELOW_TARGET, CALCIUM_UNREAD), ("vitd-low-pth", "warning")),
        ((PTH_BELOW_TARGET,), ("vitd-low-pth", "warning")),
        ((NORMAL, PTH_AT_TARGET), None),
        ((NORMAL,), None),
        ((LOW, PTH_HIGH), None),
        ((PHOSPHATE, PTH_AT_TARGET), ("vitd-data-gap", "info")),
        ((), ("vitd-data-gap", "info")),
    ],
)
@pytest.mark.parametrize("scope", [ON_DIALYSIS, ESRD])
def test_active_vitamin_d_on_dialysis(scope: Condition, things: Situation, expected: tuple[str, str] | None) -> None:
    assert raised("active_vitamin_d", scope, *things) == expected


# ------------------------------------------------------------------ nutritional vitamin D
@pytest.mark.parametrize("state", [(CONFIRMED,), (LIVEDO, ON_DIALYSIS)])
@pytest.mark.parametrize("things", [(), (HIGH,), (LOW, PTH_HIGH)])
def test_nutritional_vitamin_d_in_calciphylaxis_is_a_warning(state: Situation, things: Situation) -> None:
    assert raised("nutritional_vitamin_d", *state, *things) == ("vitd-cua", "warning")


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((HIGH,), ("vitd-hypercalcaemia", "warning")),
        ((result(CALCIUM, LIMITS.calcium_high),), None),
        ((NORMAL, FOR_PRODUCT, PTH_BELOW_TARGET), None),
        ((), None),
        ((CALCIUM_UNREAD,), ("vitd-data-gap", "info")),
        ((PHOSPHATE_UNREAD,), None),
    ],
)
def test_nutritional_vitamin_d_on_dialysis(things: Situation, expected: tuple[str, str] | None) -> None:
    assert raised("nutritional_vitamin_d", ON_DIALYSIS, *things) == expected


# ------------------------------------------------------------------ iron
@pytest.mark.parametrize("state", [(CONFIRMED,), (CONFIRMED, ON_DIALYSIS), (LIVEDO, ON_DIALYSIS)])
@pytest.mark.parametrize(
    ("drug_class", "things", "expected"),
    [
        ("iv_iron", (), ("iron-cua", "warning")),
        ("iv_iron", (SEPSIS,), ("iron-infection", "warning")),
        ("iv_iron", (condition("bacteraemia"),), ("iron-infection", "warning")),
        ("iv_iron", (condition("sepsis", past=True),), ("iron-cua", "warning")),
        ("oral_iron", (), ("iron-cua", "warning")),
        ("oral_iron", (SEPSIS,), ("iron-cua", "warning")),
        ("iron_binder", (), ("iron-binder", "info")),
        ("iron_binder", (SEPSIS,), ("iron-binder", "info")),
    ],
)
def test_iron_in_calciphylaxis(state: Situation, drug_class: str, things: Situation, expected: tuple[str, str]) -> None:
    assert raised(drug_class, *state, *things) == expected


@pytest.mark.parametrize("drug_class", ["iv_iron", "oral_iron", "iron_binder"])
@pytest.mark.parametrize("things", [(), (SEPSIS,), (ULCER,)])
def test_iron_on_dialysis_without_calciphylaxis_raises_nothing(drug_class: str, things: Situation) -> None:
    assert raised(drug_class, ON_DIALYSIS, *things) is None


# ------------------------------------------------------------------ a row beside another
def test_in_calciphylaxis_an_unread_mineral_is_said_beside_the_information_on_vitamin_d() -> None:
    def topics(*things: Thing) -> list[str]:
        return [rule.topic for rule in matching_rules(assess(*things), "active_vitamin_d", POLICY)]

    assert topics(CONFIRMED, ON_DIALYSIS, VERY_LOW, CALCIUM_UNREAD) == ["vitd-cua", "vitd-data-gap"]
    assert topics(CONFIRMED, ON_DIALYSIS, NORMAL, CALCIUM_UNREAD) == ["vitd-cua"]
    assert topics(CONFIRMED, VERY_LOW, CALCIUM_UNREAD) == ["vitd-cua"]
    assert topics(CONFIRMED, ON_DIALYSIS, VERY_LOW) == ["vitd-cua"]
