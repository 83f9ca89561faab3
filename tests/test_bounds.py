"""bounds: what is read is what is judged, up to the same size."""

from __future__ import annotations

import re
from pathlib import Path

import certready
from certready import bounds, reading, revocation, serial
from certready.bundle import contents
from certready.exchange.export import read


def test_what_reads_and_what_judges_have_one_bound() -> None:
    """A file that is read at all is not refused for its size by whoever takes it apart."""
    assert reading.FILE_LIMIT == contents.MAX_BYTES == bounds.FILE
    assert reading.TENANT_LIMIT == read.MAX_BYTES == bounds.TENANT
    assert reading.CRL_LIMIT == revocation.CRL_LIMIT == bounds.CRL
    assert reading.EVIDENCE_LIMIT == serial.MAX_BYTES == bounds.EVIDENCE


def test_no_bound_is_written_twice() -> None:
    """Outside this module no constant of a shared bound's name is a number of its own."""
    pattern = re.compile(r"^(?:FILE|TENANT|CRL|OCSP|EVIDENCE|LIST)_LIMIT = [0-9]", re.MULTILINE)
    root = Path(certready.__file__).parent
    assert [] == [file.name for file in root.rglob("*.py") if pattern.search(file.read_text("utf-8"))]
