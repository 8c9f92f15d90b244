"""The command line: parse, call one function, print.

Knows typer. Must not know how anything is done.
"""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack
from importlib.metadata import version
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.text import Text

from testcard.assembly import Options, build, installed, on_cores, open_engine
from testcard.cli import check as checking
from testcard.cli import importing
from testcard.cli import run as running
from testcard.cli.interrupt import ending_at_once
from testcard.cli.records import contract_record, dumps, provider_records
from testcard.cli.tables import (
    contract_listing,
    printing_console,
    providers_listing,
    serving_listing,
    show_all,
)
from testcard.cli.words import (
    BROKEN,
    KEPT,
    ProfileName,
    bytes_from,
    clear_errors,
    credits_from,
    secrets_from,
)
from testcard.common.addresses import ADMIN_PREFIX, SERVE_PORT
from testcard.common.selfcheck import complaints
from testcard.common.settings import parse_settings
from testcard.common.spec import bundled, load
from testcard.doors.log import LogFormat, log_call, log_delivery, logging_to
from testcard.mock.access import Access
from testcard.mock.world import JobPolicy

app = typer.Typer(
    no_args_is_help=True,
    invoke_without_command=True,
    context_settings={"auto_envvar_prefix": "TESTCARD"},
    pretty_exceptions_enable=False,
)
app.add_typer(running.app)
app.add_typer(checking.app)
app.add_typer(importing.app)

