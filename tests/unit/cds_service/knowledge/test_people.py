"""One person is one, however the name is written."""

from __future__ import annotations

import pytest

from cds_service.knowledge.people import person


@pytest.mark.parametrize(
    "other",
    [
        "Ana Silva",
        "dr. ana  silva",
        "Prof. Dr Ana Silva",
        "PROF.DR. ANA SILVA",
        "Frau Ana Silva",
        "Ms Ana Silva, renal",
    ],
)
def test_titles_dots_case_and_what_somebody_does_make_no_other_person(other: str) -> None:
    assert person(other) == person("Dr Ana Silva, nephrology")


@pytest.mark.parametrize("other", ["Ben Okoro", "Ana Silveira", "Ana", "Silva, Ben", "Herr Silva"])
def test_another_name_is_another_person(other: str) -> None:
    assert person(other) not in (person("Ana Silva"), person("Silva, Ana"))


def test_a_title_alone_is_nobody() -> None:
    assert person("Dr.") == person(" ") == person("Mrs, ") == ""
