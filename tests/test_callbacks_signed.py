"""How what is sent later is signed, verified by what others wrote; and that no secret is kept."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode
from hashlib import sha256

import orjson
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from tests.test_callbacks import FOX, HOOK, ask, built, due, predicted

from testcard.common.message import Call
from testcard.common.spec import SpecError
from testcard.mock.core import Mock


@pytest.fixture
def mock() -> Mock:
    return built()


def test_standard_webhooks_are_verified_by_its_own_library(mock: Mock) -> None:
    predicted(mock)
    (sent,) = due(mock, 1000)  # time that was let pass is not the receiver's
    secret = orjson.loads(ask(mock, "/v1/webhooks/secret", method="GET").body)["signing"]
    assert Webhook(secret).verify(sent.body, sent.headers) == sent.json
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(sent.body + b" ", sent.headers)


def test_ed25519_is_verified_with_the_key_that_is_served(mock: Mock) -> None:
    job = orjson.loads(ask(mock, f"/queue?hook={HOOK}", FOX).body)["id"]
    (sent,) = due(mock, 2)
    assert "url" in sent.json["payload"]["images"][0]
    got = sent.headers
    names = ("X-Hook-Request-Id", "X-Hook-User-Id", "X-Hook-Timestamp")
    assert [got[each] for each in names[:2]] == [job, "user-1"]
    lines = [*(got[each] for each in names), sha256(sent.body).hexdigest()]
    signature = bytes.fromhex(got["X-Hook-Signature"])
    own = orjson.loads(ask(mock, "/keys", method="GET").body)
    here = orjson.loads(mock.answer(Call("GET", "http://localhost/_testcard/jwks.json")).body)
    assert own == here
    (jwk,) = own["keys"]
    public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(jwk["x"] + "=="))
    public.verify(signature, "\n".join(lines).encode())
    with pytest.raises(InvalidSignature):
        public.verify(signature, "\n".join([*lines, ""]).encode())


def test_a_call_may_have_a_secret_of_its_own_which_stands_nowhere(mock: Mock) -> None:
    secret = "tell-nobody-of-it"
    ask(mock, "/paint", {**FOX, "callback_secret": secret}, **{"X-Callback": HOOK})
    (sent,) = due(mock)
    mock.outbox.answered(sent, 204)
    made = hmac.new(secret.encode(), sent.body, sha256).hexdigest()
    assert sent.headers["X-Signature"] == f"sha256={made}"
    kept = repr((mock.journal.entries(), mock.outbox.journal.entries(), sent))
    assert secret not in kept


def test_secrets_are_of_the_seed_or_told_and_are_not_journalled() -> None:
    first, again, other = built(), built(), built(seed=1)
    said = [ask(each, "/v1/webhooks/secret", method="GET").body for each in (first, again, other)]
    assert said[0] == said[1] != said[2]
    secret = orjson.loads(said[0])["signing"]
    assert secret.startswith("whsec_")
    assert secret not in repr(first.journal.entries())
    admin = first.answer(Call("GET", "http://localhost/_testcard/secrets"))
    assert orjson.loads(admin.body) == [{"provider": "callbacks", "secret": secret}]
    for told in ("whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMg==", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMg"):
        own = built(webhook_secrets={"callbacks": told})
        predicted(own)
        (sent,) = due(own, 2)
        Webhook("whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMg==").verify(sent.body, sent.headers)
    admin = own.answer(Call("GET", "http://localhost/_testcard/secrets"))
    assert orjson.loads(admin.body) == [{"provider": "callbacks", "secret": None}]


@pytest.mark.parametrize(
    ("secrets", "message"),
    [
        ({"nobody": "whsec_MTIz"}, "'nobody', which is not served; served: callbacks"),
        ({"callbacks": "no base64 at all!"}, "is no base64"),
        ({"callbacks": "!!!!"}, "is no base64"),
        ({"callbacks": "whsec_"}, "is no base64"),
        ({"callbacks": "my-secret_key!"}, "is no base64"),
        ({"callbacks": "gehört"}, "is no base64"),
        ({"callbacks": ""}, "is empty"),
    ],
)
def test_a_secret_that_signs_nothing_is_refused_and_not_repeated(
    secrets: dict[str, str], message: str
) -> None:
    with pytest.raises(SpecError, match=message) as refused:
        built(webhook_secrets=secrets)
    assert "at all!" not in str(refused.value)
