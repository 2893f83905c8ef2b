"""Site policies that change under load: no call fails, and every answer is wholly by the old file or by the new one."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import requests

from bench.writers import CARDS, JSON, PATH
from tests.fuzz.service_process import Service, running_service
from tests.unit.cds_service.knowledge.policies import policy_file
from tests.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.alone]

CALLERS, CHANGES = 4, 6
MANY = 100
WITHIN_SECONDS, SETTLED_SECONDS = 60.0, 1.0
"""An idle machine takes two seconds for it, one that is as busy as this many more."""

Answer = tuple[int, frozenset[str], frozenset[str]]
"""Status, the letters of the policies that the cards of one answer carry, and the versions that they name."""


def ask(service: Service) -> Answer:
    answer = requests.post(f"http://127.0.0.1:{service.port}{PATH}", CARDS, headers=JSON, timeout=30)
    cards = answer.json().get("cards", [])
    said = [card["detail"] + "".join(reason["code"] for reason in card.get("overrideReasons", ())) for card in cards]
    letters = {
        letter for text in said for letter in "AB" if f"Policy {letter}." in text or f"of-{letter.lower()}" in text
    }
    versions = {card.get("extension", {}).get("calciphylaxis-cds.site-policy", {}).get("version", "") for card in cards}
    return answer.status_code, frozenset(letters), frozenset(versions)


def topics(service: Service) -> list[str]:
    answer = requests.post(f"http://127.0.0.1:{service.port}{PATH}", CARDS, headers=JSON, timeout=30)
    return [card["source"]["topic"]["code"] for card in answer.json()["cards"]]


@dataclass
class Folder:
    """The folder of policies: the default one says which it is, on every card of these topics."""

    path: Path
    topics: list[str] = field(default_factory=list)

    def write(self, letter: str) -> None:
        code = f"of-{letter.lower()}"
        parts = [f"[[wording]]\ntopic = '{topic}'\nadd = 'Policy {letter}.'\n" for topic in self.topics]
        parts.append(f"[[override_reason]]\ncode = '{code}'\ndisplay = 'x'\ntopics = {self.topics}\n")
        self.put(policy_file("default", "".join(parts)))

    def put(self, text: str) -> None:
        (self.path / ".new").write_text(text, "utf-8")
        os.replace(self.path / ".new", self.path / "default.toml")


@contextmanager
def calls(service: Service) -> Iterator[list[tuple[float, Answer]]]:
    """What several callers are answered all the while, with the time at which they had asked."""
    answers: list[tuple[float, Answer]] = []
    done = threading.Event()

    def call() -> None:
        while not done.is_set():
            asked = time.monotonic()
            answers.append((asked, ask(service)))

    callers = [threading.Thread(target=call) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    try:
        yield answers
    finally:
        done.set()
        for caller in callers:
            caller.join()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "policies").mkdir()
    made = Folder(tmp_path / "policies")
    (tmp_path / "first").mkdir()
    with running_service(tmp_path / "first", 1) as service:
        made.topics = topics(service)
    assert made.topics
    made.write("A")
    return made


def test_a_policy_that_changes_under_load_fails_and_mixes_no_call(folder: Folder, tmp_path: Path) -> None:
    with (
        running_service(tmp_path, 2, CDS_SITE_POLICIES=str(folder.path)) as service,
        calls(service) as answers,
    ):
        for number in range(CHANGES):
            letter, written = "BA"[number % 2], time.monotonic()
            folder.write(letter)
            until(partial(_is_newest, answers, letter), WITHIN_SECONDS)
            settled = time.monotonic()
            time.sleep(SETTLED_SECONDS)
            since = [said for asked, (_, said, _) in answers if asked > settled]
            assert {*since} == {frozenset(letter)}, "every worker has it"
            before = [said for asked, (_, said, _) in answers if asked < written]
            assert {frozenset("A")} <= {*before}
    assert {status for _, (status, _, _) in answers} == {200}
    assert all(len(letters) == len(versions) == 1 for _, (_, letters, versions) in answers)
    by_letter = {frozenset(letter): set[frozenset[str]]() for letter in "AB"}
    for _, (_, letters, versions) in answers:
        by_letter[letters].add(versions)
    assert all(len(versions) == 1 for versions in by_letter.values()), "each version is of one policy"


def _is_newest(answers: list[tuple[float, Answer]], letter: str) -> bool:
    return newest(answers) == {frozenset(letter)}


def newest(answers: list[tuple[float, Answer]]) -> set[frozenset[str]]:
    """What the last answers say; so many that both workers are among those who gave them."""
    return {letters for _, (_, letters, _) in answers[-MANY:]}


def test_a_faulty_file_is_refused_and_the_last_good_one_goes_on_over_a_kill_too(folder: Folder, tmp_path: Path) -> None:
    variables = {"CDS_SITE_POLICIES": str(folder.path)}
    with running_service(tmp_path, 2, **variables) as service:
        before = ask(service)
        folder.put(policy_file("default", owner=None))
        until(lambda: "owner: is missing" in service.log.read_text("utf-8"))
        until(lambda: "older_site_policies" in health(service))
        assert {ask(service) for _ in range(20)} == {before}
    with running_service(tmp_path, 2, **variables) as service:
        assert {ask(service) for _ in range(20)} == {before}
        assert "older_site_policies" in health(service)
        folder.write("B")
        until(lambda: {ask(service)[1] for _ in range(20)} == {frozenset("B")})
        until(lambda: "older_site_policies" not in health(service))


def health(service: Service) -> str:
    answer = requests.get(f"http://127.0.0.1:{service.port}/health/ready", timeout=30)
    assert answer.status_code == 200
    return answer.text
