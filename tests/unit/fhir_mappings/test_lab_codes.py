"""Which analyte an Observation is of: whether a code of ours is there at all."""

from __future__ import annotations

import pytest

from fhir_mappings.lab_codes import knows
from fhir_mappings.vocabulary import Vocabulary
from tests.unit.fhir_mappings.resources import observation

CALCIUM, NOBODYS = "17861-6", "99999-9"


@pytest.mark.parametrize(
    ("code", "of_a_component", "known"),
    [(CALCIUM, NOBODYS, True), (NOBODYS, CALCIUM, True), (NOBODYS, NOBODYS, False)],
)
def test_a_code_of_ours_is_known_on_the_observation_and_on_a_component(
    code: str, of_a_component: str, known: bool, vocabulary: Vocabulary
) -> None:
    component = {"code": observation(of_a_component)["code"]}
    assert knows(observation(code, component=[component]), vocabulary.labs) is known


def test_an_excluded_code_is_known_too(vocabulary: Vocabulary) -> None:
    excluded = sorted(vocabulary.labs.excluded)
    assert excluded
    assert all(knows(observation(code), vocabulary.labs) for code in excluded)
