"""What docs/listening.md shows of sessions, as listener and as gateway, is what is printed of them."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Material, Ran
from tests.cli.test_gateway import dns, listening, rehearse  # noqa: F401 - fixtures
from tests.docs.pages import blocks
from tests.docs.test_outputs import comparable


def shown(part: str) -> list[str]:
    """The lines of the page's block that holds this text, as far as they are no blanks and no gaps."""
    (block,) = [block for block in blocks() if block.page == "docs/listening.md" and part in block.text]
    return [comparable(line) for line in block.text.splitlines() if line and line != "..."]


def unshown(lines: list[str], printed: list[str]) -> list[str]:
    """The lines that were not printed in this order."""
    rest = iter([comparable(line) for line in printed])
    return [line for line in lines if line not in rest]


def test_sessions(material: Material, tmp_path: Path) -> None:
    """A gateway that sends in clear text, and one that forgets its intermediate: log, report and reply."""
    (tmp_path / "leaf.pem").write_bytes(material.good.pem + material.good.key_pem)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(tmp_path / "leaf.pem")
    words = [*material.offline, "--inbound", "*.contoso.com", "--accepted-domain", "contoso.com"]
    with listening("--max-connections", "2", *words) as listener:
        with smtplib.SMTP("127.0.0.1", listener.port, "mail.example.com") as plain:
            plain.ehlo()
            plain.mail("a@contoso.com")
            plain.rcpt("x@certready.test")
            plain.rset()
        log = [listener.line()]
        with smtplib.SMTP("127.0.0.1", listener.port, "mail.example.com") as gateway:
            gateway.starttls(context=context)
            gateway.ehlo()
            gateway.mail("a@contoso.com")
            code, text = gateway.rcpt("x@certready.test")
        _, out = listener.ended()
    while not listener.lines.empty():
        log.append(listener.line())
    refused = f"{code} {text.decode('ascii')}"
    printed = [*log, *out.splitlines()]
    assert [] == unshown([line for line in shown("chain.incomplete ") if "session" not in line], printed)
    assert [comparable(refused)] == shown("450 4.7.0 certready")
    assert [] == unshown([line for line in shown("wanted to send") if "session" not in line], printed)


def test_the_decisive_line(material: Material, rehearse: Callable[..., Ran]) -> None:  # noqa: F811
    """A rehearsal against a smart host that takes the recipient."""
    with listening("--once", *material.offline, *material.inbound) as listener:
        ran = rehearse("good.pem", listener.port, "--null-sender", recipient="someone@example.org")
    assert [] == unshown(shown("rehearse.accepted "), ran.out.splitlines())
