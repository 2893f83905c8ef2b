"""The folder of site policies: what can be used is, what cannot is refused in words, and the last good one goes on."""

from __future__ import annotations

import logging
import os
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


def copies_of(site: Site) -> list[str]:
    return sorted(path.name for path in site.copies.iterdir())


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
    assert str(refused.value).startswith(f"{site.folder}: the site policy cannot be used:")


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
    assert "cannot be read (FileNotFoundError), the last good site policies go on" in caplog.text
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
    assert "cannot be kept beside the spool for the next start" in caplog.text
    assert owner(site.shelf(copies=False)) == "Ana"


@pytest.mark.parametrize("when", ["while it runs", "between two starts"])
def test_the_copy_of_a_file_that_is_gone_is_put_aside_and_that_is_told(
    when: str, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.write(file("Ben", tenant="south"), "south.toml")
    site.write(file("Ana"))
    shelf = site.shelf(clock=lambda: NOON)
    version = shelf.held(PACKAGED).policies["north"][0].knowledge.version
    (site.folder / "north.toml").unlink()
    if when == "while it runs":
        assert shelf.look()
    else:
        shelf = site.shelf(clock=lambda: NOON)
    assert owner(shelf) is None
    assert copies_of(site) == ["north.toml.removed", "south.toml"]
    day = "on 2026-03-02" if when == "while it runs" else "before the start on 2026-03-02"
    said = f"the site policy of north (version {version}) was taken away {day}"
    assert shelf.held(PACKAGED).gone == {"north": said}
    assert f"north.toml: {said}" in caplog.text


def test_a_copy_without_a_file_that_cannot_be_used_is_said_to_be_gone(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.write(file("Ana"))
    site.copies.mkdir()
    (site.copies / "south.toml").write_text(BROKEN, "utf-8")
    assert site.shelf().held(PACKAGED).gone == {}
    assert "south.toml: is gone, and its copy, which cannot be used, does not count" in caplog.text
    assert copies_of(site) == ["north.toml", "south.toml.removed"]


# ------------------------------------------------------------------ all files are gone
EMPTY = "the folder of site policies is empty, as where its volume is not mounted; the last good site policies go on"


def test_a_folder_whose_files_are_all_gone_is_one_that_is_not_mounted_and_its_policies_go_on(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.write(file("Ana"))
    shelf = site.shelf()
    (site.folder / "north.toml").rename(site.folder / "north.bak")
    assert shelf.state() is None
    with pytest.raises(OSError, match="policies"):
        shelf.look()
    assert owner(shelf) == "Ana"
    assert shelf.held(PACKAGED).folder == shelf.fault == f"{EMPTY} (a file no-site-policies in it would end them)"
    assert shelf.held(PACKAGED).gone == {}
    (site.folder / "north.bak").rename(site.folder / "north.toml")
    assert shelf.state() is not None
    assert shelf.held(PACKAGED).folder == ""
    assert copies_of(site) == ["north.toml"]


@pytest.mark.parametrize("running", [True, False])
def test_at_a_start_with_an_empty_folder_the_copies_count_and_that_is_said(
    running: bool, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.write(file("Ana"))
    site.shelf()
    (site.folder / "north.toml").unlink()
    for _ in range(2):
        shelf = PolicyShelf(site.folder, SETTINGS, site.copies)
        shelf.open(running=running)
        assert owner(shelf) == "Ana"
        assert EMPTY in shelf.held(PACKAGED).folder
    assert [one.levelno for one in caplog.records if EMPTY in one.getMessage()] == [logging.ERROR] * 2
    looking = PolicyShelf(site.folder, SETTINGS, site.copies, read_only=True)
    looking.read()
    assert owner(looking) == "Ana"


def test_a_copy_that_cannot_be_used_where_the_folder_is_empty_is_told(site: Site) -> None:
    site.copies.mkdir()
    (site.copies / "north.toml").write_text(BROKEN, "utf-8")
    shelf = site.shelf()
    assert shelf.held(PACKAGED).refused == {"north.toml": "faulty"}
    assert shelf.left_out() == ["north.toml"]
    site.write(file("Ana"))
    assert shelf.look()
    assert (owner(shelf), shelf.held(PACKAGED).refused) == ("Ana", {})


@pytest.mark.parametrize("when", ["while it runs", "between two starts"])
def test_who_means_it_takes_the_last_policy_away_by_a_file_that_says_so(when: str, site: Site) -> None:
    site.write(file("Ana"))
    shelf = site.shelf()
    site.may_be_empty()
    assert owner(shelf) == "Ana"
    (site.folder / "north.toml").unlink()
    if when == "while it runs":
        assert shelf.look()
    else:
        shelf = site.shelf()
    held = shelf.held(PACKAGED)
    assert (owner(shelf), held.folder, [*held.gone]) == (None, "", ["north"])
    assert copies_of(site) == ["north.toml.removed"]


def test_a_folder_that_never_had_a_policy_may_be_empty(site: Site) -> None:
    shelf = site.shelf()
    assert (shelf.held(PACKAGED), shelf.fault) == (Policies(PACKAGED), "")


# ------------------------------------------------------------------ refused
def test_what_is_refused_is_told_by_the_name_of_its_file_and_the_kind_of_reason(site: Site) -> None:
    site.write(file("Ana"))
    shelf = site.shelf(tenants=["north"])
    assert shelf.held(PACKAGED).refused == {}
    site.write(BROKEN)
    site.write(BROKEN, "west.toml")
    site.write(file("Ben", tenant="nort"), "nort.toml")
    shelf.look()
    told = {"nort.toml": "no such tenant", "north.toml": "faulty", "west.toml": "faulty"}
    assert shelf.held(PACKAGED).refused == told
    for name in told:
        site.write(file("Ana"), "north.toml") if name == "north.toml" else (site.folder / name).unlink()
    shelf.look()
    assert shelf.held(PACKAGED).refused == {}


def test_the_name_of_a_file_is_told_as_json_can_hold_it(site: Site) -> None:
    shelf = site.shelf()
    (site.folder / os.fsdecode(b"caf\xe9.toml")).write_text(BROKEN, "utf-8")
    shelf.look()
    assert shelf.held(PACKAGED).refused == {"caf?.toml": "faulty"}


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
    site.may_be_empty()
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
    assert shelf.held(PACKAGED).gone == {}
    assert copies_of(site) == ["north.toml.removed", "northern.toml"]