Providers = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PROVIDER]...", help="Ids, or spec files; all where none is given."),
]
ProfileOption = Annotated[
    ProfileName,
    typer.Option("--profile", help="The page to the letter, or what real clients send too."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PROVIDER.NAME=VALUE", help="A provider's setting; repeatable."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


@app.callback()
def main(
    *,
    version_: Annotated[
        bool,
        typer.Option("--version", help="Print the version and end.", allow_from_autoenv=False),
    ] = False,
) -> None:
    """A stand-in for hosted image-generation APIs, offline."""
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # each broken form a line
    if version_:
        typer.echo(f"testcard {version('testcard')}")
        raise typer.Exit


@app.command()
def serve(
    providers: Providers = None,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = SERVE_PORT,
    profile: ProfileOption = ProfileName.LENIENT,
    credits_: Annotated[
        str, typer.Option("--credits", help="What each new account begins with.")
    ] = "1000",
    jobs: Annotated[
        str, typer.Option(help="at-once, polls:N, seconds:T, never or fail.")
    ] = "polls:1",
    pictures: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="A folder whose files stand for the URLs sent."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of ids and random seeds.")] = 0,
    settings: SetOption = None,
    engine: Annotated[
        str, typer.Option(help="card paints test cards; reference, real pictures.")
    ] = "card",
    models: Annotated[
        list[str] | None,
        typer.Option("--model", help="A checkpoint's folder or hub id; repeatable."),
    ] = None,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Compile the models: slow to start, then faster.")
    ] = False,
    together: Annotated[
        int | None, typer.Option(min=1, help="Pictures painted as one batch, where calls wait.")
    ] = None,
    painters: Annotated[
        int | None,
        typer.Option(min=0, help="Processes that paint test cards, where several calls want one."),
    ] = None,
    memory: Annotated[
        str,
        typer.Option(metavar="SIZE", help="What calls, jobs and pictures take at most."),
    ] = "256MiB",
    cors: Annotated[
        bool, typer.Option("--cors/--no-cors", help="Let pages of other origins call the APIs.")
    ] = True,
    admin_token: Annotated[
        str | None,
        typer.Option(
            "--admin-token",
            envvar="TESTCARD_ADMIN_TOKEN",
            show_envvar=True,
            help=f"Lets other machines at {ADMIN_PREFIX}, with Authorization: Bearer.",
        ),
    ] = None,
    admin_hosts: Annotated[
        list[str] | None,
        typer.Option("--admin-host", metavar="NAME", help=f"A further Host for {ADMIN_PREFIX}."),
    ] = None,
    deliver: Annotated[
        list[str] | None,
        typer.Option(
            "--deliver", metavar="HOST[:PORT]", help="Send callbacks there too; repeatable."
        ),
    ] = None,
    webhook_secret: Annotated[
        list[str] | None,
        typer.Option(
            "--webhook-secret",
            metavar="PROVIDER=SECRET",
            help="What signs its callbacks; or =@FILE, =$NAME.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log no requests.")] = False,
    log_format: Annotated[
        LogFormat, typer.Option("--log-format", help="Lines for people, or for machines.")
    ] = "text",
) -> None:
    """Serve the APIs until Ctrl-C."""
    with ending_at_once():
        from testcard.common.allocator import keep_flat, trim
        from testcard.doors.endpoint import caller_left
        from testcard.doors.server import serve_until_stopped

    with ExitStack() as stack:
        stack.enter_context(clear_errors())
        log = stack.enter_context(logging_to(sys.stdout, sys.stderr, log_format))
        opened = open_engine(
            engine, models or (), caller_left, compiled=compiled, together=together, quiet=quiet
        )
        options = Options(
            engine=stack.enter_context(on_cores(opened, painters)),
            providers=tuple(providers or ()),
            profile=profile.value,
            settings=parse_settings(settings or ()),
            seed=seed,
            balance=credits_from("--credits", credits_),
            policy=JobPolicy.parse(jobs),
            pictures=pictures,
            memory=bytes_from("--memory", memory),
            trim=trim,
            access=Access.of(host, admin_token, admin_hosts or ()),
            watch=None if quiet else log_call,
            deliver=tuple(deliver or ()),
            webhook_secrets=secrets_from("--webhook-secret", webhook_secret or ()),
        )
        mock = build(options)
        if not quiet:
            mock.outbox.journal.watch(log_delivery)
        readings = [dialect.reading for dialect in mock.dialects.values()]

        def ready(base: str) -> None:
            said = (
                f"{profile.value} profile, {mock.services.studio.engine.name} engine. "
                f"Journal: {base}{ADMIN_PREFIX}journal. Ctrl-C stops."
            )
            if log_format == "json":
                logging.getLogger("testcard.calls").info("serving at %s: %s", base, said)
                return
            log.say(_as_printed(*serving_listing(readings, base), Text(f"\n{said}")))

        keep_flat()
        serve_until_stopped(mock, host, port, ready, stack.close, cors=cors)


def _as_printed(*parts: RenderableType) -> str:
    """What printing `parts` would write to this terminal, of which nothing is written."""
    screen = printing_console()
    draft = TextIOWrapper(BytesIO(), screen.encoding, "backslashreplace", "")
    console = Console(file=draft, width=screen.width, force_terminal=screen.is_terminal)
    show_all(console, parts)
    draft.seek(0)
    return draft.read()


@app.command()
def providers(*, json: JsonOption = False) -> None:
    """List the APIs that are installed."""
    with clear_errors():
        specs = [spec for spec, _ in installed()]
        if json:
            typer.echo(dumps(provider_records(specs)))
            return
        console = printing_console()
        show_all(console, providers_listing(specs, console.width))


@app.command()
def show(
    provider: Annotated[str, typer.Argument(help="An id, or a spec file.")],
    *,
    profile: ProfileOption = ProfileName.DOCUMENTED,
    settings: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Print what one API promises: each field with its grade and source."""
    with clear_errors():
        chosen = parse_settings(settings or ())
        mock = build(Options(providers=(provider,), profile=profile.value, settings=chosen))
        (dialect,) = mock.dialects.values()
        if json:
            typer.echo(dumps(contract_record(dialect.reading)))
            return
        console = printing_console()
        for part in contract_listing(dialect.reading, console.width):
            console.print(part, soft_wrap=getattr(part, "no_wrap", False) or None)


@app.command()
def selfcheck(
    specs: Annotated[
        list[Path] | None, typer.Argument(help="Spec files; those of testcard where none.")
    ] = None,
) -> None:
    """Check that specs carry evidence and examples that hold, and that what they say is served."""
    from testcard.cli.rehearsal import rehearsed

    found = 0
    with clear_errors():
        for path in specs or bundled():
            for complaint in (*complaints(load(path)), *rehearsed(path)):
                found += 1
                typer.echo(complaint)
    typer.echo(f"{found} complaint{'' if found == 1 else 's'}")
    raise typer.Exit(BROKEN if found else KEPT)


if __name__ == "__main__":
    app()
