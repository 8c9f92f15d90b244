"""From options to a Mock: which providers, which profile, which settings.

Knows where providers come from. Must not know doors.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from testcard.card.engine import CardEngine
from testcard.card.pool import CardPool
from testcard.common.extras import install
from testcard.common.job import Engine
from testcard.common.reading import Profile
from testcard.common.spec import Spec, SpecError, bundled, load
from testcard.mock.access import Access
from testcard.mock.core import LARGEST_BODY, Mock
from testcard.mock.destinations import Destinations
from testcard.mock.inputs import Inputs
from testcard.mock.journal import Entry, Journal
from testcard.mock.memory_limit import DEFAULT_MEMORY, MemoryLimit
from testcard.mock.memory_world import MemoryWorld
from testcard.mock.picture_folder import PictureFolder
from testcard.mock.signing import Signer, check_secrets
from testcard.mock.world import JobPolicy
from testcard.providers.base import SpecDialect
from testcard.providers.named import dialect_named

GROUP = "testcard.providers"
ENGINES = "testcard.engines"

_FILES = (".yaml", ".yml", ".json")
_Provider = tuple[Spec, type[SpecDialect]]
_log = logging.getLogger(GROUP)


@dataclass(frozen=True)
class Options:
    """What a mock can be told.

    Attributes:
        providers: ids, or paths of spec files; none for all that are installed.
        profile: lenient takes what real clients send; documented is the page to the letter.
        settings: provider id -> setting -> value, as `testcard show` lists them.
        seed: of ids and random seeds.
        balance: credits that each account begins with.
        policy: when asynchronous jobs end.
        pictures: a folder whose files stand for the URLs that clients send.
        largest_body: bytes of a request body that are taken.
        memory: bytes that calls, jobs, accounts and pictures take together, about, at most.
        trim: gives memory that was let go back to the system; None to leave that to Python.
        watch: called with each journal entry.
        engine: what paints; None for test cards.
        access: who may look after the mock under /_testcard/.
        deliver: hosts that callbacks are delivered to, beside this machine: HOST or HOST:PORT.
        webhook_secrets: provider id -> the secret that its callbacks are signed with.
    """

    providers: tuple[str, ...] = ()
    profile: Profile = "lenient"
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seed: int = 0
    balance: Decimal = Decimal(1000)
    policy: JobPolicy = field(default_factory=JobPolicy)
    pictures: Path | None = None
    largest_body: int = LARGEST_BODY
    memory: int = DEFAULT_MEMORY
    trim: Callable[[], None] | None = None
    watch: Callable[[Entry], None] | None = None
    engine: Engine | None = None
    access: Access = field(default_factory=Access)
    deliver: tuple[str, ...] = ()
    webhook_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def build(
    options: Options = Options(),
    dialects: Sequence[SpecDialect] = (),
    inputs: Inputs | None = None,
) -> Mock:
    """Put a mock together.

    Args:
        options: what it is told.
        dialects: what `dialects_of` these options gave before; read anew where none are given.
        inputs: what mocks of the same pictures share, for it remembers what it has read.

    Raises:
        SpecError: a provider or setting is unknown, or a spec is not one that testcard reads.
    """
    memory = MemoryLimit(options.memory, options.trim)
    dialects = dialects or dialects_of(options)
    check_secrets(
        {each.reading.spec.id: each.reading for each in dialects}, options.webhook_secrets
    )
    return Mock(
        dialects,
        MemoryWorld(
            seed=options.seed, balance=options.balance, policy=options.policy, memory=memory
        ),
        options.engine or CardEngine(),
        inputs
        or Inputs(PictureFolder(options.pictures) if options.pictures else None, memory=memory),
        journal=Journal(options.watch, memory),
        largest_body=options.largest_body,
        memory=memory,
        access=options.access,
        signer=Signer(options.seed, options.webhook_secrets),
        destinations=Destinations.of(options.deliver),
    )


def dialects_of(options: Options) -> list[SpecDialect]:
    """Read the chosen specs. Dialects hold no state, so that any number of mocks may share them.

    Raises:
        SpecError: as `build`.
    """
    chosen = _each_once(find(name) for name in options.providers) or installed()
    ids = {spec.id for spec, _ in chosen}
    for name in options.settings.keys() - ids:
        raise SpecError(f"settings for {name!r}, which is not served; served: {_list(ids)}")
    return [
        dialect(spec, options.profile, options.settings.get(spec.id, {}))
        for spec, dialect in chosen
    ]


def open_engine(
    name: str,
    models: Sequence[str] = (),
    left: Callable[[], bool] = lambda: False,
    *,
    compiled: bool = False,
    together: int | None = None,
    quiet: bool = True,
) -> Engine | None:
    """Open the engine of this name; None for that of the test cards, which is built in.

    Args:
        name: `card`, or that of an entry point of the group `testcard.engines`.
        models: checkpoints that it is to paint with.
        left: whether the client is gone for whom this thread works.
        compiled: have `models` compiled: slow to start, then faster.
        together: pictures painted as one batch; None for the engine's own choice.
        quiet: tell the terminal nothing of each painting's progress.

    Raises:
        SpecError: there is no such engine, or what it needs is not installed.
        OSError: one of `models` is no checkpoint.
    """
    if name == "card":
        if models or compiled or together is not None:
            said = "models, batches and compiling are the reference engine's"
            raise SpecError(f"{said}; add --engine reference")
        return None
    points = {point.name: point for point in entry_points(group=ENGINES)}
    if name not in points:
        raise SpecError(f"{name!r} is no engine; there are: {_list(('card', *points))}")
    try:
        opened: Callable[..., Engine] = points[name].load()
    except ImportError as error:
        todo = install(name)
        seen = f"engine {name!r} needs more than is installed ({error})"
        raise SpecError(f"{seen}: {todo}") from error
    return opened(models, left=left, compiled=compiled, together=together, quiet=quiet)


@contextmanager
def on_cores(engine: Engine | None, painters: int | None) -> Iterator[Engine | None]:
    """Yield `engine`, or, where it is the built-in one, its like that paints on several cores.

    The processes that it paints in end with the block.

    Args:
        engine: what `open_engine` returned.
        painters: processes, for test cards alone; None for one a core, and none on one core; 0
            for none.

    Raises:
        SpecError: `painters` are asked of an engine that has none.
    """
    if engine is not None:
        if painters is not None:
            raise SpecError(f"--painters are for test cards; engine {engine.name!r} has none")
        yield engine
        return
    cores = os.cpu_count() or 1
    processes = (cores if cores > 1 else 0) if painters is None else painters
    if not processes:
        yield None
        return
    pool = CardPool(processes)
    try:
        yield pool
    finally:
        pool.close()


def installed() -> list[_Provider]:
    """Return every installed provider's spec and dialect, in the order of their ids.

    One that cannot be opened is passed over, with a warning in the log that names it.
    """
    opened = []
    for name in sorted(_points()):
        try:
            opened.append(_open(name))
        except SpecError as error:
            _log.warning("testcard: %s. It is passed over.", error)
    return opened


def _each_once(chosen: Iterable[_Provider]) -> list[_Provider]:
    found: dict[str, _Provider] = {}
    for spec, dialect in chosen:
        other = found.setdefault(spec.id, (spec, dialect))[0]
        if other.path.resolve() != spec.path.resolve():
            seen = f"two specs are called {spec.id!r}: {other.path} and {spec.path}"
            raise SpecError(f"{seen}; a provider has the name of its file: rename one")
    return list(found.values())


def find(name: str) -> _Provider:
    """Return the spec and dialect of a provider, or of `FILE` or `FILE:module.Class`.

    Raises:
        SpecError: nothing is called so; the message lists what is.
    """
    if name in _points():
        return _open(name)
    if name.endswith(_FILES):
        return load(Path(name)), SpecDialect
    file, colon, dialect = name.rpartition(":")
    if colon and file.endswith(_FILES):
        return load(Path(file)), dialect_named(dialect)
    known = _list(_points())
    todo = "or name a spec file (.yaml, .json), its dialect behind a colon"
    raise SpecError(f"{name!r} is no provider; there are: {known}; {todo}")


def all_and(specs: Iterable[str]) -> tuple[str, ...]:
    """Return what is installed by its ids, and the spec files named; none where none are."""
    named = tuple(specs)
    return (*(spec.id for spec, _ in installed()), *named) if named else ()


def _open(name: str) -> _Provider:
    point, *others = _points()[name]
    if others:
        seen = " and by ".join(map(_registrar, (point, *others)))
        raise SpecError(f"provider {name!r} is registered twice: by {seen}; uninstall one")
    try:
        dialect = point.load()
    except Exception as error:  # whatever another's package raises when it is imported
        why = f"it cannot be loaded: {type(error).__name__}: {error}"
        raise SpecError(f"provider {name!r} of {_registrar(point)}: {why}") from error
    if not (isinstance(dialect, type) and issubclass(dialect, SpecDialect)):
        why = "it is no subclass of testcard.providers.base.SpecDialect"
        raise SpecError(f"provider {name!r} of {_registrar(point)}: {why}")
    path = dialect.spec_file or {path.stem: path for path in bundled()}.get(name)
    if path is None:
        raise SpecError(f"provider {name!r} names no spec: {point.value} has no spec_file")
    try:
        return load(path), dialect
    except SpecError as error:
        raise SpecError(f"provider {name!r} of {_registrar(point)}: {error}") from error


def _registrar(point: EntryPoint) -> str:
    package = point.dist.name if point.dist else "a package without a name"
    return f"{package} ({point.value})"


@cache
def _points() -> Mapping[str, tuple[EntryPoint, ...]]:
    points: dict[str, tuple[EntryPoint, ...]] = {}
    for point in entry_points(group=GROUP):
        same = points.get(point.name, ())
        points[point.name] = same if point in same else (*same, point)
    return points


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
