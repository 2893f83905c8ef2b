"""What a worker remembers of the tokens that it has accepted: each once, not too many, and none that it still needs."""

from __future__ import annotations

import pytest

from cds_service.access.token_memory import MemoryFull, Token, TokenMemory

NOW = 1_000_000.0
EARLY, LATE = int(NOW), int(NOW) + 900


def token(name: object, expires_at: int = LATE) -> Token:
    return Token("urn:a", str(name), expires_at)


def written(memory: TokenMemory, *names: object) -> None:
    for name in names:
        assert memory.add(token(name), NOW)
        memory.mark_written([token(name)])


def waiting(memory: TokenMemory, *names: object, expires_at: int = LATE) -> None:
    for name in names:
        assert memory.add(token(name, expires_at), NOW)
        memory.keep_waiting(token(name, expires_at))


def test_a_token_is_new_once_whatever_has_become_of_it() -> None:
    memory = TokenMemory()
    assert memory.add(token("tried"), NOW)
    waiting(memory, "waiting")
    written(memory, "written")
    assert [memory.add(token(name), NOW) for name in ("tried", "waiting", "written", "new")] == [False] * 3 + [True]


def test_tokens_of_two_issuers_are_two_tokens() -> None:
    memory = TokenMemory()
    assert memory.add(Token("urn:a", "1", LATE), NOW)
    assert memory.add(Token("urn:b", "1", LATE), NOW)


def test_those_that_wait_are_told_in_order_and_only_once_they_are_known_to_wait() -> None:
    memory = TokenMemory()
    assert memory.add(token("tried"), NOW)
    waiting(memory, 1, 2, 3)
    assert memory.waiting(2) == [token(1), token(2)]
    memory.mark_written(memory.waiting(2))
    assert memory.waiting(2) == [token(3)]


def test_the_oldest_of_those_in_the_database_makes_room() -> None:
    memory = TokenMemory(most=2)
    written(memory, 1, 2, 3)
    assert [memory.add(token(name), NOW) for name in (2, 3)] == [False, False]
    assert memory.add(token(1), NOW)


def test_one_that_waits_never_makes_room_for_another_before_it_has_expired() -> None:
    memory = TokenMemory(most=3)
    waiting(memory, 1, 2)
    written(memory, 3)
    waiting(memory, 4)
    with pytest.raises(MemoryFull):
        memory.add(token(5), NOW)
    assert [memory.add(token(name), NOW) for name in (1, 2, 4)] == [False] * 3
    memory.mark_written([token(2)])
    assert memory.add(token(5), NOW)


@pytest.mark.parametrize(("later", "room"), [(59, False), (60, True)])
def test_one_that_waits_and_has_expired_makes_room_once_no_clock_can_still_take_it(later: int, room: bool) -> None:
    memory = TokenMemory(most=2)
    waiting(memory, "expired", expires_at=EARLY)
    waiting(memory, "good")
    if room:
        assert memory.add(token("new"), NOW + later)
        assert memory.waiting(5) == [token("good")]
    else:
        with pytest.raises(MemoryFull):
            memory.add(token("new"), NOW + later)


def test_one_that_could_not_be_remembered_is_not_taken_for_known_later() -> None:
    memory = TokenMemory(most=1)
    waiting(memory, 1)
    with pytest.raises(MemoryFull):
        memory.add(token(2), NOW)
    memory.mark_written([token(1)])
    assert memory.add(token(2), NOW)


def test_one_issuer_whose_tokens_fill_the_memory_takes_no_room_from_another() -> None:
    memory = TokenMemory(most=3)
    waiting(memory, 1, 2, 3)
    with pytest.raises(MemoryFull):
        memory.add(token(4), NOW)
    others = [Token("urn:b", str(name), LATE) for name in range(4)]
    for other in others[:3]:
        assert memory.add(other, NOW)
        memory.keep_waiting(other)
    with pytest.raises(MemoryFull):
        memory.add(others[3], NOW)
    assert set(memory.waiting(9)) == {*(token(name) for name in (1, 2, 3)), *others[:3]}
    memory.mark_written(others[:1])
    assert memory.add(others[3], NOW)
    with pytest.raises(MemoryFull):
        memory.add(token(4), NOW)


def test_those_in_the_database_are_few_of_all_issuers_together() -> None:
    memory = TokenMemory(most=3)
    tokens = [Token(f"urn:{number}", "1", LATE) for number in range(4)]
    for one in tokens:
        assert memory.add(one, NOW)
        memory.mark_written([one])
    assert [memory.add(one, NOW) for one in tokens] == [True, False, False, False]


def test_one_that_is_tried_counts_as_well_until_it_has_expired() -> None:
    memory = TokenMemory(most=1)
    assert memory.add(token(1, EARLY), NOW)
    with pytest.raises(MemoryFull):
        memory.add(token(2), NOW)
    assert memory.add(token(2), NOW + 60)
