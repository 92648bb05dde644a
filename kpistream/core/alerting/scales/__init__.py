"""Scales: how each condition of a rule is weighed on the sums and the history of a slice."""
