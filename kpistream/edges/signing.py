"""Signs messages as Standard Webhooks says, so that a receiver knows who sent them.

The specification: https://github.com/standard-webhooks/standard-webhooks
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook

PREFIX: Final = "whsec_"
SHORTEST_KEY: Final = 24
LONGEST_KEY: Final = 64
"""Bytes of a key, by the specification."""


class InvalidSecret(ValueError):
    """A secret that signs nothing; the message does not repeat it."""


class Signer:
    """Signs with each of its secrets: two while receivers change from one to the next.

    A secret is ``whsec_`` and 24 to 64 random bytes in base64; raises InvalidSecret for any other,
    and for none.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise InvalidSecret("to sign takes at least one secret")
        self._keys = [Webhook(_key(secret)) for secret in secrets]

    def signature(self, message_id: str, at: datetime, body: bytes) -> str:
        """The header ``webhook-signature``: one for each secret, in their order.

        ``at`` is when this attempt is made, to the second below; the body is UTF-8.
        """
        # The package takes the wall clock of a datetime for UTC, whatever its zone.
        when, text = at.astimezone(UTC), body.decode()
        return " ".join(key.sign(message_id, when, text) for key in self._keys)


def _key(secret: str) -> bytes:
    if not secret.startswith(PREFIX):
        raise InvalidSecret(f"a signing secret begins with {PREFIX}")
    encoded = secret.removeprefix(PREFIX).rstrip("=")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSecret(f"what follows {PREFIX} in a signing secret is base64") from None
    if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        raise InvalidSecret(
            f"a signing secret has {SHORTEST_KEY} to {LONGEST_KEY} bytes, not {len(key)}; "
            "make one with: openssl rand -base64 32"
        )
    return key
