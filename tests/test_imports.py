"""What a run imports: the start is a feature, and nothing heavy is loaded before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import certready
from certready.demo.pki import Authority

HEAVY = ("requests", "rich", "dns", "pyhanko_certvalidator", "jinja2", "aiohttp", "asn1crypto", "hypothesis")
NETWORK = ("OpenSSL", "urllib3", "ssl", "certready.net", "idna", "certifi")


def loaded(*words: str) -> set[str]:
    """The modules that are loaded at the end of one run of the command line."""
    code = (
        "import sys\n"
        "from certready.cli import main\n"
        f"main({list(words)!r})\n"
        "sys.stderr.write('\\nLOADED ' + ' '.join(sys.modules))\n"
    )
    ran = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    return set(ran.stderr.rpartition("LOADED ")[2].split())


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    directory = tmp_path_factory.mktemp("imports")
    root = Authority.root()
    (directory / "gateway.pem").write_bytes(root.intermediate().issue("mail.contoso.com", key="rsa").chain_pem)
    (directory / "root.pem").write_bytes(root.pem)
    return str(directory / "gateway.pem"), str(directory / "root.pem")


def heavy(modules: set[str], names: tuple[str, ...]) -> set[str]:
    return {name for name in names if name in modules}


@pytest.mark.parametrize("store", ["file", "microsoft"])
def test_a_file_check_loads_nothing_heavy(bundle: tuple[str, str], store: str) -> None:
    """An offline check of a PEM file imports neither a network nor a rendering nor a second validation library."""
    file, root = bundle
    modules = loaded(
        "check", file, "--offline", "--inbound", "*.contoso.com", "--trust", root if store == "file" else store
    )
    assert "certready.judging" in modules
    assert set() == heavy(modules, HEAVY + NETWORK)


def test_a_probe_loads_only_what_tls_needs() -> None:
    """A probe without revocation imports pyOpenSSL and no HTTP client, no DNS library, no second validation library."""
    modules = loaded("probe", "127.0.0.1:1", "--revocation", "off", "--outbound", "mail.contoso.com")
    assert "certready.net.gateway" in modules
    assert set() == heavy(modules, (*HEAVY, "urllib3"))


def test_the_package_itself_is_light() -> None:
    """``import certready`` loads none of its own modules until a name is used, and every public name is there."""
    code = "import sys, certready; print(len([m for m in sys.modules if m.startswith('certready.')]))"
    ran = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert "1" == ran.stdout.strip()
    assert [] == [name for name in certready.__all__ if getattr(certready, name, None) is None]


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    """A name that is not public raises what Python users expect."""
    with pytest.raises(AttributeError, match="unheard_of"):
        certready.unheard_of  # noqa: B018 - the access is the test


def test_threads_are_started_in_one_place() -> None:
    """No module of the package but one starts a thread by hand."""
    package = Path(certready.__file__).parent
    starting = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "Thread(" in path.read_text("utf-8") or "ThreadPoolExecutor" in path.read_text("utf-8")
    }
    assert {"net/threads.py"} == starting


def test_every_module_is_short_enough_to_read() -> None:
    """No module of the package is longer than 320 lines."""
    package = Path(certready.__file__).parent
    long = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if len(path.read_text("utf-8").splitlines()) > 320
    }
    assert set() == long
