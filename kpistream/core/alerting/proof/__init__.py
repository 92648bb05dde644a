"""Proof before trust: tests of rules, and replays of history."""
