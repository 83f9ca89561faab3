"""certready about itself: its rules, and the demonstration."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from certready.cli import output
from certready.cli.commands import command
from certready.cli.shared import Formats, Verbose


@command("certready rules", "certready explain chain.incomplete", "certready explain revocation.revoked --format json")
def rules() -> int:
    """Every rule, one line each."""
    from certready.render.layout import hanging
    from certready.rules import RULES

    indent = max(map(len, RULES)) + 2
    output.show(
        lambda width: (
            line
            for rule in RULES.values()
            for line in hanging(((rule.id.ljust(indent), "bold"),), rule.title, "", width, indent)
        )
    )
    return 0


@command("certready demo", "certready demo -v", "certready demo --format json=demo.json")
def demo(*, formats: Formats = (), verbose: Verbose = False) -> int:
    """All of it against a private CA, OCSP responder and SMTP gateway on loopback."""
    from certready.cli.demo import show

    return show(output.destinations(formats), verbose=verbose)


def surroundings() -> str:
    """What a report of a bug needs beside the version: Python, platform, libraries, root lists. No folder is named."""
    import os
    import platform
    import textwrap

    from cryptography.hazmat.backends import openssl

    from certready.cli import trusting
    from certready.cli.options import present
    from certready.render.layout import plain

    stores = trusting.overview(trusting.loaded(os.environ), present())
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    lines = [
        f"Python {platform.python_version()} ({platform.python_implementation()}) on {system}",
        f"output encoding {sys.stdout.encoding}",
        *(f"{name} {version}" for name, version in _libraries()),
        openssl.backend.openssl_version_text(),
        "",
        textwrap.dedent(plain(trusting.overview_lines(stores, None))).rstrip(),
    ]
    return "\n".join(lines)


def _libraries() -> Iterator[tuple[str, str]]:
    """Name and version of each dependency, extras apart."""
    import re
    from importlib import metadata

    for requirement in sorted(metadata.requires("certready") or ()):
        if "extra ==" not in requirement:
            name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
            yield name, metadata.version(name)
