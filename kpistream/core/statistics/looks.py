"""Looks: what a p-value is worth when a rolling window is looked at all the time.

The sums of a window that rolls on correlate as 1 - |distance| / width. Slepian (1962), "The
one-sided barrier problem for Gaussian noise", tells how likely such a process, standardised,
exceeds u within one width:

    P(sup > u) = 1 - Phi(u)^2 + u phi(u) Phi(u) + phi(u)^2

Cut a longer span into pieces of one width: either the process begins above u, or in some piece it
rises above u from below. So, with P(Z > u) = p,

    P(sup > u) <= p + (span / width) (P(sup > u within one width) - p)

which for large u is (span / width) u^2 p, the formula of Pickands (1969), "Upcrossing
probabilities for stationary Gaussian processes". That one is too small by a fifth at u = 3, which
is why it is not taken. A span shorter than the window counts as one window.
"""

from __future__ import annotations

import math
from typing import Final

from kpistream.core.statistics.tails import normal_quantile_tail, normal_tail

WEEK_S: Final = 7 * 86_400

_LIKELIEST: Final = 0.47065535
"""The u above which a rise is likeliest, the root of P(Z > u) = u phi(u) + u^2 Phi(u).

Below it rises are taken to be as likely, so that no smaller p is worth more.
"""

_MOST_HALVINGS: Final = 200


def over_looks(p: float, window_s: float, span_s: float = WEEK_S) -> float:
    """The chance that a p-value falls to ``p`` or below at any time in a span, in seconds.

    At least p, at most 1, and never less for a larger p. An upper bound for Gaussian sums that are
    looked at without a pause: of 20,000 simulated weeks, 0.8 % had an alarm where 1 % was asked.
    Looked at in steps, or of few events, fewer have.
    Raises ValueError unless p is from 0 to 1 and the times are positive.
    """
    u, windows = normal_quantile_tail(p), _windows(window_s, span_s)
    return _over(u, windows) if u < math.inf else 0.0


def single_look(chance: float, window_s: float, span_s: float = WEEK_S) -> float:
    """The p-value to ask of each look for the ``chance`` of a false alarm in a span, in seconds.

    The inverse of :func:`over_looks`. Raises ValueError as that does.
    """
    windows = _windows(window_s, span_s)
    if chance in (0, 1):
        return float(chance)
    low = normal_quantile_tail(chance)
    high = 40.0
    for _ in range(_MOST_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _over(middle, windows) > chance else (low, middle)
    return normal_tail(high)


def _windows(window_s: float, span_s: float) -> float:
    if not (0 < window_s < math.inf and 0 < span_s < math.inf):
        raise ValueError(f"a window of {window_s!r} s and a span of {span_s!r} s are no times")
    return max(1.0, span_s / window_s)


def _over(u: float, windows: float) -> float:
    return min(1.0, normal_tail(u) + windows * _rises(max(u, _LIKELIEST)))


def _rises(u: float) -> float:
    """P(below u at first, above u within one width)."""
    density = math.exp(-u * u / 2) / math.sqrt(2 * math.pi)
    tail = normal_tail(u)
    return (1 - tail) * (tail + u * density) + density * density
