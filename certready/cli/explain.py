"""explain: what an error line, a bounce, a trace or a rule means."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

from certready import directories
from certready.cli import files, output
from certready.cli.commands import argument, command
from certready.cli.completing import offering, rules
from certready.cli.shared import TextOrJson
from certready.errors import UsageError

_ENDINGS = (".eml", ".txt", ".log", ".htm", ".html", ".csv")
_TRACES = (".csv", ".json", ".log")
TRACE_LIMIT = 64 * 1024 * 1024  # bytes of a trace or a log
STDIN_LIMIT = 1024 * 1024  # characters of a pasted text


@command(
    "certready explain '550 5.7.64 TenantAttribution; Relay Access Denied'",
    "certready explain chain.incomplete",
    "certready explain bounce.eml --format json",
)
def explain(
    words: Annotated[
        tuple[str, ...],
        argument(
            "TEXT|FILE|RULE",
            help="The text in quotation marks, a file, a rule's id, a fact's number, or -.",
            **offering(rules),
        ),
    ] = (),
    *,
    formats: TextOrJson = (),
) -> int:
    """What an SMTP reply, a bounce, a LED= text, an event line, a symptom or a rule id means.

    Paste it in quotation marks, name a file that holds it, or pipe it in: Get-Content bounce.eml | certready explain -
    """
    destinations = output.text_or_json(formats, "explain")
    text = _text(words)
    from certready.explain import document, show
    from certready.explain import explain as explained
    from certready.explain.facts import fact_number, numbered
    from certready.explain.show_trace import trace_lines
    from certready.explain.traces import explain_trace
    from certready.rules import looks_like_a_rule, rule_called, rule_in

    if number := fact_number(text):
        fact = numbered().get(number)
        said = partial(show.fact_lines, fact) if fact else partial(show.unknown_fact_lines, number)
        output.write_document(destinations, said, lambda: document.of_fact(fact, number))
        return 0 if fact else 3
    if trace := explain_trace(text):
        output.write_document(destinations, lambda width: trace_lines(trace, width), lambda: document.of_trace(trace))
        return trace.exit_code
    explanation = explained(text[: STDIN_LIMIT + 1])
    name = text.strip() if looks_like_a_rule(text) else None if explanation.entries else rule_in(text)
    if name is None:
        output.write_document(
            destinations,
            lambda width: show.explanation_lines(explanation, width),
            lambda: document.of_text(explanation),
        )
        return explanation.exit_code
    rule = rule_called(name)
    lines = partial(show.rule_lines, rule) if rule else partial(show.unknown_rule_lines, name)
    output.write_document(destinations, lines, lambda: document.of_rule(rule, name))
    return 0 if rule else 3


def _text(words: Sequence[str]) -> str:
    """The words joined, what the file holds that they name, or what is piped in. Raises UsageError where there is none
    of it, InputError where a file cannot be read."""
    if words and words != ("-",):
        text = " ".join(words)
        limit = TRACE_LIMIT if text.lower().endswith(_TRACES) else 4 * STDIN_LIMIT
        return _decoded(files.read(Path(text), limit)) if _names_a_file(text) else text
    if sys.stdin is None or (not words and sys.stdin.isatty()):
        raise UsageError(
            "No text was given.", hint="certready explain '550 5.7.64 TenantAttribution; Relay Access Denied'"
        )
    stream = getattr(sys.stdin, "buffer", None)
    data = stream.read(TRACE_LIMIT + 1) if stream else sys.stdin.read(STDIN_LIMIT).encode()
    if len(data) > TRACE_LIMIT:
        raise UsageError(f"More than {TRACE_LIMIT // 2**20} MiB were piped in.", hint="Save fewer days of the trace.")
    text = _decoded(data)
    if not text.strip():
        raise UsageError("The text that was piped in is empty.", hint="certready explain bounce.eml")
    return text


def _names_a_file(text: str) -> bool:
    """Whether a text is a file's name: it is there, or nothing else ends like that."""
    from certready.rules import looks_like_a_rule

    if looks_like_a_rule(text):
        return False
    return directories.holds(Path(text)) or (" " not in text and text.lower().endswith(_ENDINGS))


def _decoded(data: bytes) -> str:
    """Text of any encoding Windows pipes and files come in: a byte order mark decides, or the zero byte that every
    other byte of UTF-16 is for Latin letters; else UTF-8."""
    if data[1:2] == b"\0" and data[3:4] == b"\0":
        return data.decode("utf-16-le", "replace")
    for mark, name in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    return data.decode("utf-8", "replace")
