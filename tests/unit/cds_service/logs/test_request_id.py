"""What is taken over as a request id and what is not; for whom a thread works."""

from __future__ import annotations

import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.logs import current_request_id, new_request_id, request_id_of, under_request_id

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "sent",
    [
        "0b4f1f0e-6b1e-4d8a-9d0e-0a0c3b9f7d11",
        "0B4F1F0E-6B1E-4D8A-9D0E-0A0C3B9F7D11",
        "00f067aa0ba902b7",
        TRACE,
        TRACE[:20],
    ],
)
def test_a_uuid_and_16_to_32_hexadecimal_digits_are_taken_over_as_they_are(sent: str) -> None:
    assert request_id_of(sent, PARENT) == sent


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "Zephyrine",
        "MRN-4711",
        "4711",
        "00f067aa0ba902b",
        TRACE + "0",
        "1234567890123456",
        "12345678-1234-1234-1234-123456789012",
        f" {TRACE}",
        f"{TRACE}\n",
        f"{TRACE}, {TRACE}",
        "{0b4f1f0e-6b1e-4d8a-9d0e-0a0c3b9f7d11}",
        "0b4f1f0e6b1e-4d8a-9d0e-0a0c3b9f7d11",
        "g" * 20,
        "٣" * 20,
        "ａ" * 20,
    ],
)
def test_whatever_else_is_sent_could_be_a_record_number_so_a_new_id_is_made(sent: str) -> None:
    made = request_id_of(sent)
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert made != sent
    assert request_id_of(sent, PARENT) == TRACE, "the trace of the caller is the next best"


@pytest.mark.parametrize(
    "parent",
    [
        "",
        TRACE,
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7",
        f"00-{TRACE}-Zephyrine-01",
        f"00-{'12345678' * 4}-00f067aa0ba902b7-01",
    ],
)
def test_of_a_parent_that_is_none_nothing_is_taken(parent: str) -> None:
    assert request_id_of("", parent) != request_id_of("", parent)
    assert request_id_of("", parent) not in parent


def test_a_later_version_of_the_trace_context_is_read_as_far_as_it_is_known() -> None:
    assert request_id_of("", f"01-{TRACE}-00f067aa0ba902b7-01-more") == TRACE


@given(st.text(), st.text())
def test_of_any_text_an_id_comes_which_no_log_line_could_mistake(sent: str, parent: str) -> None:
    found = request_id_of(sent, parent)
    assert 16 <= len(found) <= 36
    assert set(found) <= set("0123456789abcdefABCDEF-")


def test_a_new_id_is_another_each_time() -> None:
    assert len({new_request_id() for _ in range(100)}) == 100


def test_a_thread_works_for_one_request_until_the_block_is_left_and_others_do_not() -> None:
    seen: list[str] = []
    with under_request_id("a"):
        with pytest.raises(ValueError), under_request_id("b"):
            raise ValueError
        assert current_request_id() == "a"
        other = threading.Thread(target=lambda: seen.append(current_request_id()))
        other.start()
        other.join()
    assert (current_request_id(), seen) == ("", [""])
