"""The files of a folder or an archive as targets: a bundle for each end-entity certificate (contract, "Which
certificate is judged"). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
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
from certready.wording import listed
from certready.x509.certificate import Certificate, told_apart
from certready.x509.leaves import above, ca_like, issuers, leaves

MAX_TARGETS = 100
MAX_CERTIFICATES = 5000  # of all files together


class Targets(NamedTuple):
    """A bundle for each certificate and for each file that cannot be read, and sentences on what was passed over."""

    bundles: tuple[Bundle, ...]
    notes: tuple[str, ...] = ()


class PlacedFile:
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
        self.certificates = tuple(
            certificate for certificate in dict.fromkeys(file.contents.certificates) if not certificate.parsed.error
        )
        ends = [leaf for leaf in leaves(self.certificates, self.keys) if not leaf.parsed.error]
        self.leaves = tuple([leaf for leaf in ends if leaf.parsed.spki_sha256 in self.keys] or ends)


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
    placed_files, unread, without = read(collected, passwords)
    pool = _Pool(placed_files, name, passwords)
    targets = tuple(pool.targets())
    unread += pool.left_out({used for target in targets for used in target.files})
    if not targets:
        if unread:
            raise unread[0][1]
        keys = tuple(key for placed in placed_files for key in placed.file.contents.keys)
        raise no_certificate(Contents("pem", keys=keys), name)
    broken = (
        Bundle(Target("file", place), (), faults=(Fault("file", place, error.message, hint=error.hint or ""),))
        for place, error in unread
    )
    notes = (*collected.notes, *passed_over(without, "without a certificate in them"))
    return Targets((*(target.bundle for target in targets), *broken), notes)


def read(
    collected: Collected, passwords: Passwords
) -> tuple[tuple[PlacedFile, ...], list[tuple[str, InputError]], list[str]]:
    """What the files hold: those with a certificate or a key; those that may have one and cannot be read, each with the
    reason; and the names of the others.

    Raises PasswordError where a password was given and fits nothing that is encrypted.
    """
    placed_files: list[PlacedFile] = []
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
            placed_files.append(PlacedFile(file, part.folder, part.note))
        else:
            without.append(part.name)
    if passwords.given and not passwords.fitted:
        shut = [
            *(why for _, why in unread),
            *(refusal.error for placed in placed_files for refusal in placed.file.contents.refusals),
        ]
        for why in shut:
            if isinstance(why, PasswordError):
                raise why
    return tuple(placed_files), unread, without


def _read(part: Part, passwords: Passwords) -> File:
    if part.trouble:
        raise part.trouble
    return read_file(part.data, part.name, passwords)


def _is_no_certificate(error: InputError, part: Part) -> bool:
    """Whether a refused file certainly holds no certificate: its content is something else, and its name does not
    claim to be one."""
    if not part.data and not part.trouble:
        return not could_be_certificate(part.name)
    return isinstance(error, StrangerError) and not error.may_hold and not could_be_certificate(part.name)


class _BuiltTarget(NamedTuple):
    """A target, and the names of the files that it was made of."""

    bundle: Bundle
    files: frozenset[str]


class _Pool:
    """All files that were read: which leaves there are, and what belongs to each."""

    def __init__(self, placed_files: tuple[PlacedFile, ...], name: str, passwords: Passwords) -> None:
        self._files = placed_files
        self._name = name
        self._passwords = passwords
        self._certificates = tuple(
            dict.fromkeys(certificate for placed in placed_files for certificate in placed.certificates)
        )
        self._owners = {certificate.parsed.spki_sha256 for certificate in self._certificates}
        self._issued = Counter(certificate.parsed.issuer.casefold() for certificate in self._certificates)

    def targets(self) -> Iterator[_BuiltTarget]:
        """A target for each leaf in the order of the files; one of all CA files where there is no leaf."""
        if len(self._certificates) > MAX_CERTIFICATES:
            raise too_many(self._name, MAX_CERTIFICATES)
        holders = self._holders()
        if len(holders) > MAX_TARGETS:
            raise InputError(
                f"{self._name} holds {len(holders)} different certificates; certready judges {MAX_TARGETS} in one run.",
                hint="Name the folder of one gateway.",
            )
        for leaf, holding in holders.items():
            yield self._target(leaf, holding)
        authorities = [placed.file for placed in self._files if placed.certificates]
        if not holders and authorities:
            bundle = bundle_of(authorities, Target("file", self._name), self._name, self._passwords)
            yield _BuiltTarget(bundle, frozenset(file.name for file in authorities))

    def left_out(self, used: set[str]) -> list[tuple[str, InputError]]:
        """The files with a certificate that cannot be read, of which no target says so."""
        return [
            (placed.name, refusal.error)
            for placed in self._files
            if placed.name not in used
            for refusal in placed.file.contents.refusals[:1]
            if any(other.kind == "certificate" for other in placed.file.contents.refusals)
        ]

    def _holders(self) -> dict[Certificate, list[PlacedFile]]:
        """Each leaf with the files that hold it. A certificate that signed another one is not a leaf, whichever file
        it is in."""
        signers = issuers(self._certificates)
        holders: dict[Certificate, list[PlacedFile]] = {}
        for placed in self._files:
            for leaf in placed.leaves:
                subject = leaf.parsed.subject.casefold()
                issued = self._issued[subject] - (subject == leaf.parsed.issuer.casefold())
                if leaf not in signers and not (ca_like(leaf) and issued):
                    holders.setdefault(leaf, []).append(placed)
        return holders

    def _target(self, leaf: Certificate, holding: Sequence[PlacedFile]) -> _BuiltTarget:
        fullest = min(holding, key=lambda placed: _emptiness(placed, leaf))
        twins = [placed for placed in self._files if placed is not fullest and leaf in placed.certificates]
        lineage = above(leaf, self._certificates)
        beside = [authority for authority in lineage if authority not in fullest.certificates]
        sent = [] if _intermediates(leaf, fullest) else self._authorities(beside, fullest)
        keys = self._keys(leaf, fullest)
        files = [fullest.file, *sent, *keys]
        name = " + ".join(file.name for file in (fullest.file, *sent))
        try:
            bundle = bundle_of(files, Target("file", name), name, self._passwords)
        except InputError as error:
            fault = Fault("file", name, error.message, hint=error.hint or "")
            return _BuiltTarget(
                Bundle(Target("file", name), (), faults=(fault,)), frozenset(file.name for file in files)
            )
        chain = next(candidate for candidate in bundle.chains if candidate.leaf_certificate == leaf)
        notes = [fullest.note] if fullest.note else []
        notes += [
            f"The private key is in {file.name}." for file in keys if leaf.parsed.spki_sha256 in file.contents.keys
        ]
        notes += [f"The same certificate is in {twin.name} too." for twin in twins[:5]]
        known = tuple(
            Known(authority, "intermediate-file", self._place(authority))
            for authority in beside
            if authority not in chain.certificates
        )
        faults = (*chain.faults, *_further(leaf, fullest))
        chain = replace(chain, id="c1", notes=(*chain.notes, *notes), faults=faults)
        bundle = replace(bundle, chains=(chain,), known=known)
        return _BuiltTarget(bundle, frozenset(file.name for file in files))

    def _authorities(self, wanted: Sequence[Certificate], fullest: PlacedFile) -> list[File]:
        """The missing intermediates, each out of the first file that holds it and no leaf."""
        missing = [authority for authority in wanted if not authority.parsed.self_issued]
        files: list[File] = []
        for placed in self._files:
            ours = tuple(authority for authority in placed.certificates if authority in missing)
            if ours and placed is not fullest and not placed.leaves:
                missing = [authority for authority in missing if authority not in ours]
                files.append(placed.file._replace(contents=replace(placed.file.contents, certificates=ours, keys=())))
        return files

    def _keys(self, leaf: Certificate, fullest: PlacedFile) -> list[File]:
        """What holds the leaf's private key; where none does, the keys beside it that belong to no certificate, or
        that cannot be opened: one of them is probably meant."""
        spki = leaf.parsed.spki_sha256
        if spki in fullest.keys:
            return []
        for placed in self._files:
            if spki in placed.keys:
                return [File(placed.name, Contents("pem", keys=(spki,)))]
        files = []
        for placed in self._files:
            stray = tuple(key for key in placed.keys if key not in self._owners)
            shut: tuple[Refusal, ...] = ()
            if not placed.file.contents.certificates:
                shut = tuple(refusal for refusal in placed.file.contents.refusals if refusal.kind == "key")
            if (stray or shut) and placed is not fullest and placed.folder in ("", fullest.folder):
                files.append(File(placed.name, Contents("pem", keys=stray, refusals=shut)))
        return files

    def _place(self, certificate: Certificate) -> str:
        return next(placed.name for placed in self._files if certificate in placed.certificates)


def _further(leaf: Certificate, fullest: PlacedFile) -> Iterator[Fault]:
    """What is said where the file holds other leaves too, of which no private key in it chose one."""
    leaves = fullest.leaves
    if len(leaves) > 1 and not any(each.parsed.spki_sha256 in fullest.keys for each in leaves):
        chosen, *others = told_apart((leaf, *(each for each in leaves if each != leaf)))
        message = f"{fullest.name} also holds {listed(others)} beside {chosen}; each is judged as a target of its own."
        yield Fault("several", fullest.name, message, tuple(each.sha256 for each in leaves))


def _intermediates(leaf: Certificate, placed: PlacedFile) -> list[Certificate]:
    return [authority for authority in above(leaf, placed.certificates) if not authority.parsed.self_issued]


def _emptiness(placed: PlacedFile, leaf: Certificate) -> tuple[object, ...]:
    """Smaller is fuller: more of the chain, then the key, then any form but DER, which holds one certificate alone;
    then fewer strangers, and the shorter name."""
    return (
        -len(_intermediates(leaf, placed)),
        leaf.parsed.spki_sha256 not in placed.keys,
        placed.file.contents.container == "der",
        len(placed.certificates),
        placed.name.count("/"),
        len(placed.name),
        placed.name,
    )
