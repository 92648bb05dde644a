"""An instant as people read it: RFC 3339, in UTC, to the millisecond."""

from datetime import UTC, datetime


def rfc3339(epoch_s: float) -> str:
    """Epoch seconds as text, such as ``2026-03-01T10:00:00.250Z``; whole seconds stay short."""
    milliseconds = round(epoch_s * 1000)
    at = datetime.fromtimestamp(milliseconds // 1000, UTC).replace(tzinfo=None)
    fraction = milliseconds % 1000
    return f"{at.isoformat()}.{fraction:03d}Z" if fraction else f"{at.isoformat()}Z"
