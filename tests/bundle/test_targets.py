"""The files of a folder or an archive as targets: one for each leaf, the fullest file judged."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from itertools import permutations
from random import Random

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from certready.bundle import archive, targets
from certready.bundle.parts import MAX_FILES, MAX_TOTAL, Collected, Part
from certready.bundle.targets import MAX_TARGETS, Targets
from certready.demo.pki import Authority, Issued
from certready.errors import CertreadyError, InputError, PasswordError
from certready.model import Bundle
from tests.pki import certificate

PASSWORD = b"correct horse"


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority.root()


@pytest.fixture(scope="module")
def issuing(root: Authority) -> Authority:
    return root.intermediate()


@pytest.fixture(scope="module")
def good(issuing: Authority) -> Issued:
    return issuing.issue("mail.contoso.com", key="rsa")


@pytest.fixture(scope="module")
def other(issuing: Authority) -> Issued:
    return issuing.issue("mx.contoso.com")


def lying(files: Mapping[str, bytes], password: bytes | None = None) -> Targets:
    """What is made of these files in a folder called ``f``."""
    parts = [Part(f"f/{name}", data, folder=f"f/{name}".rpartition("/")[0]) for name, data in files.items()]
    return targets.load(Collected(tuple(parts)), "f", password=password)


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return buffer.getvalue()


def pfx(issued: Issued, issuing: Authority) -> bytes:
    """A PFX of the leaf, its key and its issuer."""
    return serialize_key_and_certificates(  # type: ignore[arg-type]
        b"mail", issued.key, issued.x509, [issuing.x509], BestAvailableEncryption(PASSWORD)
    )


def names(found: Targets) -> list[str]:
    return [bundle.target.name for bundle in found.bundles]


def sent(bundle: Bundle) -> list[str]:
    return [one.parsed.label for one in bundle.chains[0].certificates]


@pytest.mark.parametrize("order", list(permutations(("cert.pem", "chain.pem", "fullchain.pem", "privkey.pem"))))
def test_certbots_folder_is_one_target(good: Issued, issuing: Authority, order: tuple[str, ...]) -> None:
    """Of certbot's four files fullchain.pem is judged with the key of privkey.pem, in whatever order they lie."""
    files = {
        "cert.pem": good.pem,
        "chain.pem": issuing.pem,
        "fullchain.pem": good.chain_pem,
        "privkey.pem": good.key_pem,
    }
    found = lying({name: files[name] for name in order})
    chain = found.bundles[0].chains[0]
    assert (["f/fullchain.pem"], "c1") == (names(found), chain.id)
    assert (chain.leaf_certificate.parsed.spki_sha256,) == chain.keys
    assert ["mail.contoso.com", "Test Intermediate"] == sent(found.bundles[0])
    assert () == found.bundles[0].known


def test_acmes_folder_is_one_target(good: Issued, issuing: Authority) -> None:
    """Of acme.sh's folder fullchain.cer is judged; what holds no certificate is passed over, and said."""
    found = lying(
        {
            "ca.cer": issuing.pem,
            "fullchain.cer": good.chain_pem,
            "mail.contoso.com.cer": good.pem,
            "mail.contoso.com.conf": b"Le_Domain='mail.contoso.com'\n",
            "mail.contoso.com.key": good.key_pem,
        }
    )
    assert ["f/fullchain.cer"] == names(found)
    assert ("Passed over, without a certificate in them: f/mail.contoso.com.conf.",) == found.notes


def test_ca_files_complete_a_leaf_that_lies_alone(good: Issued, issuing: Authority, root: Authority) -> None:
    """A leaf in a file of its own is read with the intermediates of CA files, which the target names; the root is
    known beside it."""
    found = lying({"ca-bundle.crt": issuing.pem + root.pem, "gw.crt": good.pem, "sub/gw.key": good.key_pem})
    assert ["f/gw.crt + f/ca-bundle.crt"] == names(found)
    assert ["mail.contoso.com", "Test Intermediate"] == sent(found.bundles[0])
    assert [certificate(root)] == [one.certificate for one in found.bundles[0].known]
    assert 1 == len(found.bundles[0].chains[0].keys)


