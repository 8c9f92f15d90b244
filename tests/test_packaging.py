"""The wheel: all of testcard and nothing else, and it works without the repository."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(
    find_spec("hatchling") is None, reason="hatchling, which builds the wheel, is not installed"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(  # noqa: S603 (our own words)
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_module_and_every_spec(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    shipped = {
        f"testcard/{path.relative_to(ROOT / root / 'testcard').as_posix()}"
        for root in ("contracts", "mockserver", "reference_impl")
        for path in (ROOT / root / "testcard").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    specs = {f"testcard/openapi/{path.name}" for path in (ROOT / "openapi").iterdir()}
    assert len(specs) == 6, "five, and what editors know their words by"
    expected = {
        "cli/main.py",
        "common/vocabulary.yaml",
        "mock/admin.yaml",
        "openapi/testcard.schema.json",
    }
    assert {f"testcard/{name}" for name in expected} <= names
    assert shipped | specs <= names
    assert {name for name in names if not name.startswith(("testcard/", "testcard-"))} == set()
    assert "testcard/__init__.py" not in names
    assert {name for name in names - shipped - specs if ".dist-info/" not in name} == set()


def test_what_is_installed_from_the_wheel_works_alone(wheel: Path, tmp_path: Path) -> None:
    """No `.pth` of an editable install is read: testcard is what the wheel holds."""
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {sysconfig.get_path('purelib')!r}];"
        "from testcard.assembly import build; from testcard.cli.main import app;"
        "import testcard.common.spec; print(testcard.common.spec.__file__);"
        "print(*build().dialects); app(['selfcheck'])"
    )
    done = subprocess.run(  # noqa: S603 (our own words)
        [sys.executable, "-S", "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    home, providers, complaints = done.stdout.splitlines()
    assert home.startswith(str(tmp_path))
    assert len(providers.split()) == 5
    assert complaints == "0 complaints"


USES = """
from testcard.assembly import Options, build
from testcard.common.message import Call
from testcard.mock.core import Mock
from testcard.providers.base import SpecDialect
from testcard.pytest_clauses import *

reveal_type(build(Options(seed=1)).answer(Call("GET", "http://localhost/")).status)
build(Options(seed="one"))
"""


def test_what_is_installed_from_the_wheel_is_typed(wheel: Path, tmp_path: Path) -> None:
    """A user's own mypy reads our types where testcard is installed: PEP 561."""
    pytest.importorskip("mypy", reason="mypy is not installed")
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    python = tmp_path / "env" / "bin" / "python"
    (site,) = (tmp_path / "env" / "lib").glob("python*/site-packages")
    with ZipFile(wheel) as archive:
        archive.extractall(site)
    (tmp_path / "uses.py").write_text(USES)
    done = subprocess.run(  # noqa: S603 (our own words)
        [sys.executable, "-m", "mypy", "--python-executable", str(python), "--strict", "uses.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'Revealed type is "int"' in done.stdout
    assert 'incompatible type "str"; expected "int"' in done.stdout
    assert "Found 1 error in 1 file" in done.stdout, done.stdout
