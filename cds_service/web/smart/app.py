"""The SMART on FHIR app: opened by an EHR, it shows the course of the patient whose chart is open there.

What may live here: the routes. How people sign in stands in `launch`, what is kept in `vault`. No code,
state, token or patient goes into a log line.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from dataclasses import replace

import orjson
from flask import Blueprint, Response, after_this_request, g, request
from werkzeug.datastructures import MultiDict

from cds_service.addresses import is_secure
from cds_service.bounded_get import Web
from cds_service.fhir_client import FhirServer
from cds_service.settings import Settings
from cds_service.web.context import PageContext
from cds_service.web.guard import guard
from cds_service.web.page import page
from cds_service.web.smart.cookies import LAUNCH, SESSION, Cookies
from cds_service.web.smart.errors import answer_errors
from cds_service.web.smart.launch import LAUNCH_SECONDS, Launches, Opened, cookie_name
from cds_service.web.smart.patients import patients
from cds_service.web.smart.refusals import LaunchProblem
from cds_service.web.smart.scopes import GrantedReader, Grants, granted
from cds_service.web.smart.sites import Site, sites_of
from cds_service.web.smart.vault import Vault
from fhir_mappings.fhir_json import FHIR_ID

log = logging.getLogger("cds_service")

_SESSION_NAME = re.compile(r"[\w-]{30}", re.ASCII)


def smart_app(context: PageContext) -> Blueprint:
    """The routes under /smart. Raises TrustedClientsError where a client's secret or key is missing."""
    app = _SmartApp(context)
    smart = Blueprint("smart", __name__)
    if context.settings.dev:
        # There, servers may be read without a sign-in. An EHR launches by opening a page, which the guard lets through.
        guard(smart)
    smart.record(lambda state: state.app.extensions.update(cds_smart_vault=app.vault))
    smart.add_url_rule("/smart", "choose", app.choose, methods=["GET"])
    smart.add_url_rule("/smart", "choose_patient", app.choose_patient, methods=["POST"])
    smart.add_url_rule("/smart/launch", "launch", app.launch, methods=["GET"])
    smart.add_url_rule("/smart/callback/<name>", "callback", app.callback, methods=["GET"])
    smart.add_url_rule("/smart/callback", "callback_of_all", app.callback_of_all, methods=["GET"])
    smart.add_url_rule("/smart/course", "course", app.course, methods=["GET"])
    smart.add_url_rule("/smart/end", "end", app.end, methods=["POST"])
    smart.add_url_rule("/smart/jwks.json", "keys", lambda: _public_keys(app.sites.all), methods=["GET"])
    smart.app_context_processor(lambda: {"smart_session": g.get("smart_session")})
    answer_errors(smart, app.sites)
    return smart


