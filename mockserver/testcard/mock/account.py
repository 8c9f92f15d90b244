"""Accounts and what is held of their credits, as values.

Must not know HTTP, a provider's words, or how accounts are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from testcard.common.keys import key_digest, kind_of


def credits_of(value: object) -> Decimal:
    """Return an amount of credits, as a number or in digits.

    Raises:
        ValueError: it is no number from 0 up.
    """
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and amount >= 0):
        raise ValueError(f"credits are {value!r}; a number from 0 up was expected")
    return amount


@dataclass(frozen=True, slots=True)
class AccountId:
    """Whose credits: one key with one provider. The key itself is not kept.

    Attributes:
        provider: id of the provider.
        key_sha256: hex digest of the key, so that a key is kept nowhere and weighs the same.
        opens_empty: whether the account begins without credits.
    """

    provider: str
    key_sha256: str
    opens_empty: bool = field(default=False, compare=False)

    @classmethod
    def of(cls, provider: str, key: str) -> AccountId:
        """Return the id of the account that `key` has with `provider`; it may open empty."""
        return cls(provider, key_digest(key), kind_of(key) == "empty")


@dataclass(frozen=True, slots=True)
class Account:
    """One key's credits with one provider, as they were when it was asked for.

    Attributes:
        id: whose they are.
        balance: credits left, at least what is held; what is held counts as left until settled.
        held: credits reserved for calls and jobs that have not ended.
    """

    id: AccountId
    balance: Decimal
    held: Decimal = Decimal(0)

    @property
    def spendable(self) -> Decimal:
        """Credits that a further call may cost."""
        return self.balance - self.held


@dataclass(frozen=True, slots=True)
class RateLeft:
    """What is left of a rate limit.

    Attributes:
        calls: that may be made at once.
        resets: seconds until as many as ever may be.
    """

    calls: int
    resets: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Credits reserved for one call or job, to be settled or released once.

    Attributes:
        id: no other hold of this World ever has it.
        account: who pays.
        amount: credits.
        left: credits that the account could still spend when this was held.
    """

    id: int
    account: AccountId
    amount: Decimal
    left: Decimal = field(default=Decimal(0), compare=False)
