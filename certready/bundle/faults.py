"""What is wrong with files of which enough was read to judge a certificate: as values, for the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from certready.bundle import openssl
from certready.bundle.contents import Contents
from certready.model import Fault

_MAX_FAULTS = 20
_LOADER = "OpenSSL, with which most gateways load their certificate file,"


class File(NamedTuple):
    """A file's contents, and what OpenSSL makes of it where it is text, as a gateway's file is."""

    name: str
    contents: Contents
    openssl: openssl.Loaded | None = None

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with this file."""
        return faults([self])


def faults(files: Sequence[File]) -> tuple[Fault, ...]:
    """What could not be read, and where OpenSSL loads something other than certready; at most twenty, of more of them
    first what OpenSSL makes of the files. The rest is one fault about all its certificates."""
    every = tuple(fault for file in files for fault in (*_irregular(file), *_unread(file)))
    if len(every) <= _MAX_FAULTS:
        return every
    ordered = sorted(every, key=lambda fault: fault.kind not in ("refused", "passed-over"))
    first_left_out, *rest = ordered[_MAX_FAULTS:]
    about = dict.fromkeys(digest for fault in (first_left_out, *rest) for digest in fault.certificates)
    more = f"{len(rest) + 1} more like these follow."
    return (*ordered[:_MAX_FAULTS], Fault(first_left_out.kind, first_left_out.file, more, tuple(about)))


def _unread(file: File) -> Iterator[Fault]:
    for refusal in file.contents.refusals:
        about = (refusal.certificate.sha256,) if refusal.certificate else ()
        yield Fault(refusal.kind, file.name, refusal.error.message, about)


def _irregular(file: File) -> Iterator[Fault]:
    loaded = file.openssl
    if loaded is None or (file.contents.container != "pem" and loaded.refusal != openssl.NO_CERTIFICATE):
        return
    if loaded.refusal:
        yield Fault("refused", file.name, f"{_LOADER} refuses {file.name}: {loaded.refusal}.")
        return
    loaded_certificates = frozenset(loaded.certificates)
    lost = tuple(
        certificate
        for certificate in dict.fromkeys(file.contents.certificates)
        if certificate.der not in loaded_certificates
    )
    if lost:
        names = ", ".join(certificate.parsed.label for certificate in lost[:5]) + (
            f" and {len(lost) - 5} more" if lost[5:] else ""
        )
        message = f"{_LOADER} silently skips {names} in {file.name} because of how its lines are written."
        yield Fault("passed-over", file.name, message, tuple(certificate.sha256 for certificate in lost))
