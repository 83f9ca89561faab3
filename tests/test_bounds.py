"""bounds: what is read is what is judged, up to the same size."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import pytest

import certready
from certready import bounds, reading, revocation, serial
from certready.bundle import contents
from certready.errors import InputError
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


def test_a_small_file_takes_no_room_for_the_largest(tmp_path: Path) -> None:
    """What is set aside for a file goes by what is in it, not by how much of it would be read at most."""
    file = tmp_path / "small.pem"
    file.write_bytes(b"small")
    tracemalloc.start()
    assert b"small" == reading.read(file, bounds.CRL)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1024 * 1024


@pytest.mark.parametrize("size", [0, reading.STEP - 1, reading.STEP, 3 * reading.STEP])
def test_a_file_is_read_whole_up_to_the_bound(size: int, tmp_path: Path) -> None:
    """Every byte up to the limit is read, however many steps that takes; one more is too many."""
    file = tmp_path / "file"
    file.write_bytes(bytes(range(256)) * (size // 256) + bytes(size % 256))
    assert file.read_bytes() == reading.read(file, size)
    with file.open("ab") as more:
        more.write(b"+")
    with pytest.raises(InputError, match="too large"):
        reading.read(file, size)
