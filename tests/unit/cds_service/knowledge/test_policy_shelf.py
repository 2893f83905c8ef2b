"""The folder of site policies: what can be used is, what cannot is refused in words, and the last good one goes on."""

from __future__ import annotations

import logging
import stat
from datetime import date
from pathlib import Path

import pytest

from cds_service.knowledge import Policies, SitePolicyError, open_tenants
from cds_service.knowledge.policy_shelf import PolicyShelf
from cds_service.settings import Settings
from tests.unit.cds_service.knowledge.shelves import BROKEN, NOON, PACKAGED, SETTINGS, Site, file, owner


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


# ------------------------------------------------------------------ at a start
def test_every_file_is_taken_and_others_are_left_alone(site: Site) -> None:
    site.write(file("Ana"))
    site.write(file("Ben", tenant="south"), "south.toml")
    site.write("nonsense", "south.toml.bak")
    site.write("nonsense", ".north.toml")
    shelf = site.shelf()
    assert [owner(shelf, name) for name in ("north", "south", "other")] == ["Ana", "Ben", None]


def test_a_faulty_file_without_a_copy_stops_the_start_with_every_fault_of_every_file(site: Site) -> None:
    site.write(BROKEN)
    site.write("tenant = ", "south.toml")
    with pytest.raises(SitePolicyError) as refused:
        site.shelf()
    first, second = refused.value.problems
    assert first == "north.toml: owner: is missing"
    assert second.startswith("south.toml: line 1")


