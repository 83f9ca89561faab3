"""Certificates as they arrive: PEM, DER, PFX/P12, P7B, and what mail and editors make of them, into a Bundle.

The content decides, never a file's extension. Nothing here touches a file, a clock or a socket; a private key is
opened only to learn which certificate it belongs to, and is dropped at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from certready.bundle import der, listing, openssl, pem, strangers
from certready.bundle.contents import (
    MAX_BYTES,
    MAX_CERTIFICATES,
    MAX_STORE,
    OTHERS,
    Contents,
    Reading,
    join,
    no_certificate,
    too_many,
)
from certready.bundle.faults import File, faults
from certready.bundle.passwords import Passwords
from certready.bundle.text import decode, from_base64
from certready.errors import InputError, PasswordError, require_bytes, require_files
from certready.model import Bundle, Chain, Container, Target
from certready.steps import Steps, finish
from certready.x509.certificate import Certificate
from certready.x509.leaves import Group, groups

_UNNAMED = "the input"

__all__ = ["MAX_BYTES", "MAX_CERTIFICATES", "File", "certificates", "load", "load_files", "read_files"]


def load(data: bytes, *, password: str | bytes | Passwords | None = None, name: str = "") -> Bundle:
    """One file, or bytes from anywhere, as a bundle of one chain for each leaf ("c1", ...).

    What in it cannot be read, while the rest can be judged, is said in ``Chain.faults``.

    Args:
        data: the content, at most MAX_BYTES.
        password: for a PFX or an encrypted private key. No password and the empty one are tried by themselves.
        name: how the user calls the file, for messages; with none the target is "bytes".

    Raises:
        PasswordError: it is encrypted, and the password is missing or wrong (``missing`` tells which).
        InputError: it is empty, too large, damaged, or holds no certificate; the message says what it holds.
        TypeError: ``data`` is no bytes, but a path or the like.
    """
    require_bytes(data, "certready.load", "gateway.pfx")
    passwords = password if isinstance(password, Passwords) else Passwords(password)
    parts = [_read(data, name or _UNNAMED, Reading(passwords))]
    return bundle_of(parts, Target("file" if name else "bytes", name), name or _UNNAMED, passwords)


def load_files(
    files: Sequence[tuple[str, bytes]],
    *,
    password: str | bytes | Passwords | None = None,
    requests: bool = False,
) -> Bundle:
    """Several files as one bundle: certificates in the order of the files, each kept once.

    Of several leaves each is a chain of its own; its container is that of the first file that holds the leaf.

    Args:
        files: (name, content) of each, together at most MAX_BYTES.
        password: for every PFX and encrypted private key. No password and the empty one are tried by themselves.
        requests: signing requests (CSR) without any certificate are the names they ask for, as if they were
            :func:`certready.planned`.

    Raises:
        PasswordError: as :func:`load`.
        InputError: as :func:`load`; also where there is no file, or where they are too large together.
        TypeError: ``files`` does not hold names and bytes.
    """
    return finish(loading(files, password=password, requests=requests))


def loading(
    files: Sequence[tuple[str, bytes]], *, password: str | bytes | Passwords | None = None, requests: bool = False
) -> Steps[Bundle]:
    """The bundle of :func:`load_files` step by step."""
    if not files:
        raise InputError("No file was given.", hint="Name at least one certificate file.")
    require_files(files, "certready.load_files")
    if sum(len(data) for _, data in files) > MAX_BYTES:
        raise _too_large(" + ".join(name for name, _ in files))
    passwords = password if isinstance(password, Passwords) else Passwords(password)
    parts = [_read(data, name or _UNNAMED, Reading(passwords)) for name, data in files]
    yield
    name = " + ".join(name for name, _ in files)
    requested = dict.fromkeys(request for part in parts for request in part.contents.requests)
    if requests and requested and not any(part.contents.certificates or part.contents.refusals for part in parts):
        return Bundle(Target("file", name), (), planned=tuple(requested))
    return (yield from _bundling(parts, Target("file", name), name, passwords))


def read_files(
    files: Sequence[tuple[str, bytes]], *, password: str | bytes | Passwords | None = None
) -> tuple[File, ...]:
    """Each file, (name, content), for itself and with nothing chosen out of it: what it holds, in stored order.

    Raises PasswordError and InputError as :func:`load`, but not for a file with a private key alone.
    """
    passwords = password if isinstance(password, Passwords) else Passwords(password)
    parts = tuple(_read(data, name or _UNNAMED, Reading(passwords)) for name, data in files)
    for file in parts:
        if not file.contents.keys:
            _check(file.contents, file.name, passwords, judged=False)
    return parts


def certificates(data: bytes, name: str = "") -> tuple[Certificate, ...]:
    """The certificates of a PEM, DER or PKCS#7 file without keys: an AIA answer, an ``--intermediate`` file, a store.

    Every certificate once, in stored order; one that the library cannot read stays in (``parsed.error``), since one
    odd root must not cost a whole store. Raises InputError where there is none, or a private key.
    """
    place = name or _UNNAMED
    contents = _read(data, place, Reading(Passwords(), limit=MAX_STORE, strict=False, secrets=False)).contents
    if contents.refusals:
        raise contents.refusals[0].error
    if all(certificate.parsed.error for certificate in contents.certificates):
        raise no_certificate(contents, place)
    return tuple(dict.fromkeys(contents.certificates))


def _read(data: bytes, place: str, reading: Reading) -> File:
    """One file by what it is: DER, PEM, base64 without a header, or something else, which is named."""
    reading.passwords.begin()
    if not data:
        raise InputError(f"{place} is empty.", hint="Export or copy the certificate again.")
    if len(data) > MAX_BYTES:
        raise _too_large(place)
    if der.looks_binary(data):
        return File(place, der.read_all(data, place, reading))
    text = None if strangers.is_known(data) else decode(data)
    contents = _text(text, place, reading) if text is not None else None
    if contents is None:
        raise strangers.refused(data, text, place)
    is_file = contents.certificates and reading.strict and not contents.exchange  # as a gateway has one
    # What OpenSSL makes of it is kept, not its bytes: a private key may be among them.
    return File(place, contents, _loaded(data, contents) if is_file else None)


def _loaded(data: bytes, contents: Contents) -> openssl.Loaded:
    """What OpenSSL makes of a file: each certificate, where they are written as nearly all files are."""
    certificates = tuple(certificate.der for certificate in contents.certificates)
    if data == b"".join(pem.armoured(der, "CERTIFICATE") for der in certificates):
        return openssl.Loaded(certificates)
    return openssl.load_chain(data)


def _text(text: str, place: str, reading: Reading) -> Contents | None:
    """What stands in a text: PEM, Exchange's list of its certificates, or base64 without a header. None where there is
    none of them."""
    blocks = pem.blocks(text)
    first = next(blocks, None)
    if first:
        return pem.load(chain((first,), blocks), place, reading)
    if listing.could_be(text):
        return listing.contents(text, place)
    bare = from_base64(text) if text.lstrip("\ufeff \t\r\n\"'").startswith("M") else None
    if not bare or not der.looks_binary(bare):
        return None
    contents = der.read_all(bare, place, reading)
    return join([contents], "pem" if contents.container == "der" else contents.container)


def read_file(data: bytes, name: str, passwords: Passwords) -> File:
    """One file of at most MAX_BYTES, whatever it holds: also no certificate at all.

    Args:
        data: the content.
        name: what to call the file in messages.
        passwords: those to try; which of them fitted is noted in them.

    Raises PasswordError and InputError as :func:`load`.
    """
    return _read(data, name, Reading(passwords))


def bundle_of(files: Sequence[File], target: Target, place: str, passwords: Passwords) -> Bundle:
    """One chain for each leaf of all files together: duplicates dropped with a note.

    Args:
        files: as :func:`read_file` read them.
        target: what the bundle is called in the report.
        place: what all files together are called in errors.
        passwords: those that were tried on the files.

    Raises PasswordError and InputError as :func:`load`.
    """
    return finish(_bundling(files, target, place, passwords))


def _bundling(files: Sequence[File], target: Target, place: str, passwords: Passwords) -> Steps[Bundle]:
    parts = [file.contents for file in files]
    contents = join(parts, "pem")
    _check(contents, place, passwords)
    faulty = faults(files)
    yield
    distinct = tuple(dict.fromkeys(contents.certificates))
    unused = (f"There is also {OTHERS[kind][0]}, which is not used." for kind in contents.others)
    notes = (*contents.notes, *_duplicates(contents.certificates, distinct), *unused)
    chains = (
        Chain(
            f"c{number}",
            _container(parts, group),
            group.certificates,
            leaf=group.leaf,
            keys=group.keys,
            encryption=contents.encryption,
            notes=notes,
            faults=faulty,
        )
        for number, group in enumerate(groups(distinct, contents.keys), 1)
    )
    return Bundle(target, tuple(chains))


def _check(contents: Contents, place: str, passwords: Passwords, *, judged: bool = True) -> None:
    """Raises InputError where what was read cannot be judged: no certificate, none that can be read, or CA
    certificates beside one that cannot be read; PasswordError where the password given fits nothing."""
    if len(contents.certificates) > MAX_CERTIFICATES:
        raise too_many(place)
    readable = [certificate.parsed for certificate in contents.certificates if not certificate.parsed.error]
    refused = [refusal.error for refusal in contents.refusals if refusal.kind == "certificate"]
    if refused and all(parsed.may_be_ca for parsed in readable) and (judged or not readable):
        raise refused[0]
    if not readable:
        raise no_certificate(contents, place)
    if passwords.given and not passwords.fitted:
        if contents.opened_by == "empty":
            raise PasswordError(
                f"The password does not fit {place}: its password is empty, and whoever has the file has the key.",
                hint="Give no password.",
                missing=False,
            )
        for refusal in contents.refusals:
            if isinstance(refusal.error, PasswordError):
                raise refusal.error


def _container(parts: list[Contents], group: Group) -> Container:
    """That of the first file with the leaf; a certificate in DER with others or a key beside it holds what a PEM
    would."""
    container = next(part.container for part in parts if group.certificates[group.leaf] in part.certificates)
    return "pem" if container == "der" and (len(group.certificates) > 1 or group.keys) else container


def _duplicates(every: tuple[Certificate, ...], distinct: tuple[Certificate, ...]) -> tuple[str, ...]:
    if len(every) == len(distinct):
        return ()
    twice = [certificate for certificate in distinct if every.count(certificate) > 1]
    return tuple(
        f"The certificate {certificate.parsed.label} is there {every.count(certificate)} times; it was read once."
        for certificate in twice
    )


def _too_large(place: str) -> InputError:
    return InputError(
        f"{place} is larger than {MAX_BYTES // (1024 * 1024)} MiB, too large for a certificate file.",
        hint="Give the certificate file itself: PEM, DER, PFX or P7B.",
    )