class _SmartApp:
    def __init__(self, context: PageContext) -> None:
        self._context = context
        self.sites = sites_of(context.settings, context.trusted, os.environ)
        self.vault = Vault(context.database)
        web = Web(trust_environment=context.settings.fhir_trust_environment)
        self._launches = Launches(self.sites, self.vault, web, context.clock)

    def choose(self) -> Response:
        """Without an EHR: sign in at the server named, or choose a server."""
        if "iss" in request.args:
            return self._open(request.args["iss"], None, request.args.get("patient"))
        return page("smart/choose.html", title="Open a patient’s course", choices=self.sites.choices())

    def choose_patient(self) -> Response:
        """A patient of a server that asks for no authorization."""
        return self._open(request.form.get("iss", ""), None, request.form.get("patient", ""))

    def launch(self) -> Response:
        """The EHR opens the app."""
        return self._open(request.args.get("iss", ""), request.args.get("launch", ""), None)

    def callback(self, name: str) -> Response:
        """The EHR sends the user back, to the address of its own."""
        cookies, of_launch = self._cookies(), cookie_name(request.args.get("state", ""))
        held = cookies.key(LAUNCH, of_launch)

        @after_this_request
        def end(response: Response) -> Response:
            """The first answer ends a sign-in, whatever it is."""
            if held:
                cookies.forget(response, LAUNCH, of_launch)
            return response

        return self._opened(*self._launches.finish(name, _said_once(request.args), held, self._public()))

    def callback_of_all(self) -> Response:
        """The one address that all EHRs once sent users back to: which of them did could not be told."""
        what = "Each EHR has a redirect address of its own now. The operator has to register it there (docs/smart.md)."
        raise LaunchProblem(410, "This address is no longer used", what)

    def course(self) -> Response:
        """The course of the session's patient."""
        name, cookies = request.args.get("session", ""), self._cookies()
        held = cookies.names(SESSION)
        if not name and len(held) == 1:
            return _sent_to(f"{self._public()}/smart/course?session={held[0]}")
        site, server, patient, grants = self._session(name, cookies)
        # The client decides which FHIR servers may be read, as in a call of a CDS client.
        g.trusted_client, g.smart_session = site.client, name
        known = self._context.known_to(site.client.tenant if site.client else None)
        context = replace(known, client=GrantedReader(known.client, grants))
        from cds_service.web.course.page import course_answer

        return course_answer(context, server, patient, framed_by=site.frame_ancestors, kept={"session": name})

    def end(self) -> Response:
        """End one session: the token is deleted, here and now."""
        name, cookies = request.form.get("session", ""), self._cookies()
        site, *_ = self._session(name, cookies)
        self._launches.end(name)
        what = "What was kept of it has been deleted. You can close this page."
        response = page("problem.html", framed_by=site.frame_ancestors, title="The session has ended", what=what)
        cookies.take_back(response, SESSION, name, site.frame_ancestors)
        return response

    def _open(self, iss: str, launch: str | None, patient: str | None) -> Response:
        site, base = self._launches.find(iss)
        endpoints = self._launches.endpoints(site, base)
        if endpoints is None:
            return self._open_without_sign_in(site, base, patient)
        begun = self._launches.begin(site, iss, base, endpoints, launch, self._public())
        response = _sent_to(begun.address)
        cookies = self._cookies()
        cookies.tidy(response, LAUNCH, begun.sealed)
        cookies.hand_out(response, LAUNCH, begun.name, begun.sealed, LAUNCH_SECONDS, site.frame_ancestors)
        return response

    def _open_without_sign_in(self, site: Site, base: str, patient: str | None) -> Response:
        if patient is not None and FHIR_ID.fullmatch(patient):
            return self._opened(site, self._launches.open(site, base, None, patient))
        g.trusted_client = site.client
        people, unread = patients(self._context.client, base)
        complaint = "" if patient is None else "An id has up to 64 letters, digits, dots and dashes."
        status = 200 if patient is None else 400
        return page(
            "smart/patient.html",
            status,
            framed_by=site.frame_ancestors,
            title="Choose a patient",
            server=base,
            complaint=complaint,
            people=people,
            unread=unread,
        )

    def _opened(self, site: Site, opened: Opened) -> Response:
        log.info("the SMART app was opened from %s", site.name)
        response = _sent_to(f"{self._public()}/smart/course?session={opened.name}")
        cookies = self._cookies()
        cookies.tidy(response, SESSION, opened.key)
        cookies.hand_out(response, SESSION, opened.name, opened.key, opened.seconds, site.frame_ancestors)
        return response

    def _session(self, name: str, cookies: Cookies) -> tuple[Site, FhirServer, str, Grants]:
        content = self._launches.session(name, cookies.key(SESSION, name)) if _SESSION_NAME.fullmatch(name) else None
        found = self.sites.of(content["base"]) if content else None
        if content is None or found is None or not (content["token"] or found[0].may_be_open):
            raise LaunchProblem(401, "There is no session", "It has ended or expired. Open the app again from the EHR.")
        grants = granted(content["scope"]) if content["token"] else Grants(anything=True)
        return found[0], FhirServer(content["base"], content["token"]), content["patient"], grants

    def _cookies(self) -> Cookies:
        return Cookies(self._public())

    def _public(self) -> str:
        return _public_url(self._context.settings)


def _public_url(settings: Settings) -> str:
    """Where browsers reach us. With --dev it may be the address on loopback that the browser asked."""
    here = request.host_url.rstrip("/")
    if settings.public_url is None and not (settings.dev and here.startswith("http:") and is_secure(here, here)):
        raise LaunchProblem(500, "The app is not set up", "The service does not know its own address: CDS_PUBLIC_URL.")
    return settings.public_url or here


def _said_once(parameters: MultiDict[str, str]) -> dict[str, str]:
    """What was sent to us; a parameter that comes twice could mean one thing here and another elsewhere."""
    if any(len(values) > 1 for values in parameters.listvalues()):
        raise LaunchProblem(400, "The answer cannot be used", "The EHR sent something twice.")
    return parameters.to_dict()


def _sent_to(address: str) -> Response:
    """A redirect without a word in it: the page that browsers never show would repeat the address."""
    return Response(status=303, headers={"Location": address})


def _public_keys(sites: Iterable[Site]) -> Response:
    """The public halves of our keys, for EHRs that fetch them."""
    keys = {site.key.public["kid"]: site.key.public for site in sites if site.key}
    return Response(orjson.dumps({"keys": list(keys.values())}), mimetype="application/json")
