"""TLSA records as OpenSSL compares them, which is what Postfix builds on: the decision table row by row."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certready.dane import Tlsa, fit
from tests.dane.test_matching import HOST, MOMENT, ROWS, World
from tests.dane.test_matching import world as world  # noqa: PLC0414 - the fixture
from tests.ending import Child

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl command"),
]

# What OpenSSL does otherwise, and why.
UNCOMPARED = {
    "unusable": "OpenSSL knows usages 0 and 1, which SMTP does not, and imports no record that is damaged",
    "unreadable": "OpenSSL follows the bare key of an authority that is not sent, and serves no damaged certificate",
}
CHAINS = sorted({chain for chain, *_ in ROWS if chain != "garbage"})


@contextlib.contextmanager
def served(world: World, chain: str, folder: Path) -> Iterator[int]:
    """A TLS server of OpenSSL's that presents a chain; the port it listens on."""
    leaf, *others = world.chains[chain]
    (folder / "leaf.pem").write_bytes(pem(world, leaf))
    (folder / "chain.pem").write_bytes(b"".join(pem(world, one) for one in others))
    key = world.keys[leaf].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(key)
    words = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "leaf.pem", "-key", "key.pem"]
    if others:
        words += ["-cert_chain", "chain.pem"]
    process = Child(
        [*words, "-no_ign_eof"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            ready = re.search(rb"ACCEPT .*:(\d+)", line)
            if ready:
                reader = threading.Thread(target=process.stdout.read, daemon=True)  # or it waits for the pipe
                reader.start()
                yield int(ready.group(1))
                return
        pytest.fail("openssl s_server did not start")
    finally:
        process.kill()
        process.wait(10)


def pem(world: World, name: str) -> bytes:
    """A certificate as OpenSSL reads it."""
    loaded = world.certificates[name].parsed.x509
    assert loaded is not None
    return loaded.public_bytes(Encoding.PEM)


def verified(port: int, records: list[Tlsa]) -> bool:
    """Whether OpenSSL's client, told to keep to RFC 7672, authenticates the server by these records."""
    words = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", HOST, "-dane_tlsa_domain", HOST]
    for record in records:
        words += ["-dane_tlsa_rrdata", f"{record.fields} {record.data.hex()}"]
    ran = subprocess.run([*words, "-dane_ee_no_namechecks"], input=b"Q\n", capture_output=True, check=False, timeout=60)
    return b"Verify return code: 0 (ok)" in ran.stdout or b"Verification: OK" in ran.stdout


@pytest.mark.parametrize("chain", CHAINS)
def test_openssl_agrees(world: World, chain: str, tmp_path: Path) -> None:
    """Every row of the decision table that OpenSSL can be asked about comes out the same; dates under usage 3 are
    Exchange Online's own and compared as other senders see them."""
    rows = [(records, outcome) for one, records, outcome, *_ in ROWS if one == chain and outcome not in UNCOMPARED]
    with served(world, chain, tmp_path) as port:
        for texts, _ in rows:
            records = world.records(texts)
            usable = [one for one in records if one.unusable is None]
            found = fit(records, world.sent(chain), (HOST,), MOMENT)
            accepted = found.outcome == "match" or (found.outcome == "dates" and found.others_accept)
            assert verified(port, usable) == accepted, (texts, found)


def apart(module: str, *options: str) -> Any:
    """What a module prints, as JSON, that runs in a network of its own. Skips where there can be none."""
    if not hasattr(os, "getuid") or os.getuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("a network of its own takes root, unshare and ip")
    words = ["unshare", "-n", *options, sys.executable, "-m", module]
    root = Path(__file__).parents[2]
    with Child(words, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            out, err = process.communicate(timeout=300)
        finally:
            process.kill()
    said = err.decode(errors="replace")
    if "UnavailableError" in said or "Operation not permitted" in said:
        pytest.skip(said.splitlines()[-1])
    assert process.returncode == 0, said
    return json.loads(out)


# What Postfix does otherwise, and why.
UNLIKE_POSTFIX = {
    (
        "leaf",
        "2 1 0 root",
    ): "verified",  # it follows the bare key of an authority that is not sent; here that is unknown
    ("leaf", "3 1 0"): "posttls-finger: panic",  # of a record without any data
}


@pytest.mark.skipif(
    not all(map(shutil.which, ("posttls-finger", "unbound"))), reason="posttls-finger and unbound are not both here"
)
def test_postfix_agrees() -> None:
    """Postfix's client, over a validating resolver, verifies, holds, or encrypts without verifying as every row of the
    decision table says; what it does otherwise are the two cases that are named."""
    said = apart("tests.live.dane_postfix", "-m")
    usual = {"match": "verified", "unusable": "encrypted"}
    for chain in CHAINS:
        rows = [row for row in ROWS if row[0] == chain]
        for (_, texts, outcome, _, others_accept), answer in zip(rows, said[chain], strict=True):
            expected = usual.get(outcome, "verified" if others_accept else "held")
            assert answer.startswith(UNLIKE_POSTFIX.get((chain, texts), expected)), (chain, texts, answer)


def test_the_walk_with_a_real_postfix() -> None:
    """A new key: diff says what to publish; published, it is ready to switch; installed, the probe is ready. Forgotten,
    the probe is not, and gives the line to publish. A fleet's line for the domain says what the probe says. Postfix
    stands on port 25 of a network of its own."""
    steps = apart("tests.live.dane_walk")
    old, new = (f"_25._tcp.mx.contoso.test. 3600 IN TLSA 3 1 1 {digest}" for digest in steps.pop("expected"))
    alone, ready, broken = {"dane.match": "warn"}, {"dane.match": "pass"}, {"dane.mismatch": "fail"}
    assert steps == {
        "in place": {"code": 0, "findings": alone, "lines": [], "dane": []},
        "key changed": {"code": 1, "findings": broken, "lines": [new, old, new], "dane": ["breaks"]},
        "forgotten": {"code": 1, "findings": broken, "lines": [new], "dane": []},
        "published": {"code": 0, "findings": ready, "lines": [old], "dane": ["same"]},
        "still in place": {"code": 0, "findings": ready, "lines": [], "dane": []},
        "installed": {"code": 0, "findings": ready, "lines": [], "dane": []},
        "fleet": {"code": 0, "findings": ready, "lines": [], "dane": []},
    }
