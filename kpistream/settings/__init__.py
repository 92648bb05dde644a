"""Settings: from flags, the environment (``KPISTREAM_...``) and a YAML file, in that order.

Only the command line reads them; everything else is handed what it needs.
"""

from kpistream.settings.defaults import (
    CONFIG_VARIABLE,
    DEFAULT_FILE,
    DEFAULT_TOPICS,
    PREFIX,
    SHIPPED,
    TOKEN_VARIABLE,
)
from kpistream.settings.file import read_text, unreadable
from kpistream.settings.loading import load_settings
from kpistream.settings.model import (
    Length,
    Name,
    Settings,
    WholeDays,
    WindowName,
    settings_of,
)
from kpistream.settings.names import topic_error
from kpistream.settings.receivers import (
    DAYS_OF_WEEK,
    HTTP,
    MuteTimeSettings,
    ReceiverSettings,
    SpecialDaySettings,
    Webhook,
)

__all__ = [
    "CONFIG_VARIABLE",
    "DAYS_OF_WEEK",
    "DEFAULT_FILE",
    "DEFAULT_TOPICS",
    "HTTP",
    "PREFIX",
    "SHIPPED",
    "TOKEN_VARIABLE",
    "Length",
    "MuteTimeSettings",
    "Name",
    "ReceiverSettings",
    "Settings",
    "SpecialDaySettings",
    "Webhook",
    "WholeDays",
    "WindowName",
    "load_settings",
    "read_text",
    "settings_of",
    "topic_error",
    "unreadable",
]
