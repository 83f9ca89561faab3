"""How files are written: at once or not at all, and never over what is no file."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from certready import directories

POSIX = pytest.mark.skipif(os.name == "nt", reason="This is about files of POSIX systems.")


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """A new file and one that was there hold the content afterwards, and nothing else lies beside them."""
    file = tmp_path / "report.json"
    directories.write(file, b"one")
    directories.write(file, b"two")
    assert (b"two", [file]) == (file.read_bytes(), list(tmp_path.iterdir()))


@POSIX
def test_modes(tmp_path: Path) -> None:
    """A new file has the mode that the umask leaves; one that is replaced keeps its own, a wider and a narrower one."""
    before = os.umask(0o027)
    try:
        directories.write(tmp_path / "new", b"x")
        for own in (0o600, 0o664):
            (tmp_path / "old").touch()
            (tmp_path / "old").chmod(own)
            directories.write(tmp_path / "old", b"x")
            assert own == mode(tmp_path / "old")
    finally:
        os.umask(before)
    assert 0o640 == mode(tmp_path / "new")


@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="Only root can give files away.")
def test_a_replaced_file_keeps_its_owner(tmp_path: Path) -> None:
    """A monitor that reads a file through its group still can after root has replaced it."""
    file = tmp_path / "status.prom"
    file.touch()
    os.chown(file, 65534, 65534)
    directories.write(file, b"x")
    assert (65534, 65534) == (file.stat().st_uid, file.stat().st_gid)


@POSIX
def test_links_are_written_through(tmp_path: Path) -> None:
    """A link stays a link, also a dangling one, and what it leads to gets the content."""
    (tmp_path / "there").write_bytes(b"a longer content than the new one")
    for name in ("there", "not-yet"):
        link = tmp_path / f"link-{name}"
        link.symlink_to(tmp_path / name)
        directories.write(link, b"x")
        assert (True, b"x") == (link.is_symlink(), (tmp_path / name).read_bytes())


@POSIX
def test_devices_stay_devices() -> None:
    """/dev/null is written to and still a device."""
    directories.write(Path("/dev/null"), b"x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert directories.writable(Path("/dev/null"))


@POSIX
def test_pipes_are_written_to(tmp_path: Path) -> None:
    """A named pipe hands the content to whoever reads it, and is still a pipe."""
    pipe, read = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    directories.write(pipe, b"x" * 200_000)
    reader.join(60)
    assert ([b"x" * 200_000], True) == (read, stat.S_ISFIFO(pipe.stat().st_mode))


@POSIX
def test_a_guessed_name_leads_nowhere(tmp_path: Path) -> None:
    """Links under the names that earlier releases used for their temporary file are not followed."""
    prey = tmp_path / "prey"
    prey.write_bytes(b"precious")
    (tmp_path / f"report.{os.getpid()}.part").symlink_to(prey)
    (tmp_path / "report.part").symlink_to(prey)
    directories.write(tmp_path / "report", b"x")
    assert (b"precious", b"x") == (prey.read_bytes(), (tmp_path / "report").read_bytes())


@POSIX
def test_standard_output_by_name(tmp_path: Path) -> None:
    """/dev/stdout is what the process has as its output: a file there is added to and not cut off."""
    words = "print('before', flush=True); directories.write(Path('/dev/stdout'), b'written\\n'); print('after')"
    code = f"from pathlib import Path; from certready import directories; {words}"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True, timeout=60)
    assert "before\nwritten\nafter\n" == (tmp_path / "out").read_text()


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """A directory, a missing folder and a file in the way of a folder are errors, and no temporary file is left."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for target in (tmp_path / "folder", tmp_path / "missing" / "x", tmp_path / "file" / "x"):
        assert not directories.writable(target)
        with pytest.raises(OSError):
            directories.write(target, b"x")
    assert {"folder", "file"} == {path.name for path in tmp_path.iterdir()}


def test_what_can_be_written(tmp_path: Path) -> None:
    """A new file, one that is there, and a link can be written, and asking changes nothing."""
    file = tmp_path / "file"
    assert directories.writable(file)
    assert not file.exists()
    file.write_bytes(b"x")
    assert directories.writable(file)
    assert b"x" == file.read_bytes()


@POSIX
def test_who_has_no_home_keeps_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a home nothing is kept, not in the working folder either, and nothing raises for it."""
    monkeypatch.chdir(tmp_path)
    for places in (directories.cache, directories.data):
        place = places({"HOME": ""}, "linux")
        assert (False, False) == (directories.holds(place), directories.keep(place / "x", b"x"))
    assert [] == list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="Only root can become somebody else.")
@pytest.mark.parametrize("home", ["", "home", None])
def test_an_unreadable_home_counts_as_absent(tmp_path: Path, home: str | None) -> None:
    """Whoever may not look into their home, or has none, works with what came along: no internal error."""
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    environment = {} if home is None else {"HOME": home and str(closed / "user")}
    code = (
        "import os; import certready.roots.microsoft as microsoft; from certready.cli.fetching import answers_directory; "
        "from certready import directories; "
        "os.setgroups([]); os.setgid(54321); os.setuid(54321); "
        "print(microsoft.load(os.environ).info.name, directories.holds(answers_directory()))"
    )
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (0, "microsoft False") == (ran.returncode, ran.stdout.strip()), ran.stderr
