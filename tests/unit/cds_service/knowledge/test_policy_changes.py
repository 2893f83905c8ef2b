"""What becomes of site policies is told once for each change, by whoever notices it, until somebody has kept it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from cds_service.knowledge import PolicyChange, SitePolicyError
from cds_service.knowledge.policy_changes import Became, PolicyNews
from cds_service.knowledge.policy_copies import Copies
from cds_service.knowledge.policy_shelf import PolicyShelf
from cds_service.knowledge.reload import Reload
from cds_service.knowledge.switches import CriticalOff
from cds_service.knowledge.tenants import Tenants
from tests.unit.cds_service.knowledge.policies import policy_file
from tests.unit.cds_service.knowledge.shelves import BROKEN, NOON, PACKAGED, SETTINGS, Site, file

OFF = """
[topics.vka-cua]
on = false
reason = "another system warns"
[critical_off]
people = ["Dr Ana Adams", "Dr Ben Brown"]
covers = ["vka-cua"]
reason = "another system warns of it"
"""
Told = list[tuple[str, str, str, str]]


class Workers(Site):
    """A folder, and workers that look at it; all that they tell, and what of it is kept once."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.heard: list[PolicyChange] = []
        self.now = NOON

    def keep(self, change: PolicyChange) -> bool:
        self.heard.append(change)
        return True

    def worker(self, copies: bool = True, tenants: Sequence[str] = ("north", "south")) -> PolicyShelf:
        made = PolicyShelf(self.folder, SETTINGS, self.copies if copies else None, tenants,
                           lambda: self.now, keep=lambda change: self.keep(change))  # fmt: skip
        made.open()
        return made

    def told(self, *workers: PolicyShelf) -> Told:
        """What is new since the last time, each id once."""
        known = len(self.heard)
        for worker in workers:
            worker.look()
            worker.news.tell()
        new = {one.id: one for one in self.heard[known:]}
        return [(one.became.value, one.tenant, one.version, one.before) for one in new.values()]


@pytest.fixture
def site(tmp_path: Path) -> Workers:
    return Workers(tmp_path)


def version(shelf: PolicyShelf, tenant: str = "north") -> str:
    return shelf.held(PACKAGED).policies[tenant][0].knowledge.version


def test_each_change_is_told_with_the_version_before(site: Workers) -> None:
    site.write(file("Ben", tenant="south"), "south.toml")
    shelf = site.worker()
    assert site.told(shelf) == [("taken", "south", version(shelf, "south"), "")]
    site.write(file("Ana"))
    assert site.told(shelf) == [("taken", "north", first := version(shelf), "")]
    site.write(file("Eve"))
    assert site.told(shelf) == [("changed", "north", second := version(shelf), first)]
    site.write(BROKEN)
    assert site.told(shelf) == [("refused", "north", "", second)]
    (site.folder / "north.toml").unlink()
    assert site.told(shelf) == [("removed", "north", "", second)]
    assert site.told(shelf) == []


def test_who_answers_for_it_comes_along(site: Workers) -> None:
    site.write(policy_file(owner="Dr Ana Silva", more=OFF))
    shelf = site.worker()
    site.told(shelf)
    (told,) = site.heard
    assert told.site is not None
    assert (told.file, told.at, told.site.owner, told.site.approved) == (
        "north.toml", NOON, "Dr Ana Silva", date(2026, 1, 10),
    )  # fmt: skip
    assert told.critical_off == CriticalOff(
        ("Dr Ana Adams", "Dr Ben Brown"), "another system warns of it", ("vka-cua",)
    )


@pytest.mark.parametrize("copies", [True, False])
def test_several_workers_tell_one_change(copies: bool, site: Workers) -> None:
    site.write(file("Ben", tenant="south"), "south.toml")
    two = site.worker(copies), site.worker(copies)
    assert len(site.told(*two)) == 1
    for text in (file("Ana"), file("Eve"), BROKEN):
        site.write(text)
        assert len(site.told(*two)) == 1
    if copies:
        (site.folder / "north.toml").unlink()
        assert [one[:2] for one in site.told(*two)] == [("removed", "north")]


def test_there_and_back_and_there_again_are_three_changes(site: Workers) -> None:
    site.write(file("Ana"))
    shelf = site.worker()
    site.told(shelf)
    for who in ("Eve", "Ana", "Eve"):
        site.write(file(who))
        site.told(shelf)
    assert len({one.id for one in site.heard}) == 4


def test_a_start_tells_what_has_changed_since_the_last_one_and_no_more(site: Workers) -> None:
    site.write(file("Ben", tenant="south"), "south.toml")
    site.write(file("Ana"))
    first = site.worker()
    assert len(site.told(first)) == 2
    assert site.told(site.worker()) == []
    site.write(file("Eve"))
    again = site.worker()
    assert site.told(again) == [("changed", "north", version(again), version(first))]
    (site.folder / "north.toml").unlink()
    assert site.told(site.worker()) == [("removed", "north", "", version(again))]
    assert site.told(site.worker()) == []