def test_what_a_file_with_a_chain_lacks_is_known_and_not_sent(root: Authority) -> None:
    """The fullest file is judged as it is: an intermediate that only another file holds explains what is missing."""
    upper = root.intermediate("Upper")
    lower = upper.intermediate("Lower")
    leaf = lower.issue("mail.contoso.com")
    found = lying({"chain.pem": lower.pem + upper.pem, "gw.pem": leaf.pem + lower.pem})
    assert (["f/gw.pem"], ["mail.contoso.com", "Lower"]) == (names(found), sent(found.bundles[0]))
    assert ["Upper"] == [one.certificate.parsed.label for one in found.bundles[0].known]
    assert "f/chain.pem" == found.bundles[0].known[0].source


def test_each_leaf_is_a_target_of_its_own(good: Issued, other: Issued) -> None:
    """Two leaves, in one file or in two, are two targets, and a key of one does not hide the other."""
    apart = lying({"a.pem": good.chain_pem, "a.key": good.key_pem, "b.pem": other.chain_pem})
    together = lying({"all.pem": good.chain_pem + other.chain_pem, "a.key": good.key_pem})
    assert (["f/a.pem", "f/b.pem"], ["f/all.pem", "f/all.pem"]) == (names(apart), names(together))
    assert [1, 1] == [len(bundle.chains) for bundle in together.bundles]
    assert {certificate(good), certificate(other)} == {one.chains[0].leaf_certificate for one in together.bundles}


def test_two_leaves_in_one_file_are_said_of_each(good: Issued, other: Issued) -> None:
    """Of a file whose two leaves no private key in it tells apart, each target says that the other is there; where a
    file holds one leaf, or its key chose one, nothing is said of further targets."""
    labels = {certificate(one): certificate(one).parsed.label for one in (good, other)}
    for key in (b"", good.key_pem):
        found = lying(
            {"all.pem": good.chain_pem + other.chain_pem, "a.key": key}
            if key
            else {"all.pem": good.chain_pem + other.chain_pem}
        )
        for bundle in found.bundles:
            (fault,) = (one for one in bundle.chains[0].faults if one.kind == "several")
            (beside,) = (label for leaf, label in labels.items() if leaf != bundle.chains[0].leaf_certificate)
            assert f"also holds {beside}" in fault.message
    for files in (
        {"a.pem": good.chain_pem, "b.pem": other.chain_pem},
        {"a.pem": good.chain_pem + other.pem + good.key_pem},
    ):
        for bundle in lying(files).bundles:
            assert [] == [one for one in bundle.chains[0].faults if one.kind == "several"]


def test_a_pfx_with_the_key_goes_before_a_pem_as_full(good: Issued, issuing: Authority) -> None:
    """Of two files with the same chain the one with the key is fuller."""
    found = lying({"a.pem": good.chain_pem, "gw.pfx": pfx(good, issuing)}, PASSWORD)
    assert ["f/gw.pfx"] == names(found)


def test_a_file_that_cannot_be_opened_is_a_target_without_chains(good: Issued, issuing: Authority) -> None:
    """A PFX without its password, a block that is cut short, a keystore and an archive inside are each said."""
    cut = good.pem[:300] + b"\n-----END CERTIFICATE-----\n"
    files = {
        "cut.pem": cut,
        "good.pem": good.chain_pem,
        "in.zip": zipped({"a.pem": good.pem}),
        "gw.pfx": pfx(good, issuing),
        "store.jks": b"\xfe\xed\xfe\xed\0\0\0\2",
        "empty.crt": b"",
    }
    found = lying(files)
    assert ["f/good.pem", "f/in.zip", "f/gw.pfx", "f/store.jks", "f/empty.crt", "f/cut.pem"] == names(found)
    assert all(not bundle.chains and bundle.faults for bundle in found.bundles[1:])


