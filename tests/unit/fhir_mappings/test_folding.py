"""Letters without case and accents, place by place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.folding import composed, fold, lower


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Calciphylaxis", "calciphylaxis"),
        ("HÄMODIALYSE", "hamodialyse"),
        ("He\u0301modialyse", "hemodialyse"),
        ("Björk–Shiley", "bjork-shiley"),
        ("Raynaud’s", "raynaud's"),
        ("hemodiálisis", "hemodialisis"),
        ("Straße İstanbul", "straße istanbul"),
        ("ậ ﬁ ½", "a ﬁ ½"),
        ("Calci\u00adphylaxis", "calciphylaxis"),
        ("Calci\u200bphyl\u2060axis\ufeff", "calciphylaxis"),
        ("He\u200d\u0301modialyse", "hemodialyse"),
        ("Skin_NECROSIS", "skin necrosis"),
        ("Ulc\u00e8re_de\uff3fjambe", "ulcere de jambe"),
        ("one\ntwo\tthré", "one\ntwo\tthre"),
    ],
)
def test_letters_lose_their_case_and_accents(text: str, expected: str) -> None:
    assert fold(composed(text)) == expected


def test_the_accents_may_be_kept() -> None:
    assert lower(composed("Patient DIALYSE\u0301 – İ")) == "patient dialysé - İ"
    assert (lower("On_HD"), lower("Dialysé_HD")) == ("on hd", "dialysé hd")


@given(st.text())
def test_every_letter_stays_in_its_place(text: str) -> None:
    text = composed(text)
    assert len(fold(text)) == len(lower(text)) == len(text)
