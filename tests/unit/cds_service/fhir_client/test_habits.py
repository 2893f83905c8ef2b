"""What servers refused or wanted is known for some minutes, and of very many servers the first are forgotten."""

from __future__ import annotations

from cds_service.fhir_client.habits import KEPT_FOR_SECONDS, Habits
from cds_service.fhir_client.kept_connections import Owner

HERE = Owner("a clinic", "https://ehr.example/fhir")


def test_what_was_noted_is_known_for_some_minutes() -> None:
    now = [0.0]
    habits = Habits(lambda: now[0])
    habits.note(HERE, "codes", "with their systems")
    now[0] = KEPT_FOR_SECONDS - 1
    assert habits.known(HERE, "codes") == "with their systems"
    now[0] = KEPT_FOR_SECONDS
    assert habits.known(HERE, "codes") == ""


def test_a_note_is_about_one_thing_at_one_server() -> None:
    habits = Habits(lambda: 0.0)
    habits.note(HERE, "codes", "bare")
    assert habits.known(HERE, "conditions") == ""
    assert habits.known(Owner("another clinic", HERE.base), "codes") == ""
    assert habits.known(Owner("a clinic", "https://other.example/fhir"), "codes") == ""


def test_the_later_note_stands() -> None:
    habits = Habits(lambda: 0.0)
    habits.note(HERE, "codes", "bare")
    habits.note(HERE, "codes", "with their systems")
    assert (habits.known(HERE, "codes"), len(habits)) == ("with their systems", 1)


def test_of_very_many_servers_the_first_are_forgotten() -> None:
    habits = Habits(lambda: 0.0)
    for number in range(10_000):
        habits.note(Owner("", str(number)), "codes", "bare")
    assert habits.known(Owner("", "9999"), "codes") == "bare"
    assert habits.known(Owner("", "0"), "codes") == ""
    assert len(habits) <= 4_096
