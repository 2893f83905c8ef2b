"""The kill switch: its file, and when a worker notices what was switched."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cds_service.storage import KillState, KillSwitch, KillSwitchError, SwitchedOff, changing, file_beside, spool_for
from cds_service.storage.kill_switch import LOOK_SECONDS
from cds_service.storage.kill_switch_file import read_switched_off

NOW = datetime(2026, 11, 30, 14, 3, tzinfo=UTC)
ALL = SwitchedOff(NOW, "Dr Silva", "wrong text")
TOPIC, TENANT = replace(ALL, topic="vka-cua"), replace(ALL, tenant="northern-dialysis")


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cds.sqlite3.spool.kill-switch.json"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker(file: Path, clock: Clock) -> KillSwitch:
    return KillSwitch(file, clock)


def switch(file: Path, *off: SwitchedOff) -> None:
    with changing(file) as entries:
        entries[:] = off


# ------------------------------------------------------------------ the file
def test_it_lies_beside_the_folder_of_the_spool(tmp_path: Path) -> None:
    spool = spool_for(f"sqlite:///{tmp_path}/cds.sqlite3", None, 1)
    assert file_beside(spool) == tmp_path / "cds.sqlite3.spool.kill-switch.json"
    assert file_beside(spool_for("sqlite:///x", tmp_path / "own", 1)) == tmp_path / "own.kill-switch.json"
    assert file_beside(spool_for("sqlite://", None, 1)) is None


def test_what_was_written_is_read_and_only_our_user_can_read_it(file: Path) -> None:
    assert read_switched_off(file) == ()
    switch(file, ALL, TOPIC, TENANT)
    assert read_switched_off(file) == (ALL, TOPIC, TENANT)
    assert file.stat().st_mode & 0o777 == 0o600


def test_nothing_is_left_half_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch(file, ALL)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cds_service.durable_files.sync_content", full)
    with pytest.raises(KillSwitchError, match="cannot be written") as refused:
        switch(file)
    assert "No space left" in refused.value.in_words
    assert read_switched_off(file) == (ALL,)
    assert sorted(one.name for one in file.parent.iterdir()) == [file.name, f"{file.name}.lock"]


def test_a_change_that_fails_changes_nothing(file: Path) -> None:
    switch(file, ALL)

    def fail() -> None:
        with changing(file) as entries:
            entries.clear()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert read_switched_off(file) == (ALL,)


def test_two_who_switch_at_once_lose_nothing(file: Path) -> None:
    def add(number: int) -> None:
        with changing(file) as entries:
            entries.append(replace(ALL, topic=str(number)))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.topic or "" for one in read_switched_off(file)) == [str(number) for number in range(10)]


ENTRY = '"by": "x", "reason": "y"'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"off": 3}',
        '{"off": [3]}',
        f'{{"off": [{{{ENTRY}}}]}}',
        f'{{"off": [{{"since": "2026-11-30T14:03:00", {ENTRY}}}]}}',
        f'{{"off": [{{"since": "yesterday", {ENTRY}}}]}}',
        f'{{"off": [{{"since": "2026-11-30T14:03:00Z", "topic": 3, {ENTRY}}}]}}',
        '{"off": [{"since": "2026-11-30T14:03:00Z", "by": "x", "reason": null}]}',
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_and_not_quoted(text: str, file: Path) -> None:
    file.write_text(text)
    with pytest.raises(KillSwitchError, match=r"^the kill switch cannot be read \(\w+\)$"):
        read_switched_off(file)
    with pytest.raises(KillSwitchError), changing(file):
        pass
    assert file.read_text() == text


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KillSwitchError, match="cannot be written"), changing(tmp_path / "file" / "switch.json"):
        pass


# ------------------------------------------------------------------ as a worker sees it
def test_without_a_file_nothing_is_off(worker: KillSwitch) -> None:
    assert worker.now() == KillSwitch().now() == KillState()


def test_a_change_is_noticed_within_a_second_and_not_looked_for_more_often(
    worker: KillSwitch, file: Path, clock: Clock
) -> None:
    worker.now()
    switch(file, ALL)
    clock.seconds = LOOK_SECONDS - 0.01
    assert worker.now().off == ()
    clock.seconds = LOOK_SECONDS
    assert worker.now().off == (ALL,)
    switch(file)
    clock.seconds = 2 * LOOK_SECONDS
    assert worker.now() == KillState()
    assert LOOK_SECONDS <= 2


def test_the_file_is_read_once_for_each_change(
    worker: KillSwitch, file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch(file, ALL)
    reads: list[Path] = []

    def counted(path: Path) -> tuple[SwitchedOff, ...]:
        reads.append(path)
        return read_switched_off(path)

    monkeypatch.setattr("cds_service.storage.kill_switch.read_switched_off", counted)
    for clock.seconds in range(5):
        assert worker.now().off == (ALL,)
    assert len(reads) == 1


@pytest.mark.parametrize("fault", ["damaged", "gone", "no file"])
def test_while_it_cannot_be_read_the_last_state_goes_on_and_that_is_said_once(
    fault: str, worker: KillSwitch, file: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    switch(file, TOPIC)
    worker.now()
    file.unlink()
    if fault == "damaged":
        file.write_text("{")
    elif fault == "no file":
        file.mkdir()
    for clock.seconds in (1, 2, 3):
        state = worker.now()
        assert state.off == (TOPIC,)
        assert state.fault.endswith("what was switched off before stays so")
    assert [one.levelname for one in caplog.records].count("ERROR") == 1
    if file.is_dir():
        file.rmdir()
    file.unlink(missing_ok=True)
    switch(file, ALL)
    clock.seconds = 4
    assert worker.now() == KillState((ALL,))


def test_where_it_could_never_be_read_nobody_says_that_something_stays_off(
    worker: KillSwitch, file: Path, clock: Clock
) -> None:
    file.write_text("{")
    for clock.seconds in (0, 1):
        assert worker.now() == KillState(
            (),
            "the kill switch cannot be read (JSONDecodeError); it is not known what was switched off; all cards are on",
            is_unknown=True,
        )
    switch_over(file, ALL)
    clock.seconds = 2
    assert worker.now() == KillState((ALL,))
    file.write_text("{")
    clock.seconds = 3
    assert (worker.now().off, worker.now().is_unknown) == ((ALL,), False)
    assert worker.now().fault.endswith("what was switched off before stays so")


def test_a_worker_that_saw_no_file_does_not_know_what_the_first_one_says_while_it_cannot_be_read(
    worker: KillSwitch, file: Path, clock: Clock
) -> None:
    assert not worker.now().is_unknown
    file.write_text("{")
    clock.seconds = 1
    assert worker.now().fault.endswith("it is not known what was switched off; all cards are on")
    assert worker.now().is_unknown


def begun_anew(master: KillSwitch) -> KillState:
    """What a worker knows that takes the place of another one: it inherits what its master has seen."""
    master.begin()
    return master.now()


@pytest.mark.parametrize("fault", ["cannot be read", "is gone"])
def test_a_worker_that_comes_later_does_not_take_what_its_master_saw_for_what_holds_now(
    fault: str, worker: KillSwitch, file: Path
) -> None:
    assert worker.now() == KillState()
    switch(file, TOPIC)
    if fault == "is gone":
        file.unlink()
    else:
        file.write_text("{")
    state = begun_anew(worker)
    assert fault in state.fault
    assert state.fault.endswith("it is not known what was switched off; all cards are on")
    assert state.is_unknown


def test_a_worker_that_comes_later_has_looked_before_its_first_call(
    worker: KillSwitch, file: Path, clock: Clock
) -> None:
    worker.now()
    switch(file, ALL)
    worker.begin()
    file.unlink()
    assert worker.now() == KillState((ALL,)), "within the second it does not look again"


def test_who_switches_off_after_the_file_is_gone_makes_it_known_again(
    worker: KillSwitch, file: Path, clock: Clock
) -> None:
    switch(file, ALL)
    file.unlink()
    assert begun_anew(worker).is_unknown
    switch(file, TOPIC)
    clock.seconds = 1
    assert worker.now() == KillState((TOPIC,))


def test_after_everything_is_on_again_a_file_stays_so_that_its_absence_is_a_fault(
    worker: KillSwitch, file: Path, clock: Clock
) -> None:
    switch(file, ALL)
    switch(file)
    assert begun_anew(worker) == KillState()
    file.unlink()
    clock.seconds = 1
    assert worker.now() == KillState((), "the file of the kill switch is gone; what was switched off before stays so")
    assert begun_anew(worker).is_unknown
    with pytest.raises(KillSwitchError, match="gone"):
        read_switched_off(file)


def test_a_change_that_failed_leaves_no_mark_of_a_file_that_never_was(worker: KillSwitch, file: Path) -> None:
    def refuse() -> None:
        with changing(file):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        refuse()
    assert begun_anew(worker) == KillState()


def test_who_cannot_tell_whether_there_was_a_file_does_not_say_that_nothing_is_off(
    worker: KillSwitch, file: Path
) -> None:
    lock = file.with_name(f"{file.name}.lock")
    lock.symlink_to(lock)
    assert worker.now().is_unknown


def switch_over(file: Path, *entries: SwitchedOff) -> None:
    """Move what is there away, and switch off anew."""
    file.unlink()
    switch(file, *entries)


def test_who_may_not_look_keeps_the_last_state(worker: KillSwitch, file: Path, clock: Clock) -> None:
    switch(file, ALL)
    worker.now()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "stat", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "denied")))
        clock.seconds = 1
        assert worker.now() == KillState(
            (ALL,), "the kill switch cannot be read (PermissionError); what was switched off before stays so"
        )


def test_nobody_waits_for_somebody_who_is_looking_again(worker: KillSwitch, file: Path, clock: Clock) -> None:
    worker.now()
    switch(file, ALL)
    clock.seconds = 1
    with worker._lock:
        assert worker.now() == KillState()
    assert worker.now().off == (ALL,)


def test_while_a_process_has_never_looked_everybody_waits_for_whoever_does(
    worker: KillSwitch, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch(file, ALL)
    looks, may_go_on, reads = threading.Event(), threading.Event(), []

    def slow(path: Path) -> tuple[SwitchedOff, ...]:
        reads.append(path)
        looks.set()
        may_go_on.wait(10)
        return read_switched_off(path)

    monkeypatch.setattr("cds_service.storage.kill_switch.read_switched_off", slow)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(worker.now)
        looks.wait(10)
        second = threads.submit(worker.now)
        with pytest.raises(TimeoutError):
            second.result(0.1)
        may_go_on.set()
        assert first.result(10) == second.result(10) == KillState((ALL,))
    assert len(reads) == 1


def test_an_entry_concerns_its_own_tenant_or_all() -> None:
    asked = ("northern-dialysis", "southern-dialysis", None)
    assert [ALL.concerns(tenant) for tenant in asked] == [True, True, True]
    assert [TENANT.concerns(tenant) for tenant in asked] == [True, False, True]
