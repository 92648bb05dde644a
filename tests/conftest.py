"""How Hypothesis looks: the same examples in each run, whatever the machine and its load.

To look further: `pytest --hypothesis-profile=search`; what it finds stays in `.hypothesis`.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import HealthCheck, settings

_SLOW_IS_NO_MISTAKE: Final[dict[str, Any]] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow],
}

settings.register_profile("search", print_blob=True, **_SLOW_IS_NO_MISTAKE)
settings.register_profile("steady", derandomize=True, **_SLOW_IS_NO_MISTAKE)
settings.load_profile("steady")
