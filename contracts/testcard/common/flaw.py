"""What is wrong with a call, as a value: the trouble it makes, where, and who says so.

Journal, `run` and `check` cite these and nothing else. Knows troubles and evidence. Must not know
how a flaw is found, who answers, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from testcard.common.document import Evidence
from testcard.common.schema import EACH, Breach, named
from testcard.common.trouble import Kind

CallPart = Literal["route", "key", "body", "field", "advice", "parameter"]
"""What of a call is flawed, by which its line in the spec is found."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a page does not promise, seen in a call that was answered all the same.

    Attributes:
        where: the field or header.
        message: what was seen and what the page says.
        grade: of the fact that was passed over.
        source: of that fact.
    """

    where: str
    message: str
    grade: str
    source: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with a call, or that a page leaves unsaid.

    Attributes:
        kind: of the trouble it makes, where it is refused.
        part: what of the call is flawed.
        path: to the place: field or header, and within it member names and indices; empty for
            the call as a whole. Of a parameter: its location, and its name.
        keyword: what was broken: a JSON Schema keyword, or encodings, picture, body, media-type,
            parts, missing-key, wrong-key, key-header, bearer, path, method, alias, unlisted, …
        message: what was seen and what was expected.
        evidence: of what was broken.
        refused: False for what a page takes though it does not list or advise it.
    """

    kind: Kind
    part: CallPart
    path: tuple[str | int, ...]
    keyword: str
    message: str
    evidence: Evidence
    refused: bool = True

    @property
    def where(self) -> str:
        """The field, item of a field or header; empty for the call as a whole."""
        if self.part in ("field", "advice", "parameter"):
            return named(self.path)
        return str(self.path[0]) if self.path else ""

    @property
    def field(self) -> str:
        """The same without indices: the name of a field."""
        if self.part in ("field", "advice", "parameter"):
            steps = [EACH if isinstance(step, int) else step for step in self.path]
            return named(steps).removesuffix(EACH)
        return self.where

    @property
    def breach(self) -> Breach:
        """The same without kind and evidence."""
        return Breach(self.path, self.keyword, self.message)

    @property
    def told(self) -> str:
        """The message with the place it is about, where it does not name that itself."""
        named = self.part in ("route", "key") or self.keyword in ("media-type", "parts")
        return self.message if named else sentence([self.breach])

    @property
    def finding(self) -> Finding:
        """The same as a journal keeps it."""
        said = self.evidence
        return Finding(self.where or self.part, self.message, said.grade, said.source)


def in_words(flaws: Iterable[Flaw]) -> str:
    """Return flaws as one line."""
    return "; ".join(flaw.told for flaw in flaws)


def sentence(breaches: Iterable[Breach]) -> str:
    """Return breaches as one line, each with the field it is about."""
    return "; ".join(
        breach.message
        if breach.keyword == "required" or not breach.path
        else f"{named(breach.path)}: {breach.message}"
        for breach in breaches
    )
