"""The nouns of a repair."""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import Struct

from certready.model.report import Report

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


class Repaired(Struct, frozen=True):
    """What a repair did: the names ``written``, why nothing was (``refusal``, "" where something was), what was changed
    in sentences, the lines that install it, and the verdict on the result."""

    folder: str
    written: tuple[str, ...]
    refusal: str
    changes: tuple[str, ...]
    install: tuple[tuple[str, tuple[str, ...]], ...]
    report: Report
