"""Every pair of quirks of the field on every chart that fires: none of them silences it.

A sample of these pairs stands in tests/field/test_no_quirk_silences.py, and is part of every test run.
"""

from __future__ import annotations

import pytest
from flask import Flask

from tests.contract.ehr import Ehr, ehr_of
from tests.field.quirks import QUIRKS
from tests.field.silence import FIRING, complaint, played

pytestmark = pytest.mark.fuzz
EVERY = 3
"""Each pair is laid over every third chart, another third for the next pair: all pairs in some minutes."""


@pytest.fixture(scope="module")
def ehr(app: Flask) -> Ehr:
    return ehr_of(app)


@pytest.mark.parametrize("name", QUIRKS)
def test_a_quirk_silences_no_chart_together_with_any_other(name: str, ehr: Ehr) -> None:
    places = list(QUIRKS)
    wrong = []
    for number, other in enumerate(one for one in QUIRKS if places.index(one) > places.index(name)):
        pair = [QUIRKS[name], QUIRKS[other]]
        for chart, firing in [*FIRING.items()][number % EVERY :: EVERY]:
            found = complaint(played(ehr, firing, *pair), firing, pair)
            wrong += [f"{other}, {chart}: {found}"] if found else []
    assert wrong == []
