"""Who may read an answer from another origin."""

from __future__ import annotations

import pytest
from flask import Blueprint, Flask, Response

from cds_service.api.headers import ALLOWED, SECURITY, headers_of_refusals, register_cors


def headers(origins: tuple[str, ...], origin: str | None, method: str = "GET") -> tuple[int, dict[str, str]]:
    app = Flask(__name__)
    register_cors(app, origins)

    @app.get("/")
    def page() -> Response:
        return Response("x", headers={"Cache-Control": "max-age=5", "Vary": "Accept"})

    answer = app.test_client().open("/", method=method, headers={"Origin": origin} if origin else {})
    return answer.status_code, {name: ", ".join(answer.headers.getlist(name)) for name, _ in answer.headers}


@pytest.mark.parametrize("origin", [None, "https://a.example", "null"])
def test_with_a_star_everybody_may(origin: str | None) -> None:
    status, found = headers(("*",), origin)
    assert status == 200
    assert found["Access-Control-Allow-Origin"] == "*"
    assert ALLOWED.items() <= found.items()
    assert {"WWW-Authenticate", "Retry-After", "X-Request-Id"} == set(
        found["Access-Control-Expose-Headers"].split(", ")
    )


def test_a_listed_origin_may_and_is_named() -> None:
    assert headers(("https://a.example",), "https://a.example")[1]["Access-Control-Allow-Origin"] == "https://a.example"


@pytest.mark.parametrize("origin", [None, "https://b.example", "https://a.example:444", "https://a.example/"])
def test_any_other_origin_may_not(origin: str | None) -> None:
    found = headers(("https://a.example",), origin)[1]
    assert not found.keys() & {"Access-Control-Allow-Origin", *ALLOWED}


def test_caches_learn_that_the_answer_depends_on_the_origin() -> None:
    assert "Origin" in headers(("https://a.example",), None)[1]["Vary"]
    assert "Origin" not in headers(("*",), None)[1]["Vary"]


def test_a_preflight_does_not_reach_the_page() -> None:
    assert headers(("*",), "https://a.example", "OPTIONS")[0] == 204


def test_what_a_page_says_about_caching_stays() -> None:
    assert headers(("*",), None)[1]["Cache-Control"] == "max-age=5"


@pytest.mark.parametrize("origins", [("*",), ("https://a.example",)])
def test_pages_for_people_are_for_no_other_origin_and_secured_like_the_rest(origins: tuple[str, ...]) -> None:
    app = Flask(__name__)
    register_cors(app, origins)
    for name in ("cds", "course"):
        routes = Blueprint(name, __name__)
        routes.add_url_rule(f"/{name}", "show", lambda: "x")
        app.register_blueprint(routes)
    asked = {"Origin": "https://a.example"}
    service, course = (app.test_client().get(f"/{name}", headers=asked).headers for name in ("cds", "course"))
    assert service["Access-Control-Allow-Origin"] in ("*", "https://a.example")
    assert not [name for name, _ in course if name.startswith("Access-Control-")]
    assert dict(course).items() >= SECURITY.items()
    preflight = app.test_client().options("/course", headers=asked)
    assert not [name for name, _ in preflight.headers if name.startswith("Access-Control-")]


@pytest.mark.parametrize("origins", [("*",), ("https://a.example",)])
@pytest.mark.parametrize("origin", ["", "https://a.example", "https://b.example", "null"])
def test_what_is_refused_before_the_application_is_asked_has_the_same_headers(
    origins: tuple[str, ...], origin: str
) -> None:
    ours = {**SECURITY, **ALLOWED, "Access-Control-Allow-Origin": "", "Vary": ""}.keys()
    answered = {name: value for name, value in headers(origins, origin or None)[1].items() if name in ours}
    expected = headers_of_refusals(origins)(origin)
    # The page of this test has a Vary and a Cache-Control of its own.
    assert answered == expected | {name: answered[name] for name in ("Vary", "Cache-Control")}
    assert expected.get("Vary") == (None if "*" in origins else "Origin")