def test_a_policy_of_nobody_is_left_aside_with_a_warning(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.write(file("Ana", tenant="nort"))
    shelf = site.shelf(tenants=["north"])
    assert [owner(shelf, name) for name in ("north", "nort")] == [None, None]
    (told,) = caplog.records
    assert told.levelno == logging.WARNING
    assert "there is no trusted client of the tenant nort; did you mean north?" in told.getMessage()
    assert owner(site.shelf(), "nort") == "Ana"


def test_the_policy_of_a_client_that_was_taken_out_is_no_fault_and_waits_for_its_return(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.write(file("Ana"))
    site.shelf(tenants=["north", "south"])
    assert owner(site.shelf(tenants=["south"])) is None
    assert {one.levelno for one in caplog.records} == {logging.WARNING}
    site.write(BROKEN)
    assert owner(site.shelf(tenants=["north", "south"])) == "Ana"


def test_a_mistyped_tenant_does_not_end_the_policy_that_was_there(site: Site) -> None:
    site.write(file("Ana"))
    shelf = site.shelf(tenants=["north"])
    site.write(file("Eve", tenant="nort"))
    shelf.look()
    for one in (shelf, site.shelf(tenants=["north"])):
        assert owner(one) == "Ana"
        assert [*one.held(PACKAGED).older] == ["north"]


def test_a_service_that_runs_is_not_held_back_by_a_faulty_file(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.write(file("Ana"))
    site.shelf()
    for name in ("north.toml", "south.toml"):
        site.write(BROKEN, name)
    shelf = PolicyShelf(site.folder, SETTINGS, site.copies)
    shelf.open(running=True)
    assert owner(shelf) == "Ana"
    assert "south.toml: the site policy cannot be used:\n  owner: is missing; not used" in caplog.text


def test_a_newer_file_that_stands_against_one_that_was_taken_does_not_take_its_place_by_a_reload(site: Site) -> None:
    site.write(file("Ben"), "b.toml")
    site.shelf()
    site.write(file("Ana"), "a.toml")
    shelf = PolicyShelf(site.folder, SETTINGS, site.copies)
    shelf.open(running=True)
    assert owner(shelf) == "Ben"
    with pytest.raises(SitePolicyError, match=r"a\.toml: effective: b\.toml is a policy of north"):
        site.shelf()


def test_a_service_that_runs_goes_on_with_the_copies_of_a_folder_that_cannot_be_read(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.write(file("Ana"))
    site.shelf()
    site.folder.rename(site.folder.with_name("away"))
    shelf = PolicyShelf(site.folder, SETTINGS, site.copies)
    shelf.open(running=True)
    assert owner(shelf) == "Ana"
    assert "cannot be read (FileNotFoundError), the last good copies go on" in caplog.text
    with pytest.raises(OSError, match="policies"):
        PolicyShelf(site.folder, SETTINGS).open(running=True)


def test_the_default_and_every_tenant_that_is_known_may_have_one(site: Site) -> None:
    site.write(file("Ana", tenant="default"))
    site.write(file("Ben"), "other.toml")
    shelf = site.shelf(tenants=["north"])
    assert [owner(shelf, name) for name in ("default", "north")] == ["Ana", "Ben"]


def test_a_folder_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SitePolicyError, match=r"gone: .*\n  cannot be read"):
        open_tenants(Settings(site_policies=tmp_path / "gone"), PACKAGED)


def test_without_a_folder_there_is_nothing_to_look_at() -> None:
    tenants, reload = open_tenants(SETTINGS, PACKAGED)
    assert (tenants.of("north", NOON), reload) == (PACKAGED, None)


# ------------------------------------------------------------------ the copy
def test_a_start_with_a_faulty_file_uses_the_copy_of_the_last_good_one_and_says_so(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.write(file("Ana"))
    version = site.shelf().held(PACKAGED).in_force("north", NOON).knowledge.version  # type: ignore[union-attr]
    site.write(BROKEN)
    again = site.shelf()
    assert owner(again) == "Ana"
    assert again.held(PACKAGED).older == {"north": version}
    assert "owner: is missing" in caplog.text
    assert f"version {version} goes on" in caplog.text


def test_the_copy_is_for_us_alone(site: Site) -> None:
    site.write(file("Ana"))
    site.shelf()
    (copy,) = site.copies.iterdir()
    assert copy.read_text("utf-8") == file("Ana")
    assert (stat.S_IMODE(site.copies.stat().st_mode), stat.S_IMODE(copy.stat().st_mode)) == (0o700, 0o600)


def test_a_copy_that_is_faulty_itself_is_no_help(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.write(BROKEN)
    site.copies.mkdir()
    (site.copies / "north.toml").write_text("nonsense", "utf-8")
    with pytest.raises(SitePolicyError, match="owner: is missing"):
        site.shelf()
    assert "the last good copy cannot be used either" in caplog.text


def test_without_a_place_for_copies_the_service_starts_all_the_same(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.write(file("Ana"))
    site.copies.write_text("no folder", "utf-8")
    assert owner(site.shelf()) == "Ana"
    assert "no copy can be kept for the next start" in caplog.text
    assert owner(site.shelf(copies=False)) == "Ana"


def test_the_copy_of_a_file_that_is_gone_goes_too(site: Site) -> None:
    for when in ("while it runs", "between two starts"):
        site.write(file("Ana"))
        shelf = site.shelf()
        (site.folder / "north.toml").unlink()
        if when == "while it runs":
            assert shelf.look()
        else:
            site.shelf()
        assert list(site.copies.iterdir()) == [], when


# ------------------------------------------------------------------ while it runs
def test_a_changed_a_new_and_a_removed_file_are_taken_up(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.write(file("Ana"))
    shelf = site.shelf()
    assert not shelf.look()
    site.write(file("Eve"))
    site.write(file("Ben", tenant="south"), "south.toml")
    assert shelf.look()
    assert [owner(shelf, name) for name in ("north", "south")] == ["Eve", "Ben"]
    (site.folder / "north.toml").unlink()
    assert shelf.look()
    assert [owner(shelf, name) for name in ("north", "south")] == [None, "Ben"]


def test_a_policy_that_is_taken_away_is_told_until_the_tenant_has_one_again(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.write(file("Ana"))
    shelf = PolicyShelf(site.folder, SETTINGS, site.copies, clock=lambda: NOON)
    shelf.open()
    version = shelf.held(PACKAGED).policies["north"][0].knowledge.version
    said = f"the site policy of north (version {version}) was taken away on 2026-03-02"
    (site.folder / "north.toml").unlink()
    shelf.look()
    assert shelf.held(PACKAGED).gone == {"north": said}
    assert f"north.toml: {said}" in caplog.text
    site.write(file("Ana"))
    shelf.look()
    assert shelf.held(PACKAGED).gone == {}
    site.write(file("Ana", tenant="south"))
    shelf.look()
    assert shelf.held(PACKAGED).gone == {"north": said}


def test_a_file_that_did_not_change_is_not_made_anew(site: Site) -> None:
    site.write(file("Ana"))
    shelf = site.shelf()
    before = shelf.held(PACKAGED).in_force("north", NOON)
    site.write(file("Ben", tenant="south"), "south.toml")
    shelf.look()
    assert shelf.held(PACKAGED).in_force("north", NOON) is before


def test_a_faulty_file_is_refused_once_with_its_reasons_and_the_last_good_one_goes_on(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.write(file("Ana"))
    shelf = site.shelf()
    site.write(BROKEN)
    assert shelf.look()
    assert not shelf.look()
    assert owner(shelf) == "Ana"
    assert [*shelf.held(PACKAGED).older] == ["north"]
    (told,) = (one.getMessage() for one in caplog.records if one.levelno == logging.ERROR)
    assert "owner: is missing" in told
    assert (site.copies / "north.toml").read_text("utf-8") == file("Ana")


@pytest.mark.parametrize("who", ["Ana", "Eve"])
def test_a_file_that_is_mended_or_put_back_is_no_older_one(site: Site, who: str) -> None:
    site.write(file("Ana"))
    shelf = site.shelf()
    site.write(BROKEN)
    shelf.look()
    site.write(file(who))
    assert shelf.look()
    assert owner(shelf) == who
    assert shelf.held(PACKAGED) == Policies.of(PACKAGED, [shelf.held(PACKAGED).policies["north"][0]])


def test_a_new_file_that_is_faulty_is_no_policy_and_can_go_again(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    shelf = site.shelf()
    site.write(BROKEN)
    assert shelf.look()
    assert owner(shelf) is None
    assert shelf.held(PACKAGED).older == {}
    assert "; not used" in caplog.text
    (site.folder / "north.toml").unlink()
    assert shelf.look()
    assert not shelf.look()


@pytest.mark.parametrize("how", ["it is gone", "it has another day"])
def test_a_file_that_stood_against_another_one_is_taken_as_soon_as_that_is_not_in_its_way(
    site: Site, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    site.write(file("Ben"), "b.toml")
    shelf = site.shelf()
    site.write(file("Ana"), "a.toml")
    shelf.look()
    assert owner(shelf) == "Ben"
    if how == "it is gone":
        (site.folder / "b.toml").unlink()
    else:
        site.write(file("Ben", effective=date(2026, 1, 14)), "b.toml")
    assert shelf.look()
    assert owner(shelf) == "Ana"
    assert shelf.held(PACKAGED).older == {}
    assert caplog.text.count("a.toml: the site policy cannot be used") == 1


def test_a_file_that_cannot_be_read_any_more_is_refused_like_a_faulty_one(site: Site) -> None:
    site.write(file("Ana"))
    shelf = site.shelf()
    (site.folder / "north.toml").unlink()
    (site.folder / "north.toml").mkdir()
    assert shelf.look()
    assert owner(shelf) == "Ana"
    assert [*shelf.held(PACKAGED).older] == ["north"]


def test_a_file_may_get_another_name(site: Site) -> None:
    site.write(file("Ana"))
    shelf = site.shelf()
    (site.folder / "north.toml").rename(site.folder / "northern.toml")
    assert shelf.look()
    assert owner(shelf) == "Ana"
    assert [path.name for path in site.copies.iterdir()] == ["northern.toml"]
