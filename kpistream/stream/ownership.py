"""Ownerships: each time a worker is given a partition, it owns it under a new name."""

import secrets


def new_owner() -> bytes:
    """A name that no other ownership of a partition has."""
    return secrets.token_hex(5).encode()
