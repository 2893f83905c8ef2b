"""A FHIR server at its worst never silences a patient, never shows another's data, and never holds a caller up.

The modes stand in `hostile`. Each is played upon a running service: at the first call, for one kind of resource only,
and on connections that were kept from calls that went well.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fuzz.bodies import PLANTED
from tests.fuzz.hostile import KINDS, MODES, REPRESENTATIVE, Mode
from tests.fuzz.hostile.body_modes import instead
from tests.fuzz.hostile.chart import STRANGE, unasked
from tests.fuzz.hostile.exchange import Exchange
from tests.fuzz.hostile.play import FIRST, MARKS, MORE, WITHIN_SECONDS, Right, Way, ask, complaint, complaints
from tests.fuzz.hostile.server import Trap, hostile_fhir, slug, trap
from tests.fuzz.promises import check_silent
from tests.fuzz.service_process import Service, running_service

pytestmark = pytest.mark.fuzz

SOUND = Mode("sound", "answers as it should", lambda exchange: exchange.answer(), right=True)
OF_A_STRANGER = Mode(
    "stranger", "answers about a stranger", lambda exchange: exchange.answer(unasked(exchange.question))
)
AT_ONCE, CONTROLS = 6, 5
THREADS = "64"
"""More than are played at once: that a call waits for its place is no matter of these tests."""


@dataclass(frozen=True)
class Stage:
    """A running service, an origin that it must never contact, and the cards of the patient."""

    service: Service
    trap: Trap
    right: Right

    def is_well(self) -> bool:
        """Do most calls with a sound FHIR server bring all cards in time, as far as this machine has time for them?"""
        with hostile_fhir(SOUND, elsewhere=self.trap.origin) as server:
            answers = [ask(self.service.port, server.base(SOUND)) for _ in range(CONTROLS)]
        good = [answer.topics == self.right[FIRST.hook] and answer.seconds < WITHIN_SECONDS for answer in answers]
        return sum(good) > CONTROLS / 2

    def complaints(self, mode: Mode) -> list[str]:
        with hostile_fhir(mode, elsewhere=self.trap.origin) as server:
            more = MORE if mode.name in REPRESENTATIVE else ()
            return complaints(server, mode, self.service.port, self.right, more)

    def complaint(self, mode: Mode, way: Way) -> str:
        """What is wrong where this mode is met in this way."""
        with hostile_fhir(mode, elsewhere=self.trap.origin) as server:
            return complaint(ask(self.service.port, server.base(mode, way.part), way=way), mode, way, self.right)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    # One worker: what a mode breaks in it, the next mode meets.
    with running_service(folder, 1, CDS_LOG_LEVEL="DEBUG", CDS_THREADS=THREADS) as service, trap() as laid:
        with hostile_fhir(SOUND, elsewhere=laid.origin) as server:
            right = {hook: ask(service.port, server.base(SOUND), way=Way("", hook=hook)).topics for hook in MARKS}
        yield Stage(service, laid, right)


def test_every_mode_has_a_name_of_its_own() -> None:
    assert len({slug(mode.name) for mode in MODES}) == len(MODES) >= 90


def test_the_patient_has_cards_that_would_be_missed(stage: Stage) -> None:
    for topics in stage.right.values():
        assert {indicator for _, indicator in topics} >= {"critical"}
    assert len(stage.right["patient-view"]) > 1


@pytest.mark.parametrize("way", [FIRST, *MORE], ids=lambda way: way.name)
def test_a_sound_server_is_not_complained_of(way: Way, stage: Stage) -> None:
    assert stage.complaint(SOUND, way) == ""


def test_the_stranger_would_be_seen_on_the_cards(stage: Stage) -> None:
    """The control of every "never shows another's data" below."""
    with hostile_fhir(OF_A_STRANGER, elsewhere=stage.trap.origin) as server:
        text = ask(stage.service.port, server.base(OF_A_STRANGER)).text
    assert all(word in text for word in STRANGE), text


def test_a_quiet_answer_would_be_complained_of(stage: Stage) -> None:
    """The control of every "never silent" below: conditions that are missing without a word."""
    empty = b'{"resourceType": "Bundle", "type": "searchset", "total": 0, "entry": []}'
    quiet = Mode("quiet", "finds no conditions, and says that these are all", instead(empty))
    assert any("silence" in one for one in stage.complaints(quiet))


def finding_no(kind: str, reads: str = "") -> Mode:
    """Says that there is nothing of this type, and cannot answer for the type `reads`."""
    empty = b'{"resourceType": "Bundle", "type": "searchset", "total": 0, "entry": []}'

    def act(exchange: Exchange) -> None:
        if exchange.question.kind == reads:
            exchange.answer(b"", "404 Not Found")
        else:
            exchange.answer(empty if exchange.question.kind == kind else None)

    return Mode(f"no {kind}", "loses them in silence", act)


SIGNING = Way("at signing", "signing", "order-sign")


@pytest.mark.parametrize(
    ("kind", "reads", "way"),
    [
        # The card about warfarin is missing, that about the skin is there.
        ("MedicationRequest", "", FIRST),
        # All cards are there, and one says less.
        ("Observation", "", FIRST),
        ("Observation", "", SIGNING),
        # Something is said not to be read, and it is something else.
        ("MedicationRequest", "Observation", FIRST),
        ("Observation", "Procedure", SIGNING),
        ("Observation", "MedicationRequest", SIGNING),
    ],
)
def test_less_without_the_word_for_it_would_be_complained_of(kind: str, reads: str, way: Way, stage: Stage) -> None:
    assert "silence" in stage.complaint(finding_no(kind, reads), way)


@pytest.mark.parametrize("kind", KINDS)
def test_no_mode_silences_mixes_up_or_holds_up(kind: str, stage: Stage) -> None:
    light, heavy = ([mode for mode in KINDS[kind] if mode.heavy is is_heavy] for is_heavy in (False, True))
    found: list[str] = []
    for modes, at_once in ((light, AT_ONCE), (heavy, 1)):
        with ThreadPoolExecutor(at_once + 1) as threads:
            played = [threads.submit(stage.complaints, mode) for mode in modes]
            # A caller whose server is sound does not wait for the others.
            is_well_meanwhile = threads.submit(stage.is_well)
            found += [problem for one in played for problem in one.result()]
            assert is_well_meanwhile.result()
        assert stage.is_well()
    assert found == [], "\n".join(found)
    assert stage.trap.connections == 0, stage.trap.visits
    log = stage.service.log.read_text(errors="replace")
    check_silent(log)
    assert not [secret for secret in (*PLANTED, *STRANGE) if secret in log]


def test_the_trap_would_notice(stage: Stage) -> None:
    with trap() as other:
        with hostile_fhir(SOUND, elsewhere=other.origin):
            ask(stage.service.port, f"{other.origin}/fhir")
        time.sleep(0.1)
        assert other.connections > 0
