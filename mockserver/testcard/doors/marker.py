"""What a test asks of its mock: the words of `@pytest.mark.testcard` -> Options.

Knows the words and what they take. Must not know pytest, or a door.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, get_args

from testcard.assembly import Options, build, dialects_of, open_engine
from testcard.job import Engine
from testcard.mock.core import Mock
from testcard.mock.inputs import Inputs
from testcard.mock.world import JobPolicy
from testcard.providers.base import SpecDialect
from testcard.reading import Profile


@dataclass(frozen=True)
class Setup:
    """What one test asks for.

    Attributes:
        provider: an id, or several; all that are installed where none is named.
        profile: lenient or documented.
        settings: "provider.setting" -> value, as `testcard show` lists them.
        credits: what each account begins with.
        jobs: when asynchronous jobs end: at-once, polls:N, seconds:T, never or fail.
        seed: of ids and random seeds.
        pictures: a folder whose files stand for the URLs that clients send.
        engine: what paints: card, or reference for real pictures.
        strict: whether what is reported at the end of the test fails it.
    """

    provider: str | Iterable[str] = ()
    profile: Profile = "lenient"
    settings: Mapping[str, Any] = field(default_factory=dict)
    credits: int | float | str | Decimal = 1000
    jobs: str = "polls:1"
    seed: int = 0
    pictures: str | Path | None = None
    engine: str = "card"
    strict: bool = False

    def changed(self, words: Mapping[str, Any]) -> Setup:
        """Return this with `words` in place of its own.

        Raises:
            ValueError: one of them is no word of it, or not of its kind; the message lists them.
        """
        known = [each.name for each in fields(self)]
        for word in words:
            if word not in known:
                raise ValueError(f"unknown argument {word!r}; it takes: {', '.join(known)}")
        changed = replace(self, **words)
        for word, kind in (("seed", int), ("strict", bool), ("settings", Mapping)):
            value = getattr(changed, word)
            if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                raise ValueError(f"{word} is {value!r}; {_article(kind.__name__)} was expected")
        return changed

    def options(self, folder: Path) -> Options:
        """Return it as a mock is told; a relative path of pictures begins at `folder`.

        Raises:
            ValueError: a value is not one that is taken; the message says which are.
        """
        if self.profile not in get_args(Profile):
            names = " or ".join(get_args(Profile))
            raise ValueError(f"profile is {self.profile!r}; {names} was expected")
        return Options(
            providers=(self.provider,) if isinstance(self.provider, str) else tuple(self.provider),
            profile=self.profile,
            settings=_nested(self.settings),
            seed=self.seed,
            balance=credits_of(self.credits),
            policy=JobPolicy.parse(self.jobs),
            pictures=_folder(folder, self.pictures),
            engine=_opened(self.engine),
        )


class Shelf:
    """What the tests of one run can share, for it never changes: a test costs no reading of specs.

    Attributes:
        inputs: remembers the pictures that stand for URLs, where no folder of pictures is named.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.inputs = Inputs()
        self._kept: dict[str, list[SpecDialect]] = {}

    def mock(self, options: Options) -> Mock:
        """Put a mock together, in a world of its own.

        Raises:
            SpecError: as `testcard.assembly.build`.
        """
        inputs = self.inputs if options.pictures is None else None
        return build(options, self._dialects(options), inputs)

    def _dialects(self, options: Options) -> list[SpecDialect]:
        key = repr((options.providers, options.profile, options.settings))
        if key not in self._kept:
            self._kept[key] = dialects_of(options)
        return self._kept[key]


@cache
def _opened(name: str) -> Engine | None:
    """An engine, loaded once for all tests of a run."""
    return open_engine(name)


def credits_of(value: float | str | Decimal) -> Decimal:
    """Return an amount of credits.

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


def _nested(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    nested: dict[str, dict[str, Any]] = {}
    for place, value in settings.items():
        provider, dot, name = place.rpartition(".")
        if not (provider and dot and name):
            raise ValueError(f"the setting {place!r} names no provider; write 'provider.setting'")
        nested.setdefault(provider, {})[name] = value
    return nested


def _folder(begin: Path, pictures: str | Path | None) -> Path | None:
    if pictures is None:
        return None
    folder = begin / pictures
    if not folder.is_dir():
        raise ValueError(f"pictures is {str(pictures)!r}, and there is no folder {folder}")
    return folder


def _article(name: str) -> str:
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
