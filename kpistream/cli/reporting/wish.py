"""The period that somebody wants reported."""

from __future__ import annotations

from datetime import date, timedelta

from kpistream.cli.failures import WRONG, Failure
from kpistream.core.reporting.period import Kind, Period, last_complete, span
from kpistream.core.windows.days import Days


class Wish:
    """Which period somebody wants."""

    def __init__(
        self, kind: Kind, ending: date | None = None, span: tuple[date, date] | None = None
    ) -> None:
        self.kind = kind
        self.ending = ending
        self.span = span

    def period(self, days: Days, known_until_s: float) -> Period:
        """It, in the days of a zone; raises Failure if it is none, or all of it is yet to come."""
        if self.span is not None:
            try:
                found = span(*self.span, days)
            except ValueError as error:
                raise Failure(f"--from and --to: {error}", WRONG) from None
        elif self.ending is not None:
            midnight = days.midnight(self.ending + timedelta(days=1))
            found = last_complete(self.kind, midnight, days)
        else:
            found = last_complete(self.kind, known_until_s, days)
        if found.from_s >= known_until_s:
            until = days.wall(known_until_s)
            problem = f"{found.first} is yet to come: what is known ends at {until:%Y-%m-%d %H:%M}"
            raise Failure(problem, WRONG)
        return found


def wished(kind: Kind, ending: str | None, since: str | None, until: str | None) -> Wish:
    """The wish that the command's options make; raises Failure if they make none."""
    wish = Wish(kind, _date("--ending", ending), _dates(since, until))
    if wish.ending is not None and wish.span is not None:
        raise Failure("--ending and --from with --to name two periods: leave one out", WRONG)
    return wish


def _date(flag: str, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise Failure(f"{flag}: {text!r} is no date such as 2026-03-01", WRONG) from None


def _dates(since: str | None, until: str | None) -> tuple[date, date] | None:
    first, end = _date("--from", since), _date("--to", until)
    if first is None and end is None:
        return None
    if first is None or end is None:
        raise Failure("--from and --to go together", WRONG)
    return first, end
