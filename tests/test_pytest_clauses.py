"""A user's own test module of three lines: clauses over a provider and whoever answers."""

from __future__ import annotations

import pytest

from testcard.common.spec import SpecError
from testcard.pytest_clauses import clauses

pytest_plugins = ["pytester"]

_MODULE = """
from testcard.pytest_clauses import clauses
from {module} import {name}
test_it = clauses("{provider}", {answer})
"""
_FAITHFUL = {
    "module": "testcard.assembly",
    "name": "build, Options",
    "answer": "build(Options(profile='documented')).answer",
}
_MUTANT = {
    "module": "tests.mutants.score",
    "name": "known",
    "answer": "known('{mutant}').build()",
}


def _module(parts: dict[str, str], provider: str, mutant: str = "") -> str:
    told = {**parts, "answer": parts["answer"].format(mutant=mutant)}
    return _MODULE.format(provider=provider, **told)


def test_three_lines_judge_each_clause(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(_module(_FAITHFUL, "segmind"))
    result = pytester.runpytest("-p", "no:randomly", "-rs")
    counts = result.parseoutcomes()
    assert counts["passed"] > 30
    assert "failed" not in counts
    result.stdout.fnmatch_lines(["*not exercised: it takes *"])


def test_a_broken_promise_fails_its_own_test(pytester: pytest.Pytester) -> None:
    """The failure says what was seen, what was expected, and where the page says so."""
    pytester.makepyfile(_module(_MUTANT, "segmind", "segmind-header-text"))
    result = pytester.runpytest("-p", "no:randomly")
    result.stdout.fnmatch_lines(
        [
            "*test_it?money.counted?*",
            "*seen: x-remaining-credits: * credits; expected: *(documented: *line*)",
        ]
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_weaker_promise_is_noted_unless_it_is_asked_to_fail(pytester: pytest.Pytester) -> None:
    module = _module(_MUTANT, "imagepipeline", "imagepipeline-invalid-400")
    pytester.makepyfile(test_noted=module)
    strictly = module.replace(".build())", ".build(), fail_on='assumed')")
    pytester.makepyfile(test_strictly_noted=strictly)
    noted = pytester.runpytest("-p", "no:randomly", "--junitxml=noted.xml", "test_noted.py")
    assert noted.ret == pytest.ExitCode.OK
    assert 'name="finding"' in (pytester.path / "noted.xml").read_text()
    strict = pytester.runpytest("-p", "no:randomly", "test_strictly_noted.py")
    assert strict.ret == pytest.ExitCode.TESTS_FAILED


def test_a_url_needs_a_key_and_a_budget() -> None:
    with pytest.raises(ValueError, match="give a key= and a budget="):
        clauses("segmind", "http://127.0.0.1:9/segmind", key="k")


def test_an_unknown_provider_is_told_which_there_are() -> None:
    with pytest.raises(SpecError, match=r"'segmint' is no provider; there are: .*segmind"):
        clauses("segmint", "http://127.0.0.1:9/segmind", key="k", budget=1)
