"""The commands, in the order in which ``--help`` lists them. A command's module is imported when it is run."""

from __future__ import annotations

from importlib import import_module

import click

from certready._version import __version__

COMMANDS = {
    "check": "judge",
    "probe": "probe",
    "listen": "gateway",
    "rehearse": "gateway",
    "compare": "gateway",
    "diff": "advice",
    "tenant": "tenant",
    "explain": "advice",
    "rules": "about",
    "trust": "trust",
    "cache": "cache",
    "demo": "about",
}


class Lazy(click.Group):
    """A group whose commands live in modules of their own: the start pays for one of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        found = getattr(import_module(f"certready.cli.{COMMANDS[cmd_name]}"), cmd_name)
        return found if isinstance(found, click.Command) else None


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="certready", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
def app(debug: bool) -> None:
    """Will Exchange Online accept this certificate for this connector? Asked before the mail stops."""
