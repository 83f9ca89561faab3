"""The remedies as a PowerShell script in which every line is a comment: it does nothing until somebody edits it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from certready.model.remedy import Remedy, Where
from certready.model.report import Report
from certready.wording import visible

_PLACES: Mapping[Where, str] = {
    "exchange-online": "Exchange Online (PowerShell, after Connect-ExchangeOnline)",
    "exchange-server": "Exchange Server on premises (Exchange Management Shell), where that is the gateway",
    "seppmail": "SEPPmail, where that is the gateway",
    "postfix": "Postfix (/etc/postfix/main.cf), where that is the gateway",
    "exim": "Exim, where that is the gateway",
    "ca": "The certificate itself (a shell with OpenSSL)",
    "other": "What is not set in one of these",
}
BOM = b"\xef\xbb\xbf"


def script(judged: Sequence[tuple[Sequence[Remedy], Report]]) -> bytes:
    """The remedies of each report as the bytes of one .ps1 file.

    UTF-8 with a byte order mark and CRLF: without the mark Windows PowerShell 5.1 reads the file in the system's code
    page and turns typographic letters in a connector's name into others. Every line begins with ``#``, whatever line
    ends the names in it hold, so that running the file unedited does nothing.
    """
    lines = (line for remedies, report in judged for line in (*_lines(remedies, report), ""))
    text = "".join(f"{line}\r\n" for line in map(_comment, list(lines)[:-1]))
    return BOM + text.encode("utf-8", "backslashreplace")


def _comment(line: str) -> str:
    """One comment line. Characters that end a line or are not seen are written as escapes."""
    shown = visible(line)
    return f"# {shown}" if shown else "#"


def _lines(remedies: Sequence[Remedy], report: Report) -> Iterator[str]:
    target = report.target.name or report.target.kind
    yield f"Remedies for {target}, judged {report.verdict} as of {report.evaluated_at:%Y-%m-%d %H:%M} UTC."
    yield "Suggestions: this file does nothing until you edit it. Read each part, replace what stands in angle"
    yield "brackets, and take away the '#' before the lines you want. '##' marks remarks."
    if not remedies:
        yield ""
        yield "Nothing needs to be changed."
    for where, title in _PLACES.items():
        mine = [remedy for remedy in remedies if remedy.where == where]
        if mine:
            yield ""
            yield f"==== {title} ===="
        for remedy in mine:
            yield from _remedy(remedy)


def _remedy(remedy: Remedy) -> Iterator[str]:
    yield ""
    yield f"## {remedy.title}"
    if remedy.rules:
        yield f"## Fixes: {', '.join(remedy.rules)}"
    for note in remedy.notes:
        yield f"## {note}"
    yield from remedy.lines
