"""No output of any command holds a private key or a password: formats, evidence, documents, errors, tracebacks."""

from __future__ import annotations

import base64
import os
import pickle
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

import certready
from certready.bundle import read_files
from certready.errors import CertreadyError
from certready.render import FORMATS
from tests.cli.conftest import Material, Ran
from tests.outside import Store

Run = Callable[..., Ran]
PASSWORD, NEW, WRONG = "Sesame-Opens-7431", "Another-Word-9265", "Never-Said-5358"


@pytest.fixture
def files(material: Material, tmp_path: Path) -> dict[str, str]:
    """The good certificate with its key in every form that is protected or not, and passwords in files."""
    good = material.good
    sealed = BestAvailableEncryption(PASSWORD.encode())
    made = {
        "open.pem": good.chain_pem + good.key_pem,
        "traditional.pem": good.chain_pem
        + good.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        "sealed.pem": good.chain_pem + good.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed),
        "gateway.pfx": serialize_key_and_certificates(b"gateway", good.key, good.x509, [material.issuing.x509], sealed),  # type: ignore[arg-type]
        "damaged.pem": good.chain_pem + good.key_pem.replace(b"\n", b"\n!", 3),
        "cut.pem": good.chain_pem + good.key_pem[: len(good.key_pem) // 2],
        "word": PASSWORD.encode(),
        "new": NEW.encode(),
        "wrong": WRONG.encode(),
    }
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    return {name: str(tmp_path / name) for name in made}


def secrets(material: Material) -> Iterable[str]:
    """The passwords, and the private key as text may show it: PEM lines, DER and numbers in any usual base."""
    yield from (PASSWORD, NEW, WRONG)
    key = material.good.key
    assert isinstance(key, rsa.RSAPrivateKey)
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        pem = key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
        yield from pem.splitlines()[8:-2]  # the first lines hold the modulus, which is public
    numbers = key.private_numbers()
    for number in (numbers.d, numbers.p, numbers.q, numbers.dmp1):
        data = number.to_bytes((number.bit_length() + 7) // 8, "big")
        yield from (str(number), data.hex(), data.hex().upper(), base64.b64encode(data[3:-3]).decode()[4:-4])


def held(material: Material, *texts: str | bytes) -> list[str]:
    """Those of the secrets that stand in one of these."""
    all_ = [text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape") for text in texts]
    return [secret for secret in secrets(material) if any(secret.encode() in text for text in all_)]


KEYED = ["open.pem", "traditional.pem", "sealed.pem", "gateway.pfx", "damaged.pem", "cut.pem"]


@pytest.mark.parametrize("name", KEYED)
def test_check_in_every_format(run: Run, material: Material, files: dict[str, str], name: str, tmp_path: Path) -> None:
    """Reports in every format, evidence whole and redacted, and remedies hold no secret."""
    given = ("check", files[name], *material.inbound, *material.offline, "--password-file", files["word"], "-v")
    written = [tmp_path / f"out.{form}" for form in FORMATS if form != "nagios"]
    for extra in ((), ("--redact",)):
        ran = run(
            *given,
            *(word for path in written for word in ("--format", f"{path.suffix[1:]}={path}")),
            *("--save-evidence", str(tmp_path / "evidence.json"), "--remedies", str(tmp_path / "fix.ps1"), *extra),
        )
        assert ran.code in (0, 1, 2, 3)
        outputs = [path.read_bytes() for path in (*written, *tmp_path.glob("*.json"), *tmp_path.glob("*.ps1"))]
        assert [] == held(material, ran.out, ran.err, *outputs)
    nagios = run(*given[:-1], "--format", "nagios")
    assert [] == held(material, nagios.out, nagios.err)


@pytest.mark.parametrize("name", KEYED)
@pytest.mark.parametrize("form", ["text", "json"])
def test_show(run: Run, material: Material, files: dict[str, str], name: str, form: str) -> None:
    """An inventory names keys by the digest of their public half alone."""
    ran = run("show", files[name], "--password-file", files["word"], "--format", form, "--fqdn", "mail.contoso.com")
    assert [] == held(material, ran.out, ran.err)


@pytest.mark.parametrize("name", ["open.pem", "sealed.pem", "gateway.pfx"])
@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_repair(run: Run, material: Material, files: dict[str, str], name: str, form: str, tmp_path: Path) -> None:
    """What is printed holds no secret; of the files those for the key alone, which only their owner reads."""
    out = tmp_path / "fixed"
    pfx = ("--pfx", "modern", "--new-password-file", files["new"], "--with-key")
    ran = run(
        *("repair", files[name], "--out", str(out), *pfx, "--password-file", files["word"]),
        *(*material.offline, "--format", form, "-v"),
    )
    assert 0 == ran.code
    assert [] == held(material, ran.out, ran.err)
    for path in out.iterdir():
        secret = path.name in ("key.pem", "bundle.pfx")
        assert secret or [] == held(material, path.read_bytes())
        assert not (secret and os.name == "posix" and path.stat().st_mode & 0o077)
    assert held(material, (out / "key.pem").read_bytes())  # so it would have been seen elsewhere
    plain = tmp_path / "plain"
    assert (
        0 == run("repair", files[name], "--out", str(plain), "--password-file", files["word"], *material.offline).code
    )
    assert [] == held(material, *(path.read_bytes() for path in plain.iterdir()))


@pytest.mark.parametrize("command", ["check", "show", "repair", "diff", "compare"])
@pytest.mark.parametrize("name", ["sealed.pem", "gateway.pfx", "damaged.pem"])
def test_errors_and_tracebacks(run: Run, material: Material, files: dict[str, str], command: str, name: str) -> None:
    """A password that does not fit, and a damaged key, are neither quoted nor in what --debug shows."""
    words = {"repair": ("--out", files["open.pem"] + ".out"), "diff": (files["open.pem"],)}.get(command, ())
    more = ("--certificate-only",) if command in ("check", "diff") else ()
    for debug in ((), ("--debug",)):
        ran = run(*debug, command, files[name], *words, *more, "--password-file", files["wrong"])
        assert [] == held(material, ran.out, ran.err)


def test_a_password_is_never_an_argument(run: Run, material: Material, files: dict[str, str]) -> None:
    """There is no option that takes one; whoever types it is not quoted back in what stays in logs."""
    ran = run("check", files["gateway.pfx"], "--certificate-only", "--password", PASSWORD)
    assert (2, []) == (ran.code, held(material, ran.out, ran.err))


def test_the_library(material: Material, files: dict[str, str]) -> None:
    """Bundles, evidence and reports as they are pickled for workers, and exceptions with all they carry."""
    raised: list[CertreadyError] = []
    for name in KEYED:
        data = Path(files[name]).read_bytes()
        try:
            bundle = certready.load(data, password=PASSWORD, name=name)
        except CertreadyError as error:
            raised.append(error)
            continue
        evidence = certready.gather(bundle, now=material.good.x509.not_valid_before_utc, roots=Store(()))
        report = certready.judge(evidence)
        inventory = read_files([(name, data)], password=PASSWORD)
        kept = (bundle, evidence, report, inventory)
        assert [] == held(material, *(repr(one) for one in kept), *(pickle.dumps(one) for one in kept[:3]))
    with pytest.raises(CertreadyError) as refused:
        certready.load(Path(files["gateway.pfx"]).read_bytes(), password=WRONG)
    for error in (*raised, refused.value):
        assert [] == held(material, repr(error), repr(error.args), repr(error.__dict__), repr(error.__context__))
