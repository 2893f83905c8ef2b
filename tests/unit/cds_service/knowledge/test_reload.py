"""A changed site policy is taken up while the service runs: soon, whole, and by every worker for itself."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cds_service.knowledge import Knowledge, Reload, SitePolicyError, Tenants, load_knowledge, open_tenants
from cds_service.knowledge.policy_shelf import PolicyShelf, State
from cds_service.settings import Settings
from tests.unit.cds_service.knowledge.policies import policy_file

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PACKAGED = load_knowledge(Settings())
WITHIN_SECONDS = 20.0
"""A busy machine is not what these tests are about."""


class Site:
    """A folder of policies, and a service that looks at it."""

    def __init__(self, root: Path) -> None:
        self.folder, self.copies = root / "policies", root / "copies"
        self.folder.mkdir()
        self.write("Ana", 5.0)
        self.tenants, self.reload = self.start()

    def start(self) -> tuple[Tenants, Reload]:
        tenants, reload = open_tenants(Settings(site_policies=self.folder), PACKAGED, self.copies)
        assert reload is not None
        return tenants, reload

    def write(self, owner: str | None, phosphate: float, name: str = "north.toml", tenant: str = "north") -> None:
        """All at once, as a careful editor does it. The owner and the number always change together."""
        number = f"[[threshold]]\nname = 'phosphate_high'\nfrom = 2026-02-01\nvalue = {phosphate}\nsource = '{owner}'\n"
        beside = self.folder / ".new"
        beside.write_text(policy_file(tenant, owner=owner and f"{owner} Lind", more=number), "utf-8")
        os.replace(beside, self.folder / name)

    def told(self) -> tuple[str, float]:
        return told_by(self.tenants.of("north", NOON))


def told_by(knowledge: Knowledge) -> tuple[str, float]:
    """Who owns the policy, and its number."""
    owner = knowledge.site.owner.removesuffix(" Lind") if knowledge.site else ""
    return owner, knowledge.policy.thresholds(NOON.date()).phosphate_high


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_file_that_has_stopped_changing_is_taken_up_whole(site: Site) -> None:
    site.write("Eve", 4.8)
    site.reload.look()
    assert site.told() == ("Ana", 5.0), "somebody may still be writing it"
    site.reload.look()
    assert site.told() == ("Eve", 4.8)


def test_a_file_that_goes_on_changing_waits(site: Site) -> None:
    for number in (4.6, 4.7, 4.8):
        site.write("Eve", number)
        site.reload.look()
    assert site.told() == ("Ana", 5.0)
    site.reload.look()
    assert site.told() == ("Eve", 4.8)


def test_a_removed_file_is_taken_up_and_an_unreadable_folder_is_not(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.folder.rename(site.folder.with_name("away"))
    for _ in range(3):
        site.reload.look()
    assert site.told() == ("Ana", 5.0)
    assert caplog.text.count("the folder of site policies cannot be read") == 1
    assert "cannot be read" in str(site.tenants.record()["site_policies_folder"])
    site.folder.with_name("away").rename(site.folder)
    site.write("Ben", 4.8, "south.toml", "south")
    (site.folder / "north.toml").unlink()
    for _ in range(2):
        site.reload.look()
    assert site.told()[0] == ""
    assert [*site.tenants.record()] == ["site_policies_taken_away"]


def test_a_folder_that_is_empty_at_once_ends_nothing_and_that_is_told_until_it_is_back(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.folder.rename(site.folder.with_name("disk"))
    site.folder.mkdir()
    for _ in range(3):
        site.reload.look()
    assert site.told() == ("Ana", 5.0)
    assert "is empty" in str(site.tenants.record()["site_policies_folder"])
    again, reload = site.start()
    assert told_by(again.of("north", NOON)) == ("Ana", 5.0)
    assert "is empty" in str(again.record()["site_policies_folder"])
    site.folder.rmdir()
    site.folder.with_name("disk").rename(site.folder)
    for _ in range(2):
        for one in (site.reload, reload):
            one.look()
    assert site.tenants.record() == again.record() == {}
    said = [one.getMessage() for one in caplog.records]
    assert sum("is empty" in one for one in said) == 2
    assert said.count("the folder of site policies can be read again") == 2


def test_a_worker_that_begins_late_where_the_folder_is_empty_has_what_the_others_took(site: Site) -> None:
    shelf = PolicyShelf(site.folder, Settings(), site.copies)
    shelf.open()
    tenants = Tenants(shelf.held(PACKAGED))
    late = Reload(tenants, shelf, PACKAGED, look_seconds=60)
    site.write("Eve", 4.8)
    for _ in range(2):
        site.reload.look()
    (site.folder / "north.toml").unlink()
    late.begin()
    late.close()
    assert told_by(tenants.of("north", NOON)) == ("Eve", 4.8)
    assert "is empty" in str(tenants.record()["site_policies_folder"])


def test_a_faulty_file_is_told_and_the_last_good_one_goes_on_over_a_restart_too(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    version = site.tenants.of("north", NOON).version
    site.write(None, 4.8)
    for _ in range(2):
        site.reload.look()
    assert site.told() == ("Ana", 5.0)
    told = {"older_site_policies": {"north": version}, "site_policies_refused": {"north.toml": "faulty"}}
    assert site.tenants.record() == told
    assert "owner: is missing" in caplog.text
    again, _ = site.start()
    assert told_by(again.of("north", NOON)) == ("Ana", 5.0)
    assert again.of("north", NOON).version == version
    assert again.record() == told


def test_a_faulty_file_without_a_copy_is_no_start(site: Site) -> None:
    site.write(None, 4.8)
    for copy in site.copies.iterdir():
        copy.unlink()
    with pytest.raises(SitePolicyError, match="owner: is missing"):
        site.start()


def test_while_files_change_every_call_sees_one_policy_and_never_parts_of_two(site: Site) -> None:
    """The owner and the number are changed together: whoever sees one of each has seen two policies."""
    seen: set[tuple[str, float]] = set()
    done = threading.Event()

    def call() -> None:
        while not done.is_set():
            seen.add(site.told())

    callers = [threading.Thread(target=call) for _ in range(3)]
    for caller in callers:
        caller.start()
    states = [("Ana", 5.0), ("Eve", 4.8), ("Ben", 4.6)]
    for owner, number in (states * 3)[1:]:
        site.write(owner, number)
        site.reload.look()
        site.reload.look()
        time.sleep(0.05)
    done.set()
    for caller in callers:
        caller.join()
    assert seen == {*states}


def test_in_a_worker_it_looks_by_itself_until_it_ends(site: Site) -> None:
    site.reload.begin()
    site.write("Eve", 4.8)
    until = time.monotonic() + WITHIN_SECONDS
    while site.told() != ("Eve", 4.8) and time.monotonic() < until:
        time.sleep(0.05)
    assert site.told() == ("Eve", 4.8)
    site.reload.close()
    (thread,) = (one for one in threading.enumerate() if one.name == "site policies")
    thread.join(WITHIN_SECONDS)
    assert not thread.is_alive()


def test_a_worker_that_begins_late_knows_at_once_what_has_changed_since_the_start(site: Site) -> None:
    site.write("Eve", 4.8)
    tenants, _ = site.start()
    shelf = PolicyShelf(site.folder, Settings())
    shelf.open()
    slow = Reload(tenants, shelf, PACKAGED, look_seconds=60)
    site.write("Ben", 4.6)
    slow.begin()
    assert told_by(tenants.of("north", NOON)) == ("Ben", 4.6)
    slow.close()


def test_a_worker_that_begins_late_goes_on_with_what_the_others_took_and_no_file_says_any_more(site: Site) -> None:
    """It is forked from the master, which holds the policies of its start."""
    shelf = PolicyShelf(site.folder, Settings(), site.copies)
    shelf.open()
    tenants = Tenants(shelf.held(PACKAGED))
    late = Reload(tenants, shelf, PACKAGED, look_seconds=60)
    for owner, number in (("Eve", 4.8), (None, 4.6)):
        for name, tenant in (("north.toml", "north"), ("south.toml", "south")):
            site.write(owner, number, name, tenant)
        for _ in range(2):
            site.reload.look()
    late.begin()
    late.close()
    for known in (site.tenants, tenants):
        assert [told_by(known.of(tenant, NOON)) for tenant in ("north", "south")] == [("Eve", 4.8)] * 2
        assert {*known.older()} == {"north", "south"}


def test_a_worker_whose_own_state_could_not_be_copied_keeps_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as full:
        full.setattr("cds_service.durable_files.sync_content", disk_is_full)
        site.write("Eve", 4.8)
        for _ in range(2):
            site.reload.look()
    site.write(None, 4.6)
    for _ in range(2):
        site.reload.look()
    assert site.told() == ("Eve", 4.8)


def disk_is_full(_: int) -> None:
    raise OSError


class Faulty(PolicyShelf):
    """A shelf that fails once it is looked at again and again."""

    looks = 0

    def state(self) -> State | None:
        self.looks += 1
        if self.looks > 2:
            raise RuntimeError("a fault of our own")
        return None


def test_a_fault_of_our_own_while_looking_ends_nothing(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    shelf = Faulty(site.folder, Settings())
    reload = Reload(site.tenants, shelf, PACKAGED, look_seconds=0.01)
    reload.begin()
    until = time.monotonic() + WITHIN_SECONDS
    while shelf.looks < 4 and time.monotonic() < until:
        time.sleep(0.01)
    reload.close()
    assert shelf.looks >= 4, "it looks again"
    assert "the site policies cannot be looked at: RuntimeError" in caplog.text
    assert site.told() == ("Ana", 5.0)
