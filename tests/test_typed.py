"""typed: hosts, ports and lengths of time as a user types them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from certready.errors import UsageError
from certready.net.dns import nameserver
from certready.typed import duration, host_and_port, names_a_host


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" mail.contoso.com ", ("mail.contoso.com", None)),
        ("mail.contoso.com:25", ("mail.contoso.com", 25)),
        ("mail.contoso.com:0000025", ("mail.contoso.com", 25)),
        ("192.0.2.1:65535", ("192.0.2.1", 65535)),
        (f"192.0.2.1:{'0' * 5000}25", ("192.0.2.1", 25)),
        ("2001:db8::1", ("2001:db8::1", None)),
        ("[2001:db8::1]", ("2001:db8::1", None)),
        ("[2001:db8::1]:25", ("2001:db8::1", 25)),
    ],
)
def test_host_and_port(text: str, expected: tuple[str, int | None]) -> None:
    """A host, with a port or without, and addresses of either family."""
    assert expected == host_and_port(text)


@pytest.mark.parametrize(
    "port", ["0", "65536", "99999", "0000099999", "1000000", "9" * 5000, "-1", "+25", "٢٥", "smtp", ""]
)
@pytest.mark.parametrize("host", ["mail.contoso.com", "[2001:db8::1]"])
def test_no_port(host: str, port: str) -> None:
    """Nothing but digits from 1 to 65535 is a port, however it is written."""
    with pytest.raises(UsageError, match="is not HOST"):
        host_and_port(f"{host}:{port}")
    if port:  # the port of a DNS server has a default
        with pytest.raises(UsageError, match="is no DNS server"):
            nameserver(f"{'192.0.2.53' if '.' in host else host}:{port}")


@pytest.mark.parametrize("text", ["", ":25", "[2001:db8::1", "[]:25", "[2001:db8::1]25"])
def test_no_host(text: str) -> None:
    """A port alone and half a pair of brackets are no host."""
    with pytest.raises(UsageError, match="is not HOST"):
        host_and_port(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        (" 30M ", timedelta(minutes=30)),
        ("6h", timedelta(hours=6)),
        ("7d", timedelta(7)),
    ],
)
def test_length_of_time(text: str, expected: timedelta) -> None:
    """A number with its unit, in either case."""
    assert expected == duration(text, "--every")


@pytest.mark.parametrize("text", ["", "h", "6", "0h", "-1h", "1.5h", "6 h", "6w", "٦h", "9" * 8 + "d"])
def test_no_length_of_time(text: str) -> None:
    """Anything else is refused with what it was given for."""
    with pytest.raises(UsageError, match="--every"):
        duration(text, "--every")


@pytest.mark.parametrize(
    ("place", "could"),
    [("mail.contoso.com", True), ("gateway.pfx", False), ("folder/mail", False), ("folder\\mail", False)],
)
def test_a_host_or_a_missing_file(place: str, could: bool) -> None:
    """What has a separator or a certificate's ending is a file that is missing, the rest could be a host."""
    assert could is names_a_host(place)
