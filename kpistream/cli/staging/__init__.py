"""The demo: its stage, and what it shows."""
