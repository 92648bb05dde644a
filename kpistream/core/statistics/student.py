"""Student's distribution, for means whose deviation is estimated too."""

from __future__ import annotations

from kpistream.core.statistics.tails import beta_regularised


def student_tail(t: float, freedom: float) -> float:
    """P(T > t) for t >= 0 and so many degrees of freedom; Student (1908).

    I_x(f/2, 1/2) / 2 with x = f / (f + t^2), Abramowitz and Stegun 26.7.1.
    """
    return beta_regularised(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2
