import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from kpistream.edges.signing import InvalidSecret, Signer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of the specification's example
NEXT = "whsec_" + base64.b64encode(bytes(range(32))).decode()
BODY = b'{"test": 2432232314}'
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def secret_of(length: int) -> str:
    return "whsec_" + base64.b64encode(b"k" * length).decode()


def test_a_message_is_signed_as_in_the_example_of_the_specification() -> None:
    assert Signer([SECRET]).signature(MESSAGE_ID, AT, BODY) == SIGNATURE


@pytest.mark.parametrize(
    "at",
    [
        AT + timedelta(microseconds=999_999),
        AT.astimezone(timezone(timedelta(hours=5, minutes=30))),
    ],
)
def test_the_time_is_told_in_whole_seconds_of_any_zone(at: datetime) -> None:
    assert Signer([SECRET]).signature(MESSAGE_ID, at, BODY) == SIGNATURE


def test_while_secrets_rotate_each_of_them_signs() -> None:
    signature = Signer([SECRET, NEXT]).signature(MESSAGE_ID, AT, BODY)
    assert signature.split(" ") == [SIGNATURE, Signer([NEXT]).signature(MESSAGE_ID, AT, BODY)]


@pytest.mark.parametrize("known", [SECRET, NEXT])
def test_a_receiver_that_knows_either_secret_believes_the_message(known: str) -> None:
    at = datetime.now(UTC)
    headers = {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Signer([SECRET, NEXT]).signature(MESSAGE_ID, at, BODY),
    }
    receiver = Webhook(known)
    assert receiver.verify(BODY, headers) == {"test": 2432232314}
    for changed in ({"webhook-id": "msg_2"}, {"webhook-timestamp": str(int(at.timestamp()) - 1)}):
        with pytest.raises(WebhookVerificationError):
            receiver.verify(BODY, headers | changed)
    with pytest.raises(WebhookVerificationError):
        receiver.verify(BODY + b" ", headers)


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        ("", "begins with whsec_"),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begins with whsec_"),
        ("WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begins with whsec_"),
        (" whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begins with whsec_"),
        ("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begins with whsec_"),
        ("whsec_", "24 to 64 bytes, not 0"),
        ("whsec_====", "24 to 64 bytes, not 0"),
        ("whsec_not/base64!", "is base64"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2La-_Sw", "is base64"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", "is base64"),
        ("whsec_MfKQé", "is base64"),
        ("whsec_A", "is base64"),
        (secret_of(23), "24 to 64 bytes, not 23"),
        (secret_of(65), "24 to 64 bytes, not 65"),
    ],
)
def test_a_secret_that_is_none_is_refused_without_repeating_it(secret: str, problem: str) -> None:
    with pytest.raises(InvalidSecret, match=problem) as refused:
        Signer([SECRET, secret])
    assert str(refused.value).count(secret or "nothing") == 0


@pytest.mark.parametrize("secret", [secret_of(24), secret_of(64), secret_of(32).rstrip("=")])
def test_a_secret_is_24_to_64_bytes_padded_or_not(secret: str) -> None:
    assert Signer([secret]).signature(MESSAGE_ID, AT, BODY).startswith("v1,")


def test_to_sign_takes_a_secret() -> None:
    with pytest.raises(InvalidSecret, match="at least one"):
        Signer([])


def test_a_signer_does_not_show_its_secrets() -> None:
    signer = Signer([SECRET])
    assert SECRET.removeprefix("whsec_") not in repr(signer) + repr(vars(signer))
