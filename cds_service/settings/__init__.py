"""What an operator can set, read from environment variables and checked at start.

What may live here: the settings, and how each is read.
"""

from cds_service.settings.model import (
    ENDING_SECONDS,
    LOCALES,
    MEDICATION_HISTORY,
    OTLP,
    PAGES,
    TRACING,
    WAITING_FOR_A_THREAD,
    Settings,
)
from cds_service.settings.reading import SettingsError, can_import, from_environment
from cds_service.settings.variables import VARIABLES

__all__ = [
    "ENDING_SECONDS",
    "LOCALES",
    "MEDICATION_HISTORY",
    "OTLP",
    "PAGES",
    "TRACING",
    "VARIABLES",
    "WAITING_FOR_A_THREAD",
    "Settings",
    "SettingsError",
    "can_import",
    "from_environment",
]
