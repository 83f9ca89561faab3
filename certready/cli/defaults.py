"""``certready.toml``: defaults for the options that commands share, from the working folder or the user's settings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from certready import directories
from certready.cli.completing import STORES
from certready.errors import UsageError

FILE = "certready.toml"
MAX_BYTES = 1024 * 1024

# Options that may stand in the file, by their long name: the parameter, and how a value is written there.
_TEXT, _FLAG, _PATH, _TEXTS, _PATHS = "text", "flag", "path", "texts", "paths"
_OPTIONS: Mapping[str, tuple[str, str]] = {
    "tenant": ("tenant", _PATHS),
    "connector": ("connector", _TEXTS),
    "role": ("role", _TEXT),
    "inbound": ("inbound", _TEXTS),
    "outbound": ("outbound", _TEXTS),
    "tls-settings": ("tls_settings", _TEXT),
    "certificate-only": ("certificate_only", _FLAG),
    "accepted-domain": ("accepted_domain", _TEXTS),
    "same-certificate": ("same_certificate", _FLAG),
    "hostname": ("hostname", _TEXT),
    "password-file": ("password_file", _PATH),
    "password-env": ("password_env", _TEXT),
    "format": ("formats", _TEXTS),
    "strict": ("strict", _FLAG),
    "verbose": ("verbose", _FLAG),
    "revocation": ("revocation", _TEXT),
    "crl": ("crl", _PATHS),
    "ocsp": ("ocsp", _PATHS),
    "intermediate": ("intermediate", _PATHS),
    "trust": ("trust", _TEXT),
    "extra-root": ("extra_root", _PATHS),
    "expiry-warning": ("expiry_warning", _TEXT),
    "offline": ("offline", _FLAG),
    "no-cache": ("no_cache", _FLAG),
    "allow-private": ("allow_private", _FLAG),
    "timeout": ("timeout", _TEXT),
    "proxy": ("proxy", _TEXT),
    "ca-bundle": ("ca_bundle", _PATH),
}
# Whoever types one of these means none of the file's others; the same holds for a line of a fleet.
_CONNECTORS = ("connector", "inbound", "outbound", "certificate-only")
_PASSWORDS = ("password-file", "password-env", "password-fd")


def takes_defaults(command: Any) -> bool:
    """Whether a command has the shared options."""
    names = {parameter.name for parameter in command.params}
    return all(parameter in names for parameter, _ in _OPTIONS.values())


def defaults(words: Sequence[str]) -> dict[str, Any]:
    """The defaults of a command with these words, by parameter; none where there is no file. Says on stderr which file
    they are from. Raises UsageError where it cannot be read or holds something else."""
    path = defaults_file()
    if path is None or {"--help", "-h"} & set(words):
        return {}
    written = _read(path)
    from certready.cli.output import note

    note(f"defaults of {path} are used.")
    left_out = _replaced(words)
    return {_OPTIONS[name][0]: value for name, value in written.items() if name not in left_out}


def defaults_file() -> Path | None:
    """The file whose defaults hold: the first that is there."""
    return next((place for place in places() if directories.holds(place)), None)


def places() -> tuple[Path, ...]:
    """Where the file is looked for, in this order; the first that is there is taken."""
    return Path(FILE), directories.config(os.environ) / FILE


def _read(path: Path) -> dict[str, Any]:
    import tomllib

    from certready import reading

    try:
        document = tomllib.loads(reading.read(path, MAX_BYTES).decode("utf-8-sig"))
    except ValueError as error:
        reason = (str(error).splitlines() or ["it cannot be read"])[0][:200]
        raise UsageError(
            f"{path} is not valid TOML: {ascii(reason)[1:-1].rstrip('.')}.", hint="Correct it, or move it away."
        ) from None
    except RecursionError:
        raise UsageError(
            f"{path} is nested too deeply.", hint="It holds options and their values, nothing else."
        ) from None
    return {_name(key, path): _value(key, value, path) for key, value in document.items()}


def _name(key: str, path: Path) -> str:
    name = key.lower().replace("_", "-")
    if name not in _OPTIONS:
        raise UsageError(f"{path}: there is no option {key[:80]!a}.", hint=f"The options are {', '.join(_OPTIONS)}.")
    return name


def _value(key: str, value: object, path: Path) -> Any:
    """The value as the command line's would be; files are relative to the file that names them. Raises UsageError."""
    name = _name(key, path)
    form = _OPTIONS[name][1]
    if form == _FLAG:
        if isinstance(value, bool):
            return value
        raise UsageError(f"{path}: {key} is true or false.")
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, (str, int, float)) and not isinstance(item, bool) for item in items):
        raise UsageError(f"{path}: {key} is text{', or a list of texts' if form in (_TEXTS, _PATHS) else ''}.")
    texts = [str(item) for item in items]
    if form in (_PATH, _PATHS) or (name == "trust" and texts[0].lower() not in STORES):
        texts = [str(path.parent / text) for text in texts]
    if form in (_TEXTS, _PATHS):
        return texts
    if len(texts) != 1:
        raise UsageError(f"{path}: {key} is one value.")
    return texts[0]


def _replaced(words: Sequence[str]) -> set[str]:
    """The options whose defaults mean nothing beside what was typed."""
    typed = {word.partition("=")[0].removeprefix("--") for word in words if word.startswith("--")}
    replaced: set[str] = set()
    for group in (_CONNECTORS, _PASSWORDS):
        if typed & set(group):
            replaced |= set(group)
    if "certificate-only" in typed:
        replaced.add("tenant")
    if "tenant" in typed:
        replaced.add("certificate-only")
    return replaced
