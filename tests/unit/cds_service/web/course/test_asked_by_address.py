"""What an address may ask of the course, and what the page then shows: range, rows, units."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from cds_service.web.course.view import FORMS, RANGES, ROWS, SYSTEMS, View, ViewError, read_view


def view(*pairs: tuple[str, str]) -> View:
    return read_view(MultiDict(pairs))


def test_without_parameters_all_is_shown_in_the_units_of_the_rules() -> None:
    assert view() == View() == View("all", (), "rules", "")
    assert all(view().shows(row) for row in ROWS)


@pytest.mark.parametrize(
    ("name", "values"), [("months", RANGES), ("units", SYSTEMS), ("as", FORMS)], ids=["months", "units", "as"]
)
def test_a_parameter_has_one_value_of_a_few(name: str, values: tuple[str, ...]) -> None:
    for value in values:
        assert view((name, value)) in {
            View(**{{"as": "form"}.get(name, name): value})  # type: ignore[arg-type]  # by name
        }
    for wrong in ("x", "7", "ALL", "<b>"):
        with pytest.raises(ViewError) as told:
            view((name, wrong))
        assert wrong not in str(told.value).replace(name, "").replace("mmol", "")
        assert all(value in str(told.value) for value in values)
    with pytest.raises(ViewError):
        view((name, next(iter(values))), (name, next(iter(values))))


def test_rows_are_named_as_often_as_one_likes_and_in_any_order() -> None:
    found = view(("rows", "points"), ("rows", "calcium"), ("rows", "points"))
    assert found.rows == ("calcium", "points")
    assert [found.shows(row) for row in ("calcium", "phosphate", "points")] == [True, False, True]
    with pytest.raises(ViewError, match="intact_pth"):
        view(("rows", "calcium"), ("rows", "x"))


def test_an_address_leads_to_the_view_that_wrote_it_and_keeps_what_is_not_ours() -> None:
    found = View("12", ("drugs", "level"), "si")
    query = found.query([("session", "abc")])
    assert query == "session=abc&months=12&units=si&rows=drugs&rows=level"
    assert view(*(tuple(part.split("=")) for part in query.split("&")[1:])) == found  # type: ignore[arg-type]
    assert View().query() == ""
    assert found.query(months="all", units="rules", rows=()) == ""
    assert found.query(form="csv").endswith("as=csv&rows=drugs&rows=level")
