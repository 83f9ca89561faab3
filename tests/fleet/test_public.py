"""Names and sentences that others may read: without a path of this machine, and otherwise as they were."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from certready.fleet.lines import LineDocument, LineError, encoded
from certready.fleet.serve.public import Public

FOLDER = Path("/srv/mail/certificates")
PUBLIC = Public([FOLDER, Path("/srv/mail"), Path("/"), Path("/root")])

TEXTS = {
    "/srv/mail/certificates/gw.pem cannot be read.": "gw.pem cannot be read.",
    "/srv/mail/certificates/north/gw.pem": "north/gw.pem",
    "'/srv/mail/x.json', /srv/mail/y.json": "'x.json', y.json",
    "see /srv/mail/certificates.": "see .",
    "/srv/mailbox/x": "/srv/mailbox/x",
    "http://crl.example.test/root/x.crl": "http://crl.example.test/root/x.crl",
    "http://crl.example.test/srv/mail/x.crl": "http://crl.example.test/srv/mail/x.crl",
    "smtpd_tls_cert_file = /etc/postfix/cert.pem": "smtpd_tls_cert_file = /etc/postfix/cert.pem",
    "CN=/root": "CN=",
    "mail.contoso.com": "mail.contoso.com",
    "": "",
}


@pytest.mark.parametrize("text", TEXTS)
def test_known_folders_are_left_out(text: str) -> None:
    """Below a known folder the rest of a path stays; addresses and paths that are typed on a gateway stay whole."""
    assert TEXTS[text] == PUBLIC.text(text)


ERRORS = {
    "/var/lib/secret/gw.pem cannot be read: Permission denied.": "gw.pem cannot be read: Permission denied.",
    "[Errno 2] No such file: '/opt/a/b/c.pem'": "[Errno 2] No such file: 'c.pem'",
    r"C:\Users\ann\gw.pfx cannot be read.": "gw.pfx cannot be read.",
    r"\\server\share\gw.pfx cannot be read.": "gw.pfx cannot be read.",
    "password_file=/opt/a/password.txt is empty": "password_file=password.txt is empty",
    "and/or, 1/2/3, http://x.example/a/b": "and/or, 1/2/3, http://x.example/a/b",
}


@pytest.mark.parametrize("text", ERRORS)
def test_errors_show_the_last_part_of_any_path(text: str) -> None:
    """The sentence of an error may quote any path: its last part is what is shown."""
    assert ERRORS[text] == PUBLIC.error(text)


def test_names_stay_apart() -> None:
    """Two files of one name in two folders stay two lines, whatever the others are called."""
    names = ["/srv/mail/gw.pem", "gw.pem", "/srv/mail/certificates/gw.pem", "gw.pem #2", "/srv/mail"]
    called = PUBLIC.names(names)
    assert ["gw.pem", "gw.pem #2", "gw.pem #3", "gw.pem #2 #2", "target"] == [called[name] for name in names]


def test_a_fault_inside_shows_its_kind_alone() -> None:
    """Of what failed inside nothing but the kind is shown: nobody knows what the rest of its sentence holds."""
    error = LineError("certready failed inside: OSError: [Errno 5] token=abc", "Please report it.")
    line = LineDocument(1, "0" * 64, datetime(2026, 1, 1, tzinfo=UTC), "x", "x", None, 4, 1, None, error)
    shown = PUBLIC.document(encoded(line), "x").error
    assert shown == LineError("certready failed inside: OSError", "Please report it.")


def test_a_record_is_served_without_folders() -> None:
    """The target and the error of a record lose the folder, whatever letters it is made of; the name is the public
    one."""
    folder = Path('/srv/b\u00fcro "x"')
    error = LineError(f"{folder}/gw.pem cannot be read.", f"Look into {folder}.")
    line = LineDocument(
        1, "0" * 64, datetime(2026, 1, 1, tzinfo=UTC), f"{folder}/gw.pem", f"{folder}/gw.pem", None, 2, 1, None, error
    )
    shown = Public([folder]).document(encoded(line), "gw")
    assert ("gw", "gw.pem") == (shown.name, shown.target)
    assert LineError("gw.pem cannot be read.", "Look into .") == shown.error
