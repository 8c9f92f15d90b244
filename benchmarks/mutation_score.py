"""The mutation score: how many seeded deviations are caught, by what, in how many seconds.

    python -m benchmarks.mutation_score [--workers 2] [--examples 100] [--provider segmind]

Each mutant is the faithful mock with one small deviation. It counts as caught where a check
breaks a clause of the expected group; for plain schemathesis, where it reports anything that it
does not report of the faithful mock. Seconds are of one process, added up.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from benchmarks.plain_schemathesis import Failure, failures
from rich.console import Console
from rich.table import Table
from tests.mutants.catalogue import PROVIDERS, mutants
from tests.mutants.mutant import Mutant
from tests.mutants.score import How, all_faithful, in_parallel, known, results

_BATCH = 32  # mutants that schemathesis sees in one process or two: it keeps what it sent
GROUPS = ("wire", "pictures", "jobs", "money", "errors")


@dataclass(frozen=True)
class Column:
    """What one way of looking caught.

    Attributes:
        name: of the way.
        caught: ids of the mutants that it caught.
        seconds: for all mutants.
        alarms: what it said of faithful mocks.
    """

    name: str
    caught: frozenset[str]
    seconds: float
    alarms: tuple[str, ...]


def by_check(name: str, how: How, wanted: Iterable[Mutant], workers: int) -> Column:
    """Check every mutant, and the faithful mocks."""
    chosen = tuple(wanted)
    honest = _faithful(chosen)
    found = results((each.id for each in (*chosen, *honest)), how, workers)
    return Column(
        name,
        frozenset(each.id for each in chosen if each.group in found[each.id].groups),
        sum(found[each.id].seconds for each in chosen),
        tuple(f"{each.id}: {', '.join(c)}" for each in honest if (c := found[each.id].clauses)),
    )


def by_schemathesis(wanted: Iterable[Mutant], workers: int, examples: int) -> Column:
    """Run schemathesis with its default checks on every mutant, and on the faithful mocks."""
    chosen = tuple(wanted)
    honest = _faithful(chosen)
    work = partial(_plainly, examples=examples)
    found = dict(in_parallel(work, (each.id for each in (*chosen, *honest)), workers, batch=_BATCH))
    false = {(each.provider, each.profile): found[each.id][0] for each in honest}
    caught = [
        each.id for each in chosen if found[each.id][0] - false[(each.provider, each.profile)]
    ]
    seconds = sum(found[each.id][1] for each in chosen)
    return Column("schemathesis", frozenset(caught), seconds, tuple(_alarms(honest, found)))


def _plainly(mutant_id: str, examples: int) -> tuple[frozenset[Failure], float]:
    began = time.perf_counter()
    found = failures(known(mutant_id), examples=examples, seed=1)
    return found, time.perf_counter() - began


def _alarms(
    honest: Iterable[Mutant], found: Mapping[str, tuple[frozenset[Failure], float]]
) -> Iterable[str]:
    for each in honest:
        checks = sorted({check for _, check in found[each.id][0]})
        if checks:
            yield f"{each.id}: {', '.join(checks)}"


def _faithful(chosen: Iterable[Mutant]) -> tuple[Mutant, ...]:
    wanted = {(each.provider, each.profile) for each in chosen}
    return tuple(each for each in all_faithful() if (each.provider, each.profile) in wanted)


def table(chosen: tuple[Mutant, ...], columns: Iterable[Column]) -> Table:
    """Return mutants caught by group, for each way of looking."""
    shown = tuple(columns)
    lines = Table("group", "mutants", *(each.name for each in shown))
    for group in (*GROUPS, None):
        ids = {each.id for each in chosen if group in (None, each.group)}
        cells = [_share(len(ids & each.caught), len(ids)) for each in shown]
        lines.add_row(group or "all", str(len(ids)), *cells, end_section=group == GROUPS[-1])
    lines.add_row("seconds", "", *(f"{each.seconds:.0f}" for each in shown))
    return lines


def _share(caught: int, of: int) -> str:
    return f"{caught} ({caught / of:.0%})" if of else "-"


def main() -> None:
    """Run all three, and print the table with what was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--examples", type=int, default=100, help="of schemathesis, an operation")
    parser.add_argument("--provider", choices=PROVIDERS)
    asked = parser.parse_args()
    chosen = tuple(each for each in mutants() if asked.provider in (None, each.provider))
    ways = (
        partial(by_check, "check", "full", chosen, asked.workers),
        partial(by_check, "plan alone", "plan", chosen, asked.workers),
        partial(by_schemathesis, chosen, asked.workers, asked.examples),
    )
    console = Console()
    columns: list[Column] = []
    for way in ways:
        columns.append(way())
        last = columns[-1]
        caught = f"{len(last.caught)} of {len(chosen)} caught"
        console.print(f"{last.name}: {caught}, {last.seconds:.0f} s")
    console.print(table(chosen, columns))
    for column in columns[:2]:
        missed = ", ".join(each.id for each in chosen if each.id not in column.caught)
        console.print(f"missed by {column.name}: {missed or 'none'}")
    for column in columns:
        alarms = "; ".join(column.alarms)
        console.print(f"said of the faithful mock by {column.name}: {alarms or 'nothing'}")


if __name__ == "__main__":
    main()
