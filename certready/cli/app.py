"""The commands, in the order in which ``--help`` lists them. A command's module is imported when it is run."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from msgspec import Struct
from typer.core import TyperCommand

from certready._version import __version__
from certready.cli.commands import epilog, option
from certready.cli.defaults import defaults, takes_defaults
from certready.cli.help import Group
from certready.cli.output import write


class Entry(Struct, frozen=True):
    """A command as the root's help lists it: the module it lives in, and what it does in one line."""

    module: str
    summary: str


COMMANDS = {
    "check": Entry("judge", "Judge certificate files: PEM, DER, PFX, P7B."),
    "probe": Entry("probe", "Judge what a live gateway presents."),
    "listen": Entry("gateway", "Capture the client certificate a gateway really sends with."),
    "rehearse": Entry("gateway", "Present this certificate to the real smart host, up to RCPT TO."),
    "compare": Entry("comparing", "Is it the same certificate and chain everywhere?"),
    "diff": Entry("diff", "A renewal rehearsed: what breaks when NEW replaces OLD."),
    "show": Entry("show", "What a file or a host holds, as Exchange and Windows name it."),
    "repair": Entry("repair", "Write the bundle that works: complete, in order, without strangers."),
    "tenant": Entry("tenant", "A tenant's connectors: lint them, ask which wins, ask which mail may relay."),
    "explain": Entry("explain", "An SMTP error, a bounce or a rule id into causes and checks."),
    "rules": Entry("about", "Every rule, one line each."),
    "fleet": Entry("fleet", "Many certificates, gateways and tenants in one run."),
    "trust": Entry("trust", "The root stores: which, how old, is this root in."),
    "cache": Entry("cache", "What is kept of earlier answers, and clear it."),
    "demo": Entry("about", "All of it, staged on loopback; no network needed."),
}


class Lazy(TyperCommand):
    """A command by name and summary, enough for the root's help; its module is imported when it is run."""

    def real(self) -> Any:
        """The command itself."""
        return getattr(import_module(f"certready.cli.{COMMANDS[str(self.name)].module}"), str(self.name))

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **settings: Any) -> Any:
        real = self.real()
        if takes_defaults(real) and not settings.get("resilient_parsing"):  # nothing is said while a shell completes
            settings["default_map"] = defaults(args)
        return real.make_context(info_name, args, parent, **settings)


class Root(Group):
    """The group of all commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {name: Lazy(name, help=entry.summary) for name, entry in COMMANDS.items()}


_app = typer.Typer(
    cls=Root,
    rich_markup_mode="rich",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@_app.callback(
    epilog=epilog(
        (
            "certready demo",
            "certready check gateway.pfx --tenant tenant.json",
            "certready explain '550 5.7.64 TenantAttribution; Relay Access Denied'",
        )
    )
)
def _root(
    context: typer.Context,
    # main() itself looks for --debug
    debug: Annotated[bool, option("--debug", help="Show the traceback of an internal error.")] = False,  # noqa: ARG001
    version: Annotated[
        bool, option("--version", "-V", help="Show the version and end; with -v what a report of a bug needs.")
    ] = False,
    verbose: Annotated[bool, option("--verbose", "-v", help="With --version: libraries, roots, platform.")] = False,
) -> None:
    """Will Exchange Online accept this certificate for this connector? Asked before the mail stops."""
    if version:
        write(sys.stdout, f"certready {__version__}\n")
        if verbose:
            from certready.cli.about import surroundings

            write(sys.stdout, f"{surroundings()}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        context.fail("Missing command.")


app = typer.main.get_command(_app)
