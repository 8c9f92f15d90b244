"""Which providers are found: two of one name, and packages of others that do not load."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path
from shutil import copy

import pytest

from testcard import assembly
from testcard.assembly import Options, build
from testcard.common.spec import SpecError, bundled
from testcard.providers.base import SpecDialect

BUNDLED = [path.stem for path in bundled()]


class NoSpec(SpecDialect):
    """A dialect of somebody else's that forgot its spec."""


class Lost(SpecDialect):
    """A dialect of somebody else's whose spec is gone."""

    spec_file = Path("/nowhere/acme.yaml")


NO_DIALECT = "a sentence"


def raises() -> None:
    """Fail, as a module does that is imported without what it needs."""
    raise RuntimeError("no licence was found")


def __getattr__(name: str) -> object:
    if name == "Breaks":
        raises()
    raise AttributeError(name)


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """A list of entry points that are found beside the installed ones."""
    others: list[EntryPoint] = []

    def found(*, group: str) -> EntryPoints:
        return EntryPoints([*entry_points(group=group), *others])

    monkeypatch.setattr("testcard.assembly.entry_points", found)
    assembly._points.cache_clear()
    yield others
    assembly._points.cache_clear()


def point(value: str, name: str = "acme") -> EntryPoint:
    return EntryPoint(name, value, assembly.GROUP)


BROKEN = [
    ("no_such_package.dialect:Acme", "ModuleNotFoundError: No module named 'no_such_package'"),
    (f"{__name__}:Absent", "AttributeError"),
    (f"{__name__}:Breaks", "RuntimeError: no licence was found"),
    (f"{__name__}:NO_DIALECT", "it is no subclass of testcard.providers.base.SpecDialect"),
    (f"{__name__}:NoSpec", "NoSpec has no spec_file"),
    (f"{__name__}:Lost", "/nowhere/acme.yaml: not a readable YAML file"),
]


@pytest.mark.parametrize(("value", "why"), BROKEN)
def test_a_broken_package_of_others_is_named_and_the_rest_is_served(
    register: list[EntryPoint], caplog: pytest.LogCaptureFixture, value: str, why: str
) -> None:
    """Every command ended with a traceback."""
    register.append(point(value))
    with caplog.at_level(logging.WARNING, "testcard.providers"):
        assert list(build().dialects) == BUNDLED
    (warned,) = caplog.messages
    assert "'acme'" in warned
    assert value in warned
    assert why in warned
    assert "is passed over" in warned


@pytest.mark.parametrize(("value", "why"), BROKEN)
def test_a_broken_package_that_was_asked_for_is_an_error(
    register: list[EntryPoint], value: str, why: str
) -> None:
    register.append(point(value))
    with pytest.raises(SpecError) as told:
        build(Options(providers=("acme",)))
    assert value in str(told.value)
    assert why in str(told.value)
    assert list(build(Options(providers=("segmind",))).dialects) == ["segmind"]


def test_one_name_that_two_packages_register_is_taken_from_neither(
    register: list[EntryPoint], caplog: pytest.LogCaptureFixture
) -> None:
    """The one found last was taken, without a word."""
    register.append(point(f"{__name__}:NoSpec", "segmind"))
    with pytest.raises(SpecError, match=r"'segmind' is registered twice: by .* and by "):
        build(Options(providers=("segmind",)))
    with caplog.at_level(logging.WARNING, "testcard.providers"):
        assert list(build().dialects) == [each for each in BUNDLED if each != "segmind"]
    assert "registered twice" in caplog.text


@pytest.fixture
def twins(tmp_path: Path) -> tuple[str, str]:
    """Two files of one name in two folders."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        copy(bundled()[0], tmp_path / folder / "x.yaml")
    return str(tmp_path / "a" / "x.yaml"), str(tmp_path / "b" / "x.yaml")


def test_two_specs_of_one_name_are_refused_naming_both(twins: tuple[str, str]) -> None:
    """The last one was served, without a word."""
    with pytest.raises(SpecError) as told:
        build(Options(providers=twins))
    assert all(path in str(told.value) for path in twins)
    assert "'x'" in str(told.value)
    assert "rename" in str(told.value)


def test_a_spec_named_like_a_chosen_provider_is_refused_too(tmp_path: Path) -> None:
    copied = tmp_path / "segmind.yaml"
    copy(next(path for path in bundled() if path.stem == "segmind"), copied)
    with pytest.raises(SpecError, match=r"two specs are called 'segmind'"):
        build(Options(providers=("segmind", str(copied))))
    assert list(build(Options(providers=(str(copied),))).dialects) == ["segmind"]


def test_one_spec_that_is_named_twice_is_served_once(twins: tuple[str, str]) -> None:
    assert list(build(Options(providers=(twins[0], twins[0]))).dialects) == ["x"]
    assert list(build(Options(providers=("segmind", "segmind"))).dialects) == ["segmind"]
