"""Routes: what an order's dosage instruction, or the words of a drug, say."""

from __future__ import annotations

import pytest

from fhir_mappings.drug_routes import Route
from fhir_mappings.vocabulary import Vocabulary
from tests.unit.fhir_mappings.resources import SNOMED, Json, by_route


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("Oral", Route.ORAL),
        ("by mouth", Route.ORAL),
        ("PO", Route.ORAL),
        ("Intravenous", Route.INJECTION),
        ("IV push", Route.INJECTION),
        ("Subcutaneous injection", Route.INJECTION),
        ("Topical", Route.LOCAL),
        ("left eye", Route.LOCAL),
        ("Oral inhalation", Route.LOCAL),
        ("nebulised", Route.LOCAL),
        ("Soft Gel capsule", Route.ORAL),
        ("gelcap", Route.ORAL),
        ("gel", Route.LOCAL),
        ("nasogastric tube", Route.UNKNOWN),
        ("as directed", Route.UNKNOWN),
        ("", Route.UNKNOWN),
    ],
)
def test_words_say_a_route(vocabulary: Vocabulary, text: str, route: Route) -> None:
    assert vocabulary.drugs.routes.of_text(text) is route
    assert vocabulary.drugs.routes.of_order({"dosageInstruction": by_route(text)}) is route


@pytest.mark.parametrize(
    ("code", "route"),
    [
        ("26643006", Route.ORAL),
        ("47625008", Route.INJECTION),
        ("6064005", Route.LOCAL),
        ("54485002", Route.LOCAL),
        ("447694001", Route.LOCAL),
        ("38239002", Route.UNKNOWN),
    ],
)
def test_a_snomed_code_says_a_route(vocabulary: Vocabulary, code: str, route: Route) -> None:
    order = {"dosageInstruction": by_route("", (SNOMED, code))}
    assert vocabulary.drugs.routes.of_order(order) is route


def test_a_display_says_a_route_where_the_code_is_local(vocabulary: Vocabulary) -> None:
    order = {"dosageInstruction": by_route("", ("urn:local", "7", "Oral use"))}
    assert vocabulary.drugs.routes.of_order(order) is Route.ORAL


def test_the_first_instruction_that_says_a_route_decides(vocabulary: Vocabulary) -> None:
    instructions = [{"text": "x"}, *by_route("as told"), *by_route("Oral"), *by_route("Topical")]
    assert vocabulary.drugs.routes.of_order({"dosageInstruction": instructions}) is Route.ORAL


@pytest.mark.parametrize(
    "order", [{}, {"dosageInstruction": None}, {"dosageInstruction": ["PO"]}, {"dosageInstruction": [{"route": "PO"}]}]
)
def test_an_order_without_a_readable_route_says_none(vocabulary: Vocabulary, order: Json) -> None:
    assert vocabulary.drugs.routes.of_order(order) is Route.UNKNOWN
