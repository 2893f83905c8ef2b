"""What comes of each command that README and docs/ show: what is typed, and what is not, with the reason.

What may live here: the two tables. A command that a document shows and that stands in neither fails a test, and so does
one that no document shows any more.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FHIR = "http://127.0.0.1:8090/fhir"
SERVICE = "http://127.0.0.1:5000"
QUIET = "cds-demo-well-controlled-on-sevelamer"


@dataclass(frozen=True)
class Typed:
    """One command, and what shows that it did what its document says."""

    command: str
    says: str = ""
    """Words of what it prints."""
    status: int = 0
    fill: dict[str, str] = field(default_factory=dict)
    """What is typed in place of a placeholder."""
    first: str = ""
    """What is typed before it in the same shell: the document says so in the lines above."""
    given: str = ""
    """Standard input."""
    beside: str = ""
    """What runs beside it, in another terminal."""
    answers: str = ""
    """For a command that lasts: an address that answers while it runs."""

    @property
    def text(self) -> str:
        """What is typed."""
        text = self.command
        for placeholder, words in self.fill.items():
            text = text.replace(placeholder, words)
        return f"{self.first}\n{text}".strip()


TRUSTED = "export CDS_PUBLIC_URL=https://cds.your.clinic CDS_TRUSTED_CLIENTS=clients.toml CDS_TIMEZONE=Europe/Berlin"
WITH_SMART = "export CDS_PUBLIC_URL=https://cds.your.clinic CDS_TRUSTED_CLIENTS=clients.toml CDS_PAGES=reasons,smart"
PAGES_ON = "export CDS_PAGES=reasons,ehr CDS_PAGES_FHIR_SERVER=http://127.0.0.1:8090/fhir"
LAUNCHER = "export CDS_PAGES=smart CDS_SMART_CLIENT_ID=my-app"
NORTHERN = "sed -n '/^```toml/,/^```/p' docs/site-policy.md | sed '/^```/d' > northern.toml"
"""The file that docs/site-policy.md shows."""
ENDPOINT = "https://cds.your.clinic/cds-services/calciphylaxis-patient-view"

BESIDE_THE_DEMO = (
    Typed("make help", "make demo"),
    Typed("make graph", "cds_service"),
    Typed(". .venv/bin/activate"),
    Typed(
        "calciphylaxis-cds sandbox load <FHIR base URL>",
        "cds-demo-hard-skin-on-warfarin",
        fill={"<FHIR base URL>": FHIR},
    ),
    Typed("calciphylaxis-cds sandbox load URL", "cds-demo-hard-skin-on-warfarin", fill={"URL": FHIR}),
    Typed(
        "calciphylaxis-cds invoke --fhir <FHIR base URL> --patient cds-demo-hard-skin-on-warfarin --hook patient-view",
        "CRITICAL cua-suspected",
        fill={"<FHIR base URL>": FHIR},
    ),
    Typed(
        "calciphylaxis-cds doctor fhir <FHIR base URL> --patient <id>",
        "patient-view: no card",
        fill={"<FHIR base URL>": FHIR, "<id>": QUIET},
    ),
    Typed(
        "calciphylaxis-cds doctor fhir <FHIR base URL> --patient <id> --every-code",
        "patient-view: no card",
        fill={"<FHIR base URL>": FHIR, "<id>": QUIET},
    ),
    Typed("calciphylaxis-cds doctor fhir URL --patient ID", "patient-view: no card", fill={"URL": FHIR, "ID": QUIET}),
    Typed(
        "calciphylaxis-cds doctor fhir http://127.0.0.1:8090/fhir --patient cds-demo-calcium-cannot-be-read "
        "--hook patient-view",
        "patient-view: 1 card: cua-data-gap",
    ),
    Typed(
        "calciphylaxis-cds explain --fhir <FHIR base URL> --patient <id>",
        "no rule",
        fill={"<FHIR base URL>": FHIR, "<id>": QUIET},
    ),
    Typed(
        "calciphylaxis-cds explain --fhir http://127.0.0.1:8090/fhir --patient cds-demo-well-controlled-on-sevelamer",
        "no rule",
    ),
    Typed(
        "calciphylaxis-cds explain --fhir http://127.0.0.1:8090/fhir --patient cds-demo-harmless-names "
        "--order draft.json --json",
        '"order-select"',
    ),
    Typed("calciphylaxis-cds examples", "epic-order-sign"),
    Typed("calciphylaxis-cds examples epic-order-sign", '"hook": "order-sign"'),
    Typed("calciphylaxis-cds invoke --example epic-order-sign", "WARNING"),
    Typed("calciphylaxis-cds invoke --request request.json", "WARNING"),
    Typed('calciphylaxis-cds invoke --bundle patient.json --drug "calcium acetate"', "WARNING"),
    Typed('calciphylaxis-cds explain --bundle patient.json --drug "calcium acetate"', "calcium acetate"),
    Typed("calciphylaxis-cds policy check --policy ours", "no fault: 9 files"),
    Typed("calciphylaxis-cds policy show --at 2026-12-01 --policy ours", "our clinic's protocol, version 4"),
    Typed("calciphylaxis-cds policy diff packaged ours --at 2026-12-01 --stories our-stories", "gain"),
    Typed("calciphylaxis-cds policy diff packaged ours --at 2026-12-01 --html change.html", "change.html"),
    Typed("calciphylaxis-cds policy diff packaged ours --stories our-stories", "gain"),
    Typed(
        "calciphylaxis-cds doctor token --endpoint URL",
        "FAIL",
        status=1,
        first=TRUSTED,
        fill={"URL": ENDPOINT},
        given="no-token",
    ),
    Typed(
        "calciphylaxis-cds doctor token --clients clients.toml "
        "--endpoint https://cds.your.clinic/cds-services/calciphylaxis-patient-view",
        "FAIL",
        status=1,
        given="no-token",
    ),
    Typed(TRUSTED),
    Typed(WITH_SMART),
    Typed(
        "calciphylaxis-cds doctor smart",
        "northern-dialysis, below https://ehr.example/fhir/r4/",
        first=f"{WITH_SMART}\necho 'smart_client_id = \"my-app\"' >> clients.toml",
    ),
    Typed(LAUNCHER),
    Typed(
        "calciphylaxis-cds doctor smart --server https://launcher.example/v/r4/fhir",
        "smart/callback/launcher.example-",
        first=LAUNCHER,
    ),
    Typed(PAGES_ON),
    Typed("calciphylaxis-cds sandbox list", "two-years-to-calciphylaxis"),
    Typed("calciphylaxis-cds database", "the tables are ready"),
    Typed("calciphylaxis-cds doctor token", "Missing option", status=2),
    Typed("calciphylaxis-cds doctor fhir", "Usage:", status=2),
    Typed("calciphylaxis-cds explain", "Usage:", status=2),
    Typed("calciphylaxis-cds explain --tenant northern-dialysis", "Usage:", status=2),
    Typed("calciphylaxis-cds policy check --site northern.toml", "site policy of northern-dialysis", first=NORTHERN),
    Typed("calciphylaxis-cds policy show --site northern.toml --at 2026-12-01", "northern-dialysis", first=NORTHERN),
    Typed(
        "calciphylaxis-cds events secret /etc/calciphylaxis/secret",
        "made, with one key",
        fill={"/etc/calciphylaxis/secret": "secret"},
    ),
)
"""Typed while `make demo` serves; the order means nothing."""

LASTING = (
    Typed("calciphylaxis-cds demo", answers=f"{SERVICE}/ehr"),
    Typed(
        "calciphylaxis-cds serve --dev",
        first=PAGES_ON,
        beside="calciphylaxis-cds sandbox serve",
        answers=f"{SERVICE}/ehr",
    ),
    Typed("CDS_PAGES=try calciphylaxis-cds serve --dev", answers=f"{SERVICE}/try"),
    Typed("calciphylaxis-cds serve --dev --allow-fhir https://your.fhir.server/r4/", answers=f"{SERVICE}/cds-services"),
    Typed("calciphylaxis-cds serve --dev --allow-fhir https://hapi.fhir.org/baseR4", answers=f"{SERVICE}/cds-services"),
    Typed("calciphylaxis-cds serve --host 0.0.0.0", first=TRUSTED, answers=f"{SERVICE}/reasons"),
    Typed(
        "calciphylaxis-cds serve --dev --allow-fhir https://launcher.example/v/r4/fhir",
        first=LAUNCHER,
        answers=f"{SERVICE}/smart",
    ),
)
"""Typed one after the other, each ended by Ctrl-C."""

AFTERWARDS = (
    Typed("calciphylaxis-cds serve", "no trusted clients are configured", status=1),
    Typed(
        "calciphylaxis-cds sandbox clean <FHIR base URL>",
        "removed",
        fill={"<FHIR base URL>": FHIR},
        beside="calciphylaxis-cds sandbox serve",
    ),
    Typed(
        '.venv/bin/python -m pytest tests/vignettes -k "Our and protocol"',
        "passed",
        first="cp ours/hooks/thresholds.toml hooks/ && cp our-stories/calcium.toml cds_service/stories/told/",
    ),
)
"""Typed when the demonstration has gone: they need its ports, or change what it reads."""

AFTER_FEEDBACK = (
    Typed("calciphylaxis-cds feedback", "accepted"),
    Typed("calciphylaxis-cds overrides"),
    Typed("calciphylaxis-cds feedback --by card --since 2026-10-01", "accepted"),
    Typed("calciphylaxis-cds feedback --by week --csv", "accepted"),
    Typed("calciphylaxis-cds overrides --by reason --json", '"'),
    Typed("calciphylaxis-cds report", "Burden"),
    Typed("calciphylaxis-cds report --by held-back --csv"),
    Typed("calciphylaxis-cds report --since 2026-09-01 --by burden", "Burden"),
    Typed(
        "calciphylaxis-cds review sample --since 2026-11-01 --seed 202611 > sample.csv",
        "drawn with --seed 202611",
    ),
    Typed("calciphylaxis-cds review enter sample.csv", "have no verdict yet"),
    Typed("calciphylaxis-cds events prune --dry-run", "would be deleted"),
    Typed(
        'calciphylaxis-cds switch off --topic vka-cua --reason "step 3 names the wrong drug" --by "Dr Ana Silva"',
        "have been switched off",
    ),
    Typed("calciphylaxis-cds switch list", "vka-cua"),
    Typed(
        'calciphylaxis-cds switch on --topic vka-cua --reason "step 3 is mended" --by "Dr Ana Silva"',
        "nothing is switched off",
    ),
    Typed("calciphylaxis-cds events export --audit --since 2026-11-01 > audit.ndjson"),
)
"""Typed where the service of docs/connecting.md has taken feedback on a card, which was accepted."""

BY_ITSELF = ("make demo", "calciphylaxis-cds sandbox serve")
"""What the tests start by themselves."""

_STRANGER = "needs a stranger's server"
_CONTAINERS = "needs a container engine"
_IN_CI = "typed by .ci/run, in a fresh clone as well"
_LONG = "takes more than five minutes"
_DAYS = "its days lie behind those of the walk: unit/cds_service/commands/test_review.py"
_MINUTES = "takes minutes, and the walk has seven for all of its commands; "
NOT_TYPED = {
    "make test": _IN_CI,
    "make test-fuzz": f"{_LONG}; one of three of its cases runs with each change",
    "make test-real": _IN_CI,
    "make docs": _IN_CI,
    "docker compose up": _CONTAINERS,
    "docker compose up --build": _CONTAINERS,
    "calciphylaxis-cds sandbox load https://hapi.fhir.org/baseR4": _STRANGER,
    "calciphylaxis-cds sandbox clean https://hapi.fhir.org/baseR4": _STRANGER,
    "calciphylaxis-cds invoke --fhir https://hapi.fhir.org/baseR4 --patient cds-demo-hard-skin-on-warfarin": _STRANGER,
    "calciphylaxis-cds invoke --cds http://127.0.0.1:5000 --fetch --fhir https://hapi.fhir.org/baseR4 "
    "--patient cds-demo-hard-skin-on-warfarin": _STRANGER,
    "make burden": f"{_MINUTES}the same report on few charts: unit/cds_service/demo/test_burden.py",
    'make burden BURDEN="--charts 500 --seed 7"': f"{_MINUTES}as above",
    'make burden BURDEN="--on 2026-11-22"': f"{_MINUTES}as above",
    "make sbom": f"{_MINUTES}it installs two environments; its files: unit/test_project_files.py",
    "calciphylaxis-cds policy diff packaged packaged --site northern.toml --at 2026-12-01": "as below; it is slow",
    "calciphylaxis-cds report --since 2026-09-01 --until 2026-11-30 --tenant northern-dialysis": "its days lie behind "
    "those of the walk: unit/cds_service/commands/test_report.py",
    "calciphylaxis-cds review sample --size 30 --since 2026-11-01 --until 2026-11-30 --seed 202611 "
    "> november.csv": _DAYS,
    "calciphylaxis-cds review sample --kind held-back --size 10 --since 2026-11-01 --until 2026-11-30 --seed 202611 "
    "> held.csv": _DAYS,
    "calciphylaxis-cds review enter november.csv": "as its sample above",
    "calciphylaxis-cds report --by review --since 2026-11-01 --until 2026-11-30": "as above",
    "calciphylaxis-cds policy diff packaged ours --at 2026-12-01": "typed with --html and with --stories; it is slow",
    "make kill-rounds": _LONG,
    "make soak": _LONG,
    'make soak SOAK="--hosts 2"': _LONG,
    "make bench": _LONG,
    "make bench BENCH=--quick": f"{_MINUTES}and measures a machine that does nothing else: unit/test_bench.py",
    'make bench BENCH="--rounds 9 --seconds 10"': _LONG,
    "make bench BENCH=token": _LONG,
    'make bench BENCH="fetch --workers 2"': _LONG,
    "make bench BENCH=reading": _LONG,
    "make bench BENCH=hapi": _LONG,
    "make bench-peer": _LONG,
    "make bench-check": f"{_MINUTES}what it counts is counted by unit/test_request_cost.py",
}
"""Each with its reason."""
