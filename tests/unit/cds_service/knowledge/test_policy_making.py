"""What one site policy comes to: good as a whole or refused in words, and nothing ends before its first day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds_service.knowledge import SitePolicyError
from cds_service.knowledge.policy_shelf import PolicyShelf
from cds_service.settings import Settings
from tests.unit.cds_service.knowledge.policies import policy_file
from tests.unit.cds_service.knowledge.shelves import BROKEN, NOON, PACKAGED, SETTINGS, Site, file, owner


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


# ------------------------------------------------------------------ good or refused
def test_what_only_the_whole_shows_stops_the_start_too(site: Site) -> None:
    site.write(policy_file(more="[[threshold]]\nname='phosphate_high'\nfrom=2026-02-01\nvalue=50\nsource='us'\n"))
    with pytest.raises(SitePolicyError, match=r"north\.toml: makes thresholds\.toml: \[phosphate_high\] .*not 50"):
        site.shelf()


def test_what_takes_two_people_stops_the_start_with_what_to_write(site: Site) -> None:
    off = "[topics.cua-suspected]\non = false\nreason = 'x'\n"
    site.write(policy_file(more=off))
    with pytest.raises(SitePolicyError, match=r"north\.toml: \[topics\.cua-suspected\] on = false .*two people"):
        site.shelf()
    answered = "people = ['Ana Silva', 'Ben Okoro']\ncovers = ['cua-suspected']\nreason = 'another system warns'\n"
    site.write(policy_file(more=f"{off}[critical_off]\n{answered}"))
    switches = site.shelf().held(PACKAGED).policies["north"][0].knowledge.switches
    assert switches.topics == {"cua-suspected": "x"}


def test_a_tenant_has_one_policy_from_a_day_on(site: Site) -> None:
    site.write(file("Ana"))
    site.write(file("Ben", effective=date(2026, 1, 16)), "later.toml")
    assert owner(site.shelf()) == "Ben"
    site.write(file("Ben"), "same-day.toml")
    with pytest.raises(
        SitePolicyError, match=r"same-day\.toml: effective: north\.toml is a policy of north from 2026-01-15"
    ):
        site.shelf()


def test_a_file_that_is_approved_in_future_is_refused_until_that_day_has_come_at_the_clinic(site: Site) -> None:
    clinic = Settings(timezone=ZoneInfo("Europe/Berlin"))
    now = [datetime(2026, 2, 28, 22, 59, tzinfo=UTC)]
    shelf = PolicyShelf(site.folder, clinic, site.copies, clock=lambda: now[0])
    shelf.open()
    dates = {key: date(2026, 3, 1) for key in ("approved", "effective")}
    site.write(file("Ana", **dates))
    before = shelf.state()
    shelf.look()
    assert owner(shelf) is None
    assert shelf.state() == before
    now[0] += timedelta(minutes=1)
    assert shelf.state() != before, "whoever looks at the state looks again"
    assert shelf.look()
    assert owner(shelf) == "Ana"


# ------------------------------------------------------------------ what goes on until its first day
def test_a_file_that_begins_later_ends_nothing_before_its_day_over_restarts_and_faults_too(site: Site) -> None:
    begins = date(2026, 4, 1)
    after = datetime(2026, 4, 1, 12, tzinfo=UTC)

    def shelf_at_noon() -> PolicyShelf:
        made = PolicyShelf(site.folder, SETTINGS, site.copies, clock=lambda: NOON)
        made.open()
        return made

    def owners(shelf: PolicyShelf) -> list[str]:
        held = shelf.held(PACKAGED)
        return [known.site.owner.split()[0] for now in (NOON, after) if (known := held.known("north", now)).site]

    site.write(file("Ana"))
    shelf = shelf_at_noon()
    for who in ("Eve", "Ben"):
        site.write(file(who, effective=begins))
        shelf.look()
        assert owners(shelf) == owners(shelf_at_noon()) == ["Ana", who]
    site.write(BROKEN)
    shelf.look()
    assert owners(shelf) == owners(shelf_at_noon()) == ["Ana", "Ben"]
    site.write(file("Eve"))
    shelf.look()
    assert owners(shelf) == owners(shelf_at_noon()) == ["Eve", "Eve"]
    assert [path.name for path in site.copies.iterdir()] == ["north.toml"]


def test_a_later_file_changed_between_two_starts_ends_nothing_before_its_day(site: Site) -> None:
    later: dict[str, Any] = {"clock": lambda: NOON}
    site.write(file("Ana"))
    site.shelf(**later)
    site.write(file("Eve", effective=date(2026, 4, 1)))
    assert owner(site.shelf(**later)) == "Ana"
    site.may_be_empty()
    (site.folder / "north.toml").unlink()
    assert owner(site.shelf(**later)) is None
    aside = sorted(path.name for path in site.copies.iterdir())
    assert aside == ["north.toml.before.removed", "north.toml.removed"]
