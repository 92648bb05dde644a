"""Benchmarks: how fast, how late, and where the time goes; `python -m bench --help`."""
