"""An EHR for the tests: authorization server and FHIR server on one loopback port, real HTTP.

What may live here: that server and the ways in which it can be told to misbehave. It is strict where a real one is:
redirect address, audience, PKCE (S256 only), client authentication, codes that are valid once. It shares no code with
the app that it checks.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

import jwt

from cds_service.demo.fhir_search import search
from cds_service.demo.fhir_store import SandboxError, SandboxStore

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
Json = dict[str, Any]


@dataclass
class Registered:
    """An app as this EHR knows it: public, with a secret, or with a public key (a JWK)."""

    client_id: str
    redirect_uri: str
    secret: str | None = None
    key: Json | None = None


@dataclass
class Granted:
    """What a code or a token stands for."""

    client_id: str
    redirect_uri: str
    challenge: str
    scope: str
    patient: str | None


@dataclass
class SmartEhr:
    """What the server knows and how it behaves; a test changes what it is about.

    `launches` maps the launch parameter of an EHR launch to a patient; `picked` is the patient of a standalone launch.
    `scope` is what is granted, None for all that was asked. `told` replaces the answer of a path: a status with a body,
    or a function that writes to the handler. `asks_the_user` shows a page with a link instead of allowing at once. With
    `is_open` the FHIR server asks for no token. With `names_itself` every answer says who sent it (RFC 9207).
    """

    resources: Iterable[Json] = ()
    launches: dict[str, str] = field(default_factory=dict)
    picked: str | None = None
    scope: str | None = None
    denies: dict[str, str] | None = None
    asks_the_user: bool = False
    is_open: bool = False
    names_itself: bool = False
    token_changes: Json = field(default_factory=dict)
    configuration_changes: Json = field(default_factory=dict)
    told: dict[str, tuple[int, bytes] | Callable[[Any], None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.apps: dict[str, Registered] = {}
        self.codes: dict[str, Granted] = {}
        self.tokens: dict[str, Granted] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.store = SandboxStore(self.resources)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.ehr = self
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.base = f"{self.origin}/fhir"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop answering; safe to repeat."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def register(self, app: Registered) -> None:
        self.apps[app.client_id] = app

    def asked(self, path: str) -> list[dict[str, str]]:
        """The parameters of every request to this path, oldest first."""
        return [parameters for seen, parameters in self.seen if seen == path]

    def configuration(self) -> Json:
        return {
            "issuer": self.origin,
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "code_challenge_methods_supported": ["S256"],
            "capabilities": ["launch-ehr", "launch-standalone", "client-public", "permission-v2"],
            **({"authorization_response_iss_parameter_supported": True} if self.names_itself else {}),
            **self.configuration_changes,
        }

    # ------------------------------------------------------------------ the user's side
    def authorize(self, asked: dict[str, str]) -> tuple[int, str]:
        """A status, and where to send the browser; or why not, for the developer of the app."""
        app = self.apps.get(asked.get("client_id", ""))
        if app is None or asked.get("redirect_uri") != app.redirect_uri:
            return 400, "unknown client or redirect address"
        wrong = _what_is_wrong_with(asked, self.base)
        if wrong:
            return 400, wrong
        if self.denies is not None:
            return 302, self._answer(app, {**self.denies, "state": asked["state"]})
        scope = asked["scope"] if self.scope is None else self.scope
        patient = self.launches.get(asked["launch"]) if "launch" in asked else self.picked
        if "launch" in asked and patient is None:
            return 400, "unknown launch"
        code = secrets.token_urlsafe(24)
        self.codes[code] = Granted(app.client_id, app.redirect_uri, asked["code_challenge"], scope, patient)
        return 302, self._answer(app, {"code": code, "state": asked["state"]})

    def _answer(self, app: Registered, values: dict[str, str]) -> str:
        more = {"iss": self.origin} if self.names_itself else {}
        return f"{app.redirect_uri}?{urlencode({**values, **more})}"

    # ------------------------------------------------------------------ the app's side
    def token(self, form: dict[str, str], authorization: str) -> tuple[int, Json]:
        app = self._authenticated(form, authorization)
        if app is None:
            return 401, {"error": "invalid_client"}
        if form.get("grant_type") != "authorization_code":
            return 400, {"error": "unsupported_grant_type"}
        code = self.codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "")
        if code is None or code.client_id != app.client_id or form.get("redirect_uri") != code.redirect_uri:
            return 400, {"error": "invalid_grant"}
        if not 43 <= len(verifier) <= 128 or _s256(verifier) != code.challenge:
            return 400, {"error": "invalid_grant"}
        token = f"secret-token-{secrets.token_urlsafe(48)}"
        self.tokens[token] = code
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": code.scope}
        answer |= {"patient": code.patient} | self.token_changes
        return 200, {name: value for name, value in answer.items() if value is not None}

    def fhir(self, path: str, query: list[tuple[str, str]], token: str) -> tuple[int, Json]:
        parts = path.strip("/").split("/")
        if parts == ["metadata"]:
            return 200, {"resourceType": "CapabilityStatement", "rest": [{"mode": "server"}]}
        granted = self.tokens.get(token)
        if granted is None and not self.is_open:
            return 401, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "login"}]}
        patient = parts[1] if parts[0] == "Patient" else dict(query).get("patient", "").removeprefix("Patient/")
        if granted is not None and parts[0] != "Medication" and patient != granted.patient:
            return 403, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}
        try:
            found = search(self.store, self.base, parts[0], query) if len(parts) == 1 else self.store.read(*parts)
        except SandboxError as error:
            return error.status, {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}
        return 200, found

    def _authenticated(self, form: dict[str, str], authorization: str) -> Registered | None:
        if authorization.startswith("Basic "):
            name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            app = self.apps.get(unquote_plus(name))
            return app if app and app.secret is not None and unquote_plus(secret) == app.secret else None
        if form.get("client_assertion_type") == ASSERTION:
            return self._who_signed(form.get("client_assertion", ""))
        app = self.apps.get(form.get("client_id", ""))
        return app if app and app.secret is None and app.key is None else None

    def _who_signed(self, assertion: str) -> Registered | None:
        app = self.apps.get(str(jwt.decode(assertion, options={"verify_signature": False}).get("sub")))
        if app is None or app.key is None or jwt.get_unverified_header(assertion).get("kid") != app.key["kid"]:
            return None
        required = {"require": ["exp", "jti", "iss", "sub", "aud"], "verify_iat": False, "verify_exp": False}
        audience = f"{self.origin}/token"
        claims = jwt.decode(assertion, jwt.PyJWK(app.key), [app.key["alg"]], audience=audience, options=required)  # type: ignore[arg-type]  # options by name
        return app if claims["iss"] == app.client_id and claims["exp"] - claims["iat"] <= 300 else None


def _what_is_wrong_with(asked: dict[str, str], base: str) -> str:
    expected = {"response_type": "code", "aud": base, "code_challenge_method": "S256"}
    wrong = [name for name, value in expected.items() if asked.get(name) != value]
    short = [name for name in ("state", "code_challenge") if len(asked.get(name, "")) < 43]
    return ", ".join([*wrong, *short])


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class _Server(ThreadingHTTPServer):
    ehr: SmartEhr
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        url, ehr = urlsplit(self.path), self.server.ehr
        query = parse_qsl(url.query, keep_blank_values=True)
        if self._was_told(url.path, dict(query)):
            return
        if url.path == "/fhir/.well-known/smart-configuration":
            self._json(200, ehr.configuration())
        elif url.path == "/authorize":
            self._authorize(dict(query))
        elif url.path.startswith("/fhir/"):
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            self._json(*ehr.fhir(url.path.removeprefix("/fhir/"), query, token))
        else:
            self._json(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        form = {name: values[0] for name, values in parse_qs(body, strict_parsing=True).items()}
        if self._was_told(self.path, form):
            return
        is_form = self.headers.get("Content-Type") == "application/x-www-form-urlencoded"
        if self.path != "/token" or not is_form:
            self._json(404, {})
        else:
            self._json(*self.server.ehr.token(form, self.headers.get("Authorization", "")))

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read no log."""

    def _was_told(self, path: str, parameters: dict[str, str]) -> bool:
        ehr = self.server.ehr
        ehr.seen.append((path, parameters))
        told = ehr.told.get(path)
        if told is None:
            return False
        if callable(told):
            told(self)
        else:
            self._send(told[0], told[1], "application/json")
        return True

    def _authorize(self, asked: dict[str, str]) -> None:
        status, where = self.server.ehr.authorize(asked)
        if status != 302:
            self._send(status, where.encode(), "text/plain")
        elif self.server.ehr.asks_the_user:
            link = f'<a id="allow" href="{escape(where)}">Allow</a>'
            head = '<!doctype html><html lang="en"><title>Sign in</title><link rel="icon" href="data:,">'
            page = f"{head}<h1>Sign in</h1>{link}</html>"
            self._send(200, page.encode(), "text/html")
        else:
            self._send(302, b"", "text/plain", Location=where)

    def _json(self, status: int, value: Json) -> None:
        self._send(status, json.dumps(value).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
