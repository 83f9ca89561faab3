"""The nouns of a repair, and the document that says it in JSON."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from certready.model.report import Report, ReportDocument

Gateway = Literal["postfix", "exim", "haproxy", "exchange", "seppmail"]
PfxFor = Literal["windows-2016", "modern"]


class Output(NamedTuple):
    """A file to write. ``secret`` says that it holds the private key: nobody else may read it. Not a struct, whose
    ``repr`` would show the content."""

    name: str
    content: bytes
    secret: bool = False

    def __repr__(self) -> str:
        return f"<Output {self.name}>"


class Sealed(NamedTuple):
    """How a PFX is to be encrypted."""

    target: PfxFor
    password: bytes

    def __repr__(self) -> str:
        return f"<Sealed for {self.target}>"


class Install(Struct, frozen=True):
    """What to type so that the gateway presents the new files: where (a title for people), and the lines."""

    where: str
    lines: tuple[str, ...]


class Repaired(Struct, frozen=True):
    """What a repair did: the names ``written``, why nothing was (``refusal``, "" where something was), what was changed
    in sentences, the lines that install it, and the verdict on the result."""

    folder: str
    written: tuple[str, ...]
    refusal: str
    changes: tuple[str, ...]
    install: tuple[Install, ...]
    report: Report

    @property
    def document(self) -> RepairDocument:
        """The repair as ``certready.repair/1``."""
        report = self.report.document
        return RepairDocument(self.written, self.changes, self.folder, self.refusal or None, self.install, report)


class RepairDocument(Struct, frozen=True, tag_field="schema", tag="certready.repair/1"):
    """Which files a repair wrote, what it changed, and the report on the result."""

    written: Annotated[tuple[str, ...], Meta(description="Names within folder; none where nothing was written.")]
    changes: tuple[str, ...]
    folder: str
    refusal: Annotated[str | None, Meta(description="Why nothing was written; null where files were.")]
    install: tuple[Install, ...]
    report: ReportDocument