def test_what_is_no_certificate_is_passed_over(good: Issued) -> None:
    """Text, an office document, a CSR and an image are no certificates, whatever lies beside them."""
    office = zipped({"[Content_Types].xml": b"<Types/>"})
    found = lying({"a.pem": good.chain_pem, "b.docx": office, "c.png": b"\x89PNG\r\n\x1a\n\0\0", "d.txt": b"Hello\n"})
    assert (["f/a.pem"], 1) == (names(found), len(found.notes))


def test_a_stray_key_beside_a_leaf_without_one_is_its_mismatch(good: Issued, other: Issued, issuing: Authority) -> None:
    """A key that belongs to nothing is held against the leaf in the same folder that has none, and no other."""
    stray = issuing.issue("third.contoso.com")
    found = lying({"a/gw.pem": good.chain_pem, "a/gw.key": stray.key_pem, "b/mx.pem": other.chain_pem})
    assert [1, 0] == [len(bundle.chains[0].keys) for bundle in found.bundles]
    found = lying({"a/gw.pem": good.chain_pem, "a/gw.key": stray.key_pem, "a/right.key": good.key_pem})
    assert found.bundles[0].chains[0].keys == (certificate(good).parsed.spki_sha256,)


def test_a_signer_is_no_leaf_in_whichever_file(issuing: Authority) -> None:
    """A certificate whose key signed another of the folder belongs to that one's chain, CA flag or not."""
    from tests.pki import issued_by_leaf

    signer = issuing.issue("signer.contoso.com")
    below = issued_by_leaf(signer, "mail.contoso.com")
    found = lying({"a.pem": signer.pem, "b.pem": below.pem})
    assert 1 == len(found.bundles)
    assert "mail.contoso.com" == found.bundles[0].chains[0].leaf_certificate.parsed.label


def test_ca_files_alone_are_one_target(root: Authority, issuing: Authority) -> None:
    """A folder of CA certificates alone is one target, which the judgement then fails."""
    found = lying({"ca.pem": root.pem, "issuing.pem": issuing.pem})
    assert ["f"] == names(found)


def test_a_folder_without_a_certificate_says_so(good: Issued) -> None:
    """Nothing, text or a key alone is an error with a sentence, and so is what can only be read with a password."""
    for files in ({}, {"a.txt": b"Hello\n"}, {"a.key": good.key_pem}):
        with pytest.raises(InputError, match=r"holds (no|a private key but no) certificate"):
            lying(files)


def test_a_wrong_password_is_an_error(good: Issued, issuing: Authority) -> None:
    """A password that opens nothing is refused as for a single file; none at all leaves the PFX unread."""
    files = {"a.pem": good.chain_pem, "gw.pfx": pfx(good, issuing)}
    with pytest.raises(PasswordError):
        lying(files, b"wrong")
    assert ["f/a.pem", "f/gw.pfx"] == names(lying(files))


def test_more_certificates_than_are_judged_is_an_error(issuing: Authority) -> None:
    """A folder of more leaves than one run judges says how many it holds."""
    files = {f"{number}.pem": issuing.issue(f"{number}.contoso.com").pem for number in range(MAX_TARGETS + 1)}
    with pytest.raises(InputError, match=str(MAX_TARGETS + 1)):
        lying(files)


# -- archives -----------------------------------------------------------------------------------------------------


def unpacked(files: Mapping[str, bytes], **options: int) -> Targets:
    return targets.load(archive.unpack(zipped(files, **options), "mail.zip"), "mail.zip")


def test_an_archive_is_read_like_a_folder(good: Issued, issuing: Authority) -> None:
    """Names out of an archive are shown without steps upwards and never used as paths."""
    found = unpacked({"../../gw.crt": good.pem, "/etc/ca.crt": issuing.pem, "__MACOSX/._gw.crt": b"\0\5\x16\7"})
    assert ["mail.zip/gw.crt + mail.zip/etc/ca.crt"] == names(found)
    assert ("Passed over, as links and hidden files: __MACOSX/._gw.crt.",) == found.notes


