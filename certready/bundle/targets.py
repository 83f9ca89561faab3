"""The files of a folder or an archive as targets: a bundle for each end-entity certificate (contract, "Which
certificate is judged"). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from certready.bundle import bundle_of, read_file
from certready.bundle.contents import Contents, Refusal, no_certificate, too_many
from certready.bundle.faults import File
from certready.bundle.parts import Collected, Part, could_be_certificate, passed_over
from certready.bundle.passwords import Passwords
from certready.bundle.strangers import StrangerError
from certready.errors import InputError, PasswordError
from certready.model import Bundle, Fault, Known, Target
from certready.x509.certificate import Certificate
from certready.x509.leaves import above, ca_like, issuers, leaves

MAX_TARGETS = 100
MAX_CERTIFICATES = 5000  # of all files together


class Targets(NamedTuple):
    """A bundle for each certificate and for each file that cannot be read, and sentences on what was passed over."""

    bundles: tuple[Bundle, ...]
    notes: tuple[str, ...] = ()


class Lying:
    """A file that was read, the folder in which it lies ("" for one that was named itself) and what is said of it.

    ``certificates`` are those that can be read, each once; ``leaves`` those of them that :func:`certready.load` would
    judge of this file alone.
    """

    def __init__(self, file: File, folder: str, note: str) -> None:
        self.file = file
        self.folder = folder
        self.note = note
        self.name = file.name
        self.keys = file.contents.keys
        self.certificates = tuple(one for one in dict.fromkeys(file.contents.certificates) if not one.parsed.error)
        ends = [one for one in leaves(self.certificates, self.keys) if not one.parsed.error]
        self.leaves = tuple([one for one in ends if one.parsed.spki_sha256 in self.keys] or ends)


def load(collected: Collected, name: str, *, password: str | bytes | Passwords | None = None) -> Targets:
    """Every leaf as a target of its own, then every file that may hold one and cannot be read.

    Args:
        collected: the files; those that the user named themselves count as lying in every folder.
        name: how the user called all of it.
        password: for every PFX and encrypted key.

    Raises:
        PasswordError: a password was given and fits nothing that is encrypted.
        InputError: there is no certificate, none that can be read, or more than are judged in one run.
    """
    passwords = password if isinstance(password, Passwords) else Passwords(password)
    lying, unread, without = read(collected, passwords)
    pool = _Pool(lying, name, passwords)
    made = tuple(pool.targets())
    unread += pool.left_out({one for target in made for one in target.files})
    if not made:
        raise unread[0][1] if unread else no_certificate(_everything(lying), name)
    broken = (
        Bundle(Target("file", place), (), faults=(Fault("file", place, error.message, hint=error.hint or ""),))
        for place, error in unread
    )
    notes = (*collected.notes, *passed_over(without, "without a certificate in them"))
    return Targets((*(target.bundle for target in made), *broken), notes)


def read(
    collected: Collected, passwords: Passwords
) -> tuple[tuple[Lying, ...], list[tuple[str, InputError]], list[str]]:
    """What the files hold: those with a certificate or a key; those that may have one and cannot be read, each with the
    reason; and the names of the others.

    Raises PasswordError where a password was given and fits nothing that is encrypted.
    """
    lying: list[Lying] = []
    unread: list[tuple[str, InputError]] = []
    without: list[str] = []
    for part in collected.parts:
        try:
            file = _read(part, passwords)
        except InputError as error:
            if _is_no_certificate(error, part):
                without.append(part.name)
            else:
                unread.append((part.name, error))
            continue
        if file.contents.certificates or file.contents.keys or file.contents.refusals:
            lying.append(Lying(file, part.folder, part.note))
        else:
            without.append(part.name)
    if passwords.given and not passwords.fitted:
        shut = [*(why for _, why in unread), *(one.error for each in lying for one in each.file.contents.refusals)]
        for why in shut:
            if isinstance(why, PasswordError):
                raise why
    return tuple(lying), unread, without


def _read(part: Part, passwords: Passwords) -> File:
    if part.trouble:
        raise part.trouble
    return read_file(part.data, part.name, passwords)


def _is_no_certificate(error: InputError, part: Part) -> bool:
    """Whether a file that was refused holds no certificate for sure: it is something else, and not called one."""
    if not part.data and not part.trouble:
        return not could_be_certificate(part.name)
    return isinstance(error, StrangerError) and not error.may_hold and not could_be_certificate(part.name)


def _everything(lying: Iterable[Lying]) -> Contents:
    parts = [one.file.contents for one in lying]
    return Contents("pem", keys=tuple(key for part in parts for key in part.keys))


class _Made(NamedTuple):
    """A target, and the names of the files that it was made of."""

    bundle: Bundle
    files: frozenset[str]


class _Pool:
    """All files that were read: which leaves there are, and what belongs to each."""

    def __init__(self, lying: tuple[Lying, ...], name: str, passwords: Passwords) -> None:
        self._lying = lying
        self._name = name
        self._passwords = passwords
        self._certificates = tuple(dict.fromkeys(one for each in lying for one in each.certificates))
        self._owners = {one.parsed.spki_sha256 for one in self._certificates}
        self._issued = Counter(one.parsed.issuer.casefold() for one in self._certificates)

    def targets(self) -> Iterator[_Made]:
        """A target for each leaf in the order of the files; one of all CA files where there is no leaf."""
        if len(self._certificates) > MAX_CERTIFICATES:
            raise too_many(self._name, MAX_CERTIFICATES)
        holders = self._holders()
        if len(holders) > MAX_TARGETS:
            raise InputError(
                f"{self._name} holds {len(holders)} different certificates; certready judges {MAX_TARGETS} in one run.",
                hint="Name the folder of one gateway.",
            )
        for leaf, held in holders.items():
            yield self._target(leaf, held)
        authorities = [one.file for one in self._lying if one.certificates]
        if not holders and authorities:
            bundle = bundle_of(authorities, Target("file", self._name), self._name, self._passwords)
            yield _Made(bundle, frozenset(one.name for one in authorities))

    def left_out(self, used: set[str]) -> list[tuple[str, InputError]]:
        """The files with a certificate that cannot be read, of which no target says so."""
        return [
            (one.name, refusal.error)
            for one in self._lying
            if one.name not in used
            for refusal in one.file.contents.refusals[:1]
            if any(each.kind == "certificate" for each in one.file.contents.refusals)
        ]

    def _holders(self) -> dict[Certificate, list[Lying]]:
        """Each leaf with the files that hold it. What signed another certificate here is none, in whichever file."""
        signers = issuers(self._certificates)
        found: dict[Certificate, list[Lying]] = {}
        for each in self._lying:
            for leaf in each.leaves:
                subject = leaf.parsed.subject.casefold()
                issued = self._issued[subject] - (subject == leaf.parsed.issuer.casefold())
                if leaf not in signers and not (ca_like(leaf) and issued):
                    found.setdefault(leaf, []).append(each)
        return found

    def _target(self, leaf: Certificate, held: Sequence[Lying]) -> _Made:
        fullest = min(held, key=lambda each: _emptiness(each, leaf))
        others = [each for each in self._lying if each is not fullest and leaf in each.certificates]
        lineage = above(leaf, self._certificates)
        beside = [one for one in lineage if one not in fullest.certificates]
        sent = [] if _intermediates(leaf, fullest) else self._authorities(beside, fullest)
        keys = self._keys(leaf, fullest)
        files = [fullest.file, *sent, *keys]
        name = " + ".join(one.name for one in (fullest.file, *sent))
        try:
            bundle = bundle_of(files, Target("file", name), name, self._passwords)
        except InputError as error:
            fault = Fault("file", name, error.message, hint=error.hint or "")
            return _Made(Bundle(Target("file", name), (), faults=(fault,)), frozenset(one.name for one in files))
        chain = next(one for one in bundle.chains if one.leaf_certificate == leaf)
        notes = [fullest.note] if fullest.note else []
        notes += [f"The private key is in {one.name}." for one in keys if leaf.parsed.spki_sha256 in one.contents.keys]
        notes += [f"The same certificate is in {one.name} too." for one in others[:5]]
        known = tuple(
            Known(one, "intermediate-file", self._place(one)) for one in beside if one not in chain.certificates
        )
        bundle = replace(bundle, chains=(replace(chain, id="c1", notes=(*chain.notes, *notes)),), known=known)
        return _Made(bundle, frozenset(one.name for one in files))

    def _authorities(self, wanted: Sequence[Certificate], fullest: Lying) -> list[File]:
        """The intermediates of CA files, each out of the first file that holds it: what lies beside a leaf alone."""
        left = [one for one in wanted if not one.parsed.self_issued]
        found: list[File] = []
        for each in self._lying:
            ours = tuple(one for one in each.certificates if one in left)
            if ours and each is not fullest and not each.leaves:
                left = [one for one in left if one not in ours]
                found.append(each.file._replace(contents=replace(each.file.contents, certificates=ours, keys=())))
        return found

    def _keys(self, leaf: Certificate, fullest: Lying) -> list[File]:
        """What holds the leaf's private key; where none does, the keys beside it that belong to no certificate, or
        that cannot be opened: one of them is probably meant."""
        spki = leaf.parsed.spki_sha256
        if spki in fullest.keys:
            return []
        for each in self._lying:
            if spki in each.keys:
                return [File(each.name, Contents("pem", keys=(spki,)))]
        found = []
        for each in self._lying:
            stray = tuple(key for key in each.keys if key not in self._owners)
            shut: tuple[Refusal, ...] = ()
            if not each.file.contents.certificates:
                shut = tuple(one for one in each.file.contents.refusals if one.kind == "key")
            if (stray or shut) and each is not fullest and each.folder in ("", fullest.folder):
                found.append(File(each.name, Contents("pem", keys=stray, refusals=shut)))
        return found

    def _place(self, certificate: Certificate) -> str:
        return next(each.name for each in self._lying if certificate in each.certificates)


def _intermediates(leaf: Certificate, each: Lying) -> list[Certificate]:
    return [one for one in above(leaf, each.certificates) if not one.parsed.self_issued]


def _emptiness(each: Lying, leaf: Certificate) -> tuple[object, ...]:
    """Smaller is fuller: more of the chain, then the key, then any form but DER, which holds one certificate alone;
    then fewer strangers, and the shorter name."""
    return (
        -len(_intermediates(leaf, each)),
        leaf.parsed.spki_sha256 not in each.keys,
        each.file.contents.container == "der",
        len(each.certificates),
        each.name.count("/"),
        len(each.name),
        each.name,
    )
