"""From what was asked on the command line to a Report: targets, keys, budgets, exit codes.

Knows the mock and the contracts. Must not know the command line, or how reports look.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from testcard.assembly import Options, all_and, build, installed, open_engine
from testcard.clauses.judging import audit
from testcard.cli.words import BROKEN, EXAMPLES, KEPT, NOTHING, UsageError
from testcard.common.addresses import served_at
from testcard.common.extras import install
from testcard.common.message import Exchange, Trace
from testcard.common.reading import Profile, Reading
from testcard.contract.calls import Links
from testcard.contract.served import served_nothing
from testcard.contract.session import GOOD_KEY, Budget, Session
from testcard.contract.stand_in import StandIn
from testcard.contract.targets import Http, InProcess, Target
from testcard.contract.verdict import ProviderRun, Report, TargetKind, fails
from testcard.drivers.check import Driver, check
from testcard.drivers.interrupts import Interrupts
from testcard.drivers.plan import plan

_BALANCE: Final = Decimal(1_000_000)


@dataclass(frozen=True)
class CheckOptions:
    """What a check was asked to do.

    Attributes:
        providers: ids; none for all.
        against: mock, reference, or a URL, which may hold `{provider}`.
        key: of the account that pays; None where none was given.
        budget: credits, requests, seconds.
        deep: whether anything but the mock is explored by the generating drivers too.
        profile: of the mock, and the reading that is judged by.
        settings: provider id -> setting -> value.
        seed: of generated calls.
        examples: bodies drawn, good and bad each, for an operation; stories are two thirds of it.
        links: pictures in the web; None for those of the specs.
    """

    providers: tuple[str, ...] = ()
    against: str = "mock"
    key: str | None = None
    budget: Budget = Budget()  # noqa: RUF009 (frozen)
    deep: bool = False
    profile: Profile = "documented"
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seed: int = 0
    examples: int = EXAMPLES
    links: Links | None = None

    @property
    def simulated(self) -> bool:
        """Whether the mock answers, with test cards or with real pictures."""
        return self.against in ("mock", "reference")

    @property
    def name(self) -> str:
        """What answers, for people; without secrets."""
        if self.simulated:
            return f"{self.against} ({self.profile})"
        parts = urlsplit(self.against)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def sessions(wanted: CheckOptions, *, sending: bool = True) -> list[Session]:
    """Return a session for each provider, ready to send.

    Args:
        wanted: what is to be done.
        sending: whether anything will be sent, so that keys and budgets are needed.

    Raises:
        UsageError: the target is none, or a key, a budget or a picture is missing.
        SpecError: a provider or setting is unknown.
    """
    options = Options(
        providers=wanted.providers,
        profile=wanted.profile,
        settings=wanted.settings,
        seed=wanted.seed,
        balance=_BALANCE,
        engine=open_engine("reference") if wanted.against == "reference" and sending else None,
    )
    readings = [dialect.reading for dialect in build(options).dialects.values()]
    if wanted.simulated:
        return [_simulated(reading, options, wanted) for reading in readings]
    _require_live(wanted, readings, sending=sending)
    return [_live(reading, wanted) for reading in readings]


def _simulated(reading: Reading, options: Options, wanted: CheckOptions) -> Session:
    mock = build(options)
    kind: TargetKind = "reference" if wanted.against == "reference" else "mock"
    target = InProcess(
        mock.answer,
        kind=kind,
        name=wanted.name,
        base=served_at(reading.spec.id),
        serving=_serving(reading, kind, wanted),
    )
    return Session(reading, target, wanted.key or GOOD_KEY, wanted.budget, thorough=True)


def _serving(reading: Reading, kind: TargetKind, wanted: CheckOptions) -> str:
    """The command by which what answered in this process answers in another one."""
    own = reading.spec.id
    name = next((word for word in wanted.providers if Path(word).stem == own), own)
    engine = ["--engine", "reference"] if kind == "reference" else []
    profile = ["--profile", wanted.profile]
    found = wanted.settings.get(own, {}).items()
    settings = [word for key, value in found for word in ("--set", f"{own}.{key}={value}")]
    return shlex.join(["testcard", "serve", name, *profile, *engine, *settings])


def _require_live(wanted: CheckOptions, readings: Sequence[Reading], *, sending: bool) -> None:
    if len(readings) > 1 and "{provider}" not in wanted.against:
        names = ", ".join(reading.spec.id for reading in readings)
        raise UsageError(
            f"a URL stands in place of one provider's server, and {len(readings)} were named "
            f"({names}); name one, or write {{provider}} in the URL"
        )
    if sending and not wanted.key:
        raise UsageError(
            "a run against a URL needs a key of its own: give --key, --key-env or --key-file"
        )
    if sending and wanted.budget.credits is None:
        raise UsageError(
            "a run against a URL may cost money: give --budget CREDITS, or look first with --plan"
        )


def _live(reading: Reading, wanted: CheckOptions) -> Session:
    base = wanted.against.replace("{provider}", reading.spec.id)
    try:
        target: Target = Http(base, reading.places.lists, secret=reading.key_names)
    except ValueError as error:
        raise UsageError(str(error)) from error
    real = StandIn(base, reading.places.lists).is_real
    if real and wanted.links is None and _by_url_alone(reading):
        raise UsageError(
            f"{reading.spec.title} takes pictures by URL alone: give --picture URL, a picture in "
            f"the web that it can fetch"
        )
    links = wanted.links or Links()
    return Session(reading, target, wanted.key or "KEY", wanted.budget, links=links)


def _by_url_alone(reading: Reading) -> bool:
    return any(
        each.encodings == ("url",)
        for operation in reading.operations
        for each in (operation.body.pictures if operation.body else ())
    )


def drivers(wanted: CheckOptions) -> list[Driver]:
    """Return what sends calls: the plan, and where calls cost nothing the generating ones.

    Raises:
        UsageError: what the generating ones need is not installed.
    """
    if not (wanted.against == "mock" or wanted.deep):
        return [plan]
    try:
        from testcard.drivers.fuzz import fuzz
        from testcard.drivers.stateful import stateful
    except ImportError as error:
        raise UsageError(
            f"the generating drivers need more than is installed ({error}): {install('contracts')}"
        ) from error
    return [
        plan,
        partial(fuzz, examples=wanted.examples, seed=wanted.seed),
        partial(stateful, examples=-(-2 * wanted.examples // 3), seed=wanted.seed),
    ]


def run(
    wanted: CheckOptions,
    begin: Callable[[str], Callable[[Exchange], None] | None] = lambda _: None,
    interrupts: Interrupts | None = None,
) -> Report:
    """Check every provider that was asked for.

    After Ctrl-C nothing more is sent; the providers that are left are reported as such.

    Args:
        wanted: what is to be done.
        begin: told of each provider before its first call; returns what is told of each call.
        interrupts: in charge of Ctrl-C.

    Raises:
        UsageError: it cannot be done.
        SpecError: a provider or setting is unknown.
    """
    ready, driving = sessions(wanted), drivers(wanted)
    started, began = time.time(), time.perf_counter()
    taking = interrupts or Interrupts()
    runs: list[ProviderRun] = []
    for session in ready:
        session.watch = begin(session.reading.spec.id)
        runs.append(check(session, driving, taking))
    kind: TargetKind = ready[0].kind if ready else "mock"
    took = time.perf_counter() - began
    return Report(wanted.name, kind, tuple(runs), started, took, version("testcard"))


def run_audit(trace: Trace, name: str, kind: TargetKind, readings: Iterable[Reading]) -> Report:
    """Judge recorded traffic by each provider that it concerns."""
    started, began = time.time(), time.perf_counter()
    runs = (audit(reading, trace, kind) for reading in readings)
    found = tuple(each for each in runs if each.trace)
    took = time.perf_counter() - began
    return Report(name, kind, found, started, took, version("testcard"))


def all_readings(profile: Profile, specs: Iterable[str] = ()) -> list[Reading]:
    """Return the reading of every installed provider, and of each spec file named."""
    ids = all_and(specs) or tuple(spec.id for spec, _ in installed())
    mock = build(Options(providers=ids, profile=profile))
    return [dialect.reading for dialect in mock.dialects.values()]


def exit_code(
    report: Report, *, fail_on: str, require_exercised: bool, require_served: bool = False
) -> int:
    """Return the exit code of a report.

    Args:
        report: of a run.
        fail_on: the weakest grade whose breach counts.
        require_exercised: whether what was not exercised counts as broken.
        require_served: whether a provider that served no valid call counts as not exercised.
    """
    idle = [each for each in report.runs if not any(v.exercised for v in each.verdicts)]
    if require_served:
        idle += filter(served_nothing, report.runs)
    broken = any(
        fails(verdict, ruling, fail_on) for verdict in report.verdicts for ruling in verdict.rulings
    )
    if broken:
        return BROKEN
    if idle or not report.runs:
        return NOTHING
    missing = any(verdict.outcome == "not-exercised" for verdict in report.verdicts)
    return BROKEN if require_exercised and missing else KEPT


def key_from(key: str | None, variable: str | None, path: Path | None) -> str | None:
    """Return the key, from whichever of an option, the environment or a file was named.

    Raises:
        UsageError: more than one was named, or the one named holds nothing.
    """
    given = [each for each in (key, variable, path) if each is not None]
    if len(given) > 1:
        raise UsageError(
            "the key was given more than once; give one of --key, --key-env, --key-file"
        )
    if variable is not None:
        found = os.environ.get(variable, "").strip()
        if not found:
            raise UsageError(f"--key-env {variable}: no such variable, or an empty one")
        return found
    if path is not None:
        try:
            found = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--key-file {path}: cannot be read: {error}") from error
        if not found or "\n" in found:
            raise UsageError(f"--key-file {path}: one line with the key was expected")
        return found
    if key is not None and not key.strip():
        raise UsageError("--key is empty")
    return key.strip() if key else None