def test_an_encrypted_file_in_an_archive_is_not_opened(good: Issued) -> None:
    """A file under the archive's own password is said, and never tried with a PFX's."""
    data = bytearray(zipped({"a.pem": good.chain_pem, "b.pem": good.chain_pem}))
    for mark, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.rindex(mark) + at] |= 1
    found = targets.load(archive.unpack(bytes(data), "mail.zip"), "mail.zip")
    assert ["mail.zip/a.pem", "mail.zip/b.pem"] == names(found)
    assert "password" in found.bundles[1].faults[0].message


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_compression_is_not_opened(good: Issued, method: int) -> None:
    """What cannot be decompressed step by step is said to be unread."""
    with pytest.raises(InputError, match="Deflate"):
        unpacked({"a.pem": good.chain_pem}, method=method)


def test_a_damaged_file_in_an_archive_is_said(good: Issued) -> None:
    """A file whose checksum does not fit is unread, the others are judged; a broken archive is an error."""
    data = bytearray(zipped({"a.pem": good.chain_pem, "b.pem": good.chain_pem}, zipfile.ZIP_STORED))
    data[data.index(b"BEGIN")] ^= 1
    found = targets.load(archive.unpack(bytes(data), "mail.zip"), "mail.zip")
    assert ["mail.zip/b.pem", "mail.zip/a.pem"] == names(found)
    with pytest.raises(InputError, match="damaged"):
        archive.unpack(bytes(data[:-30]), "mail.zip")


def test_names_of_any_length_are_not_quoted_whole() -> None:
    """However long a name is in the archive, and another where the file itself begins, the sentence is a short one."""
    torn = bytearray(zipped({"a" * 30_000 + ".pem": b"x"}))
    torn[40:50] = b"\x1b[2J" * 2 + b"bb"
    (part,) = archive.unpack(bytes(torn), "mail.zip").parts
    assert part.trouble is not None
    assert len(part.trouble.message) < 600
    assert part.trouble.message.isprintable()


def test_names_in_an_archive_are_shown_printable() -> None:
    """What a terminal would act on in the name of a file in an archive is written as an escape, wherever it is said."""
    damaged = bytearray(zipped({"a\x13\u2028/b.pem": b"x"}, zipfile.ZIP_STORED))
    damaged[damaged.index(b"b.pem") + 5] ^= 1
    (part,) = archive.unpack(bytes(damaged), "mail.zip").parts
    assert part.trouble is not None
    assert part.trouble.message.startswith(r"mail.zip/a\x13\u2028/b.pem is damaged inside the archive")
    assert (part.name, part.folder) == (r"mail.zip/a\x13\u2028/b.pem", r"mail.zip/a\x13\u2028")


def test_a_bomb_is_stopped() -> None:
    """What decompresses into more than is read ends with a sentence, by one large file or by many."""
    large = bytes(11 * 1024 * 1024)
    assert () == archive.unpack(zipped({"a.bin": large}), "mail.zip").parts
    assert archive.unpack(zipped({"a.pem": large}), "mail.zip").parts[0].trouble
    many = {f"{number}.bin": large for number in range(MAX_TOTAL // len(large) + 2)}
    with pytest.raises(InputError, match="MiB together"):
        archive.unpack(zipped(many), "mail.zip")
    with pytest.raises(InputError, match="files"):
        archive.unpack(zipped({f"{number}.pem": b"" for number in range(MAX_FILES + 1)}), "mail.zip")


def test_mutated_archives_end_in_our_errors(good: Issued, issuing: Authority) -> None:
    """Whatever became of an archive's bytes, there are targets or a sentence."""
    data = zipped({"a/gw.pem": good.chain_pem, "a/gw.key": good.key_pem, "b/ca.crt": issuing.pem})
    random = Random(7)
    for _ in range(300):
        mutant = bytearray(data)
        for _ in range(random.choice((1, 3, 20))):
            place = random.randrange(len(mutant))
            mutant[place : place + random.randrange(3)] = random.randbytes(random.randrange(3))
        try:
            came = targets.load(archive.unpack(bytes(mutant), "mail.zip"), "mail.zip").bundles
        except CertreadyError as error:
            came = (error.message,)
        assert came
        assert came[0] != ""
