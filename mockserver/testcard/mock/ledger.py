"""Accounts in memory: balances, what is held of them, and how often they were used.

Knows credits and time as they are handed in. Must not know locks (whoever keeps a Ledger has
one), jobs, or what credits are spent on.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil

from testcard.mock.world import Account, AccountId, Hold, RateLeft, credits_of

_ACCOUNT = 1_300  # bytes that an account takes, a hold, and one call that is counted
_HOLD = 500
_CALL = 33


_Key = tuple[str, str]


@dataclass(slots=True)
class _Entry:
    who: AccountId
    balance: Decimal
    held: Decimal = Decimal(0)
    holds: int = 0
    calls: deque[float] = field(default_factory=deque)


class Ledger:
    """Accounts and holds. Those used least recently are forgotten, those that hold never."""

    def __init__(self, balance: Decimal, most: int) -> None:
        """Begin without accounts.

        Args:
            balance: credits that each new account begins with.
            most: accounts that are remembered while they hold nothing.
        """
        self._balance = balance
        self._most = most
        self._idle: OrderedDict[_Key, _Entry] = OrderedDict()
        self._holding: OrderedDict[_Key, _Entry] = OrderedDict()
        self._holds: dict[int, Hold] = {}
        self._count = 0
        self._calls = 0

    @property
    def weight(self) -> int:
        """Bytes that all accounts and holds take."""
        accounts = len(self._idle) + len(self._holding)
        return _ACCOUNT * accounts + _HOLD * len(self._holds) + _CALL * self._calls

    def clear(self) -> None:
        """Forget every account and hold; ids of holds are not given again."""
        self._idle.clear()
        self._holding.clear()
        self._holds.clear()
        self._calls = 0

    def account(self, who: AccountId) -> Account:
        """Return an account, opened on first sight."""
        entry = self._used(who)
        return Account(who, entry.balance, entry.held)

    def accounts(self) -> tuple[Account, ...]:
        """Return every account: those that hold nothing first, each in the order of last use."""
        there = (*self._idle.values(), *self._holding.values())
        return tuple(Account(entry.who, entry.balance, entry.held) for entry in there)

    def set_balance(self, who: AccountId, balance: Decimal) -> Account:
        """Give an account this many credits, but never fewer than it holds."""
        balance = credits_of(balance)
        entry = self._used(who)
        entry.balance = max(balance, entry.held)
        return Account(who, entry.balance, entry.held)

    def reserve(self, who: AccountId, price: Decimal) -> Hold | None:
        """Hold `price`; None where too little is left."""
        entry = self._used(who)
        if entry.balance - entry.held < price:
            return None
        self._count += 1
        entry.held += price
        left = entry.balance - entry.held
        hold = self._holds[self._count] = Hold(self._count, who, price, left)
        entry.holds += 1
        if entry.holds == 1:
            key = _key(who)
            self._holding[key] = self._idle.pop(key)
        return hold

    def settle(self, hold: Hold) -> None:
        """Take what was held; nothing where the hold has ended."""
        entry = self._ended(hold)
        if entry is not None:
            entry.balance -= hold.amount

    def release(self, hold: Hold) -> None:
        """Give back what was held; nothing where the hold has ended."""
        self._ended(hold)

    def refund(self, hold: Hold) -> None:
        """Give back what was settled."""
        self._used(hold.account).balance += hold.amount

    def wait_for_turn(self, who: AccountId, most: int, seconds: float, now: float) -> int | None:
        """Count a call against a rate limit; the seconds to wait where it is one too many."""
        calls = self._used(who).calls
        while calls and calls[0] <= now - seconds:
            calls.popleft()
            self._calls -= 1
        if len(calls) >= most:
            return max(1, ceil(calls[0] + seconds - now))
        calls.append(now)
        self._calls += 1
        return None

    def rate_left(self, who: AccountId, most: int, seconds: float, now: float) -> RateLeft:
        """Return what is left of a rate limit; to ask counts as no call."""
        counted = [each for each in self._used(who).calls if each > now - seconds]
        resets = counted[-1] + seconds - now if counted else 0.0
        return RateLeft(max(0, most - len(counted)), resets)

    def _used(self, who: AccountId) -> _Entry:
        key = _key(who)
        for there in (self._holding, self._idle):
            entry = there.get(key)
            if entry is not None:
                there.move_to_end(key)
                return entry
        entry = _Entry(who, Decimal(0) if who.opens_empty else self._balance)
        self._idle[key] = entry
        self._forget_unused()
        return entry

    def _ended(self, hold: Hold) -> _Entry | None:
        if self._holds.pop(hold.id, None) is None:
            return None
        key = _key(hold.account)
        entry = self._holding[key]
        entry.held -= hold.amount
        entry.holds -= 1
        if not entry.holds:
            self._idle[key] = self._holding.pop(key)
            self._forget_unused()
        return entry

    def forget_oldest(self) -> bool:
        """Forget the account that was used longest ago and holds nothing; False for none such."""
        if len(self._idle) < 2:  # the latest is in use
            return False
        _, entry = self._idle.popitem(last=False)
        self._calls -= len(entry.calls)
        return True

    def _forget_unused(self) -> None:
        while len(self._idle) > self._most and self.forget_oldest():
            pass


def _key(who: AccountId) -> _Key:
    """What accounts are found by: a pair of texts is hashed and compared without Python code."""
    return who.provider, who.key_sha256
