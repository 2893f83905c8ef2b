"""One person is one, however the name is written; who has another name is somebody else."""

from __future__ import annotations

import pytest

from cds_service.knowledge.people import are_two, is_whole, may_be_one

ANA = "Dr Ana Silva, nephrology"


@pytest.mark.parametrize(
    "other",
    [
        "Ana Silva",
        "dr. ana  silva",
        "Prof. Dr Ana Silva",
        "PROF.DR. ANA SILVA",
        "Frau Ana Silva",
        "Ms Ana Silva, renal",
        "Silva, Ana",
        "Silva, Dr. Ana, nephrology",
        "Ana Silva MD",
        "Ana Silva, M.D., Ph.D.",
        "Ana Silva RN",
        "Ana Silva BSN RN",
        "Ana Silva PharmD",
        "Ana Silva (nephrology)",
        "Ana Silva [head of nephrology]",
        "Ana Silva - pharmacy",
        "Ana Silva / pharmacy",
        "PD Dr. Ana Silva",
        "Dr. med. Ana Silva",
        "Priv.-Doz. Dr.med.habil. Ana Silva",
        "Dott.ssa Ana Silva",
        "Dra. Ana Silva",
        "Dr Anà SILVÁ",
        "Ana Maria Silva",
        "Ana da Silva",
        "Ana Silva-Costa",
        "Silva Costa, Ana",
        "nephrology consultant Ana Silva",
    ],
)
def test_titles_degrees_accents_order_and_what_somebody_does_make_no_other_person(other: str) -> None:
    assert may_be_one(other, ANA)
    assert may_be_one(ANA, other)
    assert not are_two([ANA, other])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("José Silva", "Jose Silva"),
        ("Jürgen Müller", "Juergen Mueller"),
        ("Søren Ærø", "Soren Aero"),
        ("Siobhan O'Brien", "Siobhan O\N{RIGHT SINGLE QUOTATION MARK}Brien"),
        ("A. Silva", "Ana Silva"),
        ("A Silva", "Alberto Silva"),
        ("A.M. Silva", "Ana Maria Silva"),
        ("Ana S.", "Ana Silva"),
        ("Silva, A.", "Dr. Ana Silva"),
        ("Anna-Lena Meyer", "Anna Meyer"),
        ("李 明", "李 明"),
    ],
)
def test_letters_and_initials_may_stand_for_a_name(one: str, other: str) -> None:
    assert may_be_one(one, other)
    assert may_be_one(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Silva", "Ben Okoro"),
        ("Ana Silva, nephrology", "Ben Okoro, nephrology"),
        ("Dr Ana Silva MD", "Dr Ben Silva MD"),
        ("Ana Silva", "Ana Sousa"),
        ("Ana Silva", "Ana Silveira"),
        ("João Silva Costa", "Maria Silva Costa"),
        ("A. Silva", "Ben Silva"),
        ("A. Silva", "A. Sousa"),
        ("Silva, Ana", "Silva, Ben"),
        ("Paul Meyer", "Paula Meyer"),
        ("Ben Okoro", "Benjamin Okafor"),
        ("李 明", "李 红"),
        ("Ana Silva, Ben Okoro", "Eve Lind"),
    ],
)
def test_another_first_name_or_surname_is_another_person(one: str, other: str) -> None:
    assert not may_be_one(one, other)
    assert not may_be_one(other, one)
    assert are_two([one, one, other])


@pytest.mark.parametrize("name", ["Dr Ana Silva", "A. Silva", "Silva, A.", "李 明", "Ana Silva (nephrology)",
     "Dr Paul Mba", "Anna Ing", "Lee Face", "Анна Иванова",
     "Siobhan O'Brien", "Anna-Lena Meyer", "Zoe\N{COMBINING DIAERESIS} Lind"]
)  # fmt: skip
def test_a_name_has_two_words_of_which_one_may_be_an_initial(name: str) -> None:
    assert is_whole(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "x", "Dr.", "Dr. A", "Mrs, ", "Ana", "A. S.", "Ana (Silva)", "Prof. Dr. Silva"),
        *("1 2", "Ana 2", "ana.silva@hospital.org", "\N{CYRILLIC CAPITAL LETTER A}na Silva", "Silva, 17"),
        *("Silva MBA", "Dr. med. Silva", "Silva, MD", "Silva PhD"),
    ],
)
def test_anything_less_is_no_name(name: str) -> None:
    assert not is_whole(name)


def test_a_surname_that_looks_like_a_degree_makes_another_person() -> None:
    assert are_two(["Paul Mba", "Ben Okoro"])
    assert are_two(["Paul Mba", "Ben Mba"])
    assert not are_two(["Paul Okoro MBA", "Paul Okoro"])


@pytest.mark.parametrize(
    "name",
    [
        "Dr med Silva",
        "Silva Rn",
        "Silva Phd",
        "Fr Silva",
        "Mag Silva",
        "Silva mba",
        "Ing Silva",
        "Silva md",
        "dr hc silva",
    ],
)
def test_a_degree_in_small_letters_stands_for_no_first_name(name: str) -> None:
    assert not (is_whole(name) and are_two([name, "Ana Silva"]))


@pytest.mark.parametrize("title", ["Dr med", "Mag", "Fr", "Ing", "Doc"])
def test_a_title_in_common_makes_nobody_one_person(title: str) -> None:
    assert are_two([f"{title} Hans Meier", f"{title} Anna Meier"])
    assert are_two([f"{title} Hans Meier", f"{title} Hans Vogel"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dr med Ana Silva", "Dr Ana Silva mba"),
        ("Dr Ana Silva md", "Dr Ana Silva phd"),
        ("Ana Silva Md", "Ana Silva Phd"),
        ("Dr Ana Silva nephrologist", "Dr Ana Silva informatician"),
    ],
)
def test_first_name_and_surname_in_common_make_one_whatever_else_stands_there(one: str, other: str) -> None:
    assert not are_two([one, other])
    assert are_two([one, other.replace("Ana", "Eva")])


def test_whoever_has_no_name_may_be_anybody() -> None:
    assert may_be_one("", ANA)
    assert not are_two(["Dr.", ANA])
    assert not are_two([ANA])