def test_what_a_start_that_failed_has_seen_is_told_by_the_next_one(site: Workers) -> None:
    site.write(file("Ben", tenant="south"), "south.toml")
    site.write(file("Ana"))
    first = site.worker()
    site.told(first)
    site.write(file("Eve"))
    site.write(policy_file("south", owner=None), "new.toml")
    for _ in range(2):
        with pytest.raises(SitePolicyError):
            site.worker()
    (site.folder / "new.toml").unlink()
    again = site.worker()
    assert site.told(again) == [("changed", "north", version(again), version(first))]
    assert site.told(site.worker()) == []


def test_what_a_process_that_ended_has_not_told_is_told_by_the_next_one(site: Workers) -> None:
    site.write(file("Ben", tenant="south"), "south.toml")
    site.write(file("Ana"))
    ended = site.worker()
    first = site.worker()
    assert len(site.told(first)) == 2
    (site.folder / "north.toml").unlink()
    ended.look()
    site.worker()
    last = site.worker()
    assert "north" in last.held(PACKAGED).gone
    assert site.told(last) == [("removed", "north", "", version(first))]
    assert site.told(site.worker()) == []


def test_a_change_that_cannot_be_kept_is_told_later(site: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write(file("Ana"))
    with monkeypatch.context() as patched:
        patched.setattr(site, "keep", lambda _: False)
        site.told(site.worker())
    shelf = site.worker()
    assert site.told(shelf) == [("taken", "north", version(shelf), "")]


def test_nobody_is_named_of_a_file_that_was_refused(site: Workers) -> None:
    site.write(policy_file(owner="Dr Ana Silva", more=OFF))
    shelf = site.worker()
    site.told(shelf)
    site.write(BROKEN)
    site.told(shelf)
    assert (site.heard[-1].became, site.heard[-1].site, site.heard[-1].critical_off) == ("refused", None, None)


def test_a_file_that_is_of_another_tenant_now_takes_the_policy_from_the_first(site: Workers) -> None:
    site.write(file("Ana"))
    shelf = site.worker()
    site.told(shelf)
    before = version(shelf)
    site.write(file("Ana", tenant="south"))
    assert site.told(shelf) == [("removed", "north", "", before), ("taken", "south", version(shelf, "south"), "")]


def test_a_new_file_that_was_never_used_is_told_with_the_kind_of_reason(site: Workers) -> None:
    shelf = site.worker()
    site.write(BROKEN)
    site.write(file("Ana", tenant="nort"), "nort.toml")
    assert sorted(site.told(shelf)) == [("refused", "nort", "", ""), ("refused", "north", "", "")]
    assert {one.file: (one.why, one.site) for one in site.heard} == {
        "north.toml": ("faulty", None),
        "nort.toml": ("no such tenant", None),
    }


def test_the_name_of_a_file_may_be_any(site: Workers) -> None:
    shelf = site.worker()
    site.write(BROKEN, os.fsdecode(b"caf\xe9.toml"))
    assert len(site.told(shelf)) == 1


def test_of_a_file_whose_text_says_nothing_no_tenant_is_told(site: Workers) -> None:
    shelf = site.worker()
    for text in ("no = [TOML", 'tenant = "No Such Name!"'):
        site.write(text)
        assert site.told(shelf) == [("refused", "", "", "")]


# ------------------------------------------------------------------ who takes the place of a worker that has ended
def begin(shelf: PolicyShelf) -> None:
    """As a worker begins that comes from a process of long ago."""
    reload = Reload(Tenants(shelf.held(PACKAGED)), shelf, PACKAGED, look_seconds=3600)
    reload.begin()
    reload.close()
    shelf.news.tell()


def test_a_late_worker_tells_nothing_of_the_start_and_later_changes_follow_the_last_one(site: Workers) -> None:
    site.write(file("Ben", tenant="south"), "south.toml")
    site.write(file("Ana"))
    late, first = site.worker(), site.worker()
    site.told(first)
    site.write(file("Eve"))
    site.told(first)
    known = len(site.heard)
    begin(late)
    assert site.heard[known:] == []
    eve = version(late)
    site.write(file("Zoe"))
    assert site.told(first, late) == [("changed", "north", version(first), eve)]


def test_a_late_worker_brings_nothing_back_that_is_gone_and_knows_what_it_was_and_when(
    site: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write(file("Ben", tenant="south"), "south.toml")
    site.write(file("Ana"))
    late, first = site.worker(), site.worker()
    site.told(first)
    site.write(file("Eve"))
    site.told(first)
    eve = version(first)
    (site.folder / "north.toml").unlink()
    assert site.told(first) == [("removed", "north", "", eve)]
    known = len(site.heard)
    monkeypatch.setattr(Copies, "removed", lambda self, name: (file("Eve"), NOON - timedelta(days=3)))
    begin(late)
    assert site.heard[known:] == []
    assert late.held(PACKAGED).gone["north"] == (
        f"the site policy of north (version {eve}) was taken away on {NOON.date() - timedelta(days=3)}"
    )
    assert site.told(site.worker()) == []


def test_workers_that_begin_with_a_service_tell_what_it_began_with(site: Workers) -> None:
    site.write(file("Ana"))
    shelf = site.worker()
    begin(shelf)
    assert [(one.became.value, one.version) for one in site.heard] == [("taken", version(shelf))]
    assert site.told(site.worker()) == []


# ------------------------------------------------------------------ while nobody can keep them
@pytest.mark.parametrize("copies", [True, False])
def test_several_changes_that_wait_follow_each_other(
    copies: bool, site: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write(file("Ben", tenant="south"), "south.toml")
    site.write(file("Ana"))
    shelf = site.worker(copies)
    site.told(shelf)
    versions = [version(shelf)]
    with monkeypatch.context() as patched:
        patched.setattr(site, "keep", lambda _: False)
        for who in ("Eve", "Zoe"):
            site.write(file(who))
            site.told(shelf)
            versions.append(version(shelf))
        (site.folder / "north.toml").unlink()
        site.told(shelf)
    ana, eve, zoe = versions
    site.now += timedelta(minutes=1)
    assert site.told(shelf) == [
        ("changed", "north", eve, ana), ("changed", "north", zoe, eve), ("removed", "north", "", zoe),
    ]  # fmt: skip
    assert site.told(shelf) == []


def test_what_others_have_told_meanwhile_is_not_told_again(site: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write(file("Ana"))
    slow, quick = site.worker(), site.worker()
    site.told(quick, slow)
    with monkeypatch.context() as patched:
        patched.setattr(site, "keep", lambda _: False)
        site.write(file("Eve"))
        site.told(slow)
    site.told(quick)
    site.write(file("Zoe"))
    site.told(quick)
    known = len(site.heard)
    site.now += timedelta(minutes=1)
    slow.news.tell()
    assert site.heard[known:] == []
    assert site.told(site.worker()) == []


# ------------------------------------------------------------------ what can no longer be made of a text that was told
def test_a_policy_that_goes_with_its_client_is_told_as_removed_once(site: Workers) -> None:
    site.write(file("Ben", tenant="south"), "south.toml")
    site.write(file("Ana"))
    first = site.worker()
    site.told(first)
    (site.folder / "north.toml").unlink()
    assert site.told(site.worker(tenants=["south"])) == [("removed", "north", "", version(first))]
    assert site.told(site.worker(tenants=["south"])) == []


def test_of_a_policy_that_this_release_refuses_the_tenant_is_told(site: Workers) -> None:
    site.write(file("Ben", tenant="south"), "south.toml")
    site.write(file("Ana"))
    site.told(site.worker())
    for folder in (site.folder, site.copies):
        for path in folder.glob("north.toml*"):
            path.unlink()
    (site.copies / "north.toml.told").write_text(BROKEN)
    assert site.told(site.worker()) == [("removed", "north", "", "")]
    (site.copies / "north.toml.told").write_text(BROKEN)
    site.write(file("Eve"))
    again = site.worker()
    assert site.told(again) == [("changed", "north", version(again), "")]
    assert site.told(site.worker()) == []


def news(keep: Callable[[PolicyChange], bool], at: Callable[[], datetime]) -> PolicyNews:
    made = PolicyNews(keep, at)
    for name in ("a.toml", "b.toml"):
        made.refused(name, "1", "faulty", None)
    return made


def test_what_cannot_be_kept_waits_and_is_tried_again_after_half_a_minute() -> None:
    now, tried, works = [NOON], list[str](), [False]

    def keep(change: PolicyChange) -> bool:
        tried.append(change.file)
        return works[0]

    told = news(keep, lambda: now[0])
    for _ in range(2):
        told.tell()
    assert tried == ["a.toml"]
    works[0] = True
    now[0] += timedelta(seconds=30)
    told.tell()
    told.tell()
    assert tried == ["a.toml", "a.toml", "b.toml"]


def test_a_change_is_known_by_what_it_is_and_not_by_who_noticed_it_when() -> None:
    change = PolicyChange(Became.CHANGED, NOON, "north.toml", "north", "v2", "v1", mark="7")
    later = PolicyChange(Became.CHANGED, NOON + timedelta(seconds=1), "north.toml", "north", "v2", "v1", mark="7")
    assert change.id == later.id
    assert len(change.id) <= 80
    other = PolicyChange(Became.CHANGED, NOON, "north.toml", "north", "v2", "v1", mark="8")
    assert change.id != other.id
