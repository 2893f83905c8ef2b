"""Why the SMART app was not opened, and the EHR's answers that are no authorization code.

What may live here: the words for people. What an EHR adds in its own words is shown as its words, never as ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cds_service.web.smart.sites import Site

VISIBLE = re.compile("[!-~]{1,4000}")
"""What a code or a launch parameter may consist of."""

_REFUSALS = {
    "access_denied": "The EHR reports that access was denied.",
    "temporarily_unavailable": "The EHR reports that signing in is not possible at the moment.",
    "server_error": "The EHR reports a failure of its own.",
    "invalid_scope": "The EHR does not offer what the app asks for (invalid_scope).",
    "unauthorized_client": "The EHR does not know the app as one that may do this (unauthorized_client).",
    "invalid_request": "The EHR did not accept the request to sign in (invalid_request).",
}

_UNNAMED = (
    "The answer names the server that it came from, but the EHR's SMART configuration names none (issuer), so nobody "
    "can tell whether it is the right one."
)


class LaunchProblem(Exception):
    """The app cannot be opened. `title` and the text are for people; `said` is what the EHR added, as it came.

    `site` is known when the page may be shown in that EHR's frame. The text goes to the log, too; `said` does not.
    """

    def __init__(self, status: int, title: str, what: str, *, site: Site | None = None, said: str = "") -> None:
        super().__init__(what)
        self.status, self.title, self.what, self.site, self.said = status, title, what, site, said


def refuse_what_is_no_code(answer: Mapping[str, str], issuer: str, site: Site, *, is_named: bool) -> None:
    """Raise LaunchProblem unless this answer holds a code, for this EHR.

    `issuer` is what its discovery calls itself, "" where it does not; `is_named`: it says that answers carry that name.
    """
    # RFC 9207: an answer that another authorization server sent is not for this sign-in. First of all, since what
    # another server says about its refusal is not for it either.
    if "iss" in answer and answer["iss"] != issuer:
        what = "The answer came from another server." if issuer else _UNNAMED
        raise LaunchProblem(400, "This sign-in is over", what, site=site)
    if is_named and "iss" not in answer:
        what = "The answer does not say which server it came from, as those of this EHR do."
        raise LaunchProblem(400, "This sign-in is over", what, site=site)
    if "error" in answer:
        words = _REFUSALS.get(answer["error"], "The EHR did not let the app in.")
        raise LaunchProblem(403, "The EHR did not let the app in", words, site=site, said=_said(answer))
    if not VISIBLE.fullmatch(answer.get("code", "")):
        raise LaunchProblem(400, "The answer cannot be used", "The EHR sent no authorization code.", site=site)


def _said(answer: Mapping[str, str]) -> str:
    text = answer.get("error_description", "")
    return "".join(sign if sign.isprintable() else " " for sign in text[:300])
