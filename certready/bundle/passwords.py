"""The passwords of one run: those given, those asked for, and whether any of them ever fitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

# Asks for the password of this place; the second argument says that the last answer did not fit. None gives up.
Ask = Callable[[str, bool], "str | bytes | None"]
ATTEMPTS = 3


class Passwords:
    """What encrypted files are tried with: every password known, none and the empty one, then what ``ask`` answers.

    A password that was asked for is tried for later files as well. ``rounds`` counts the key derivation of one file.
    Nothing here is ever shown: there is no ``repr``.
    """

    def __init__(self, given: str | bytes | None = None, ask: Ask | None = None) -> None:
        first = password_bytes(given)
        self._known: list[bytes] = [first] if first else []
        self._ask = ask
        self.fitted = False
        self.rounds = 0

    def begin(self) -> None:
        """Begins a file: the rounds of key derivation are counted from here over all its keys, so that many keys in
        one file cannot exceed the limit."""
        self.rounds = 0

    @property
    def given(self) -> bool:
        """Whether there is any password."""
        return bool(self._known)

    def attempts(self, place: str) -> Iterator[bytes | None]:
        """Every password to try for this place, None standing for none and the empty one. Stop where one fits."""
        yield from tuple(self._known)
        yield None
        wrong = bool(self._known)
        for _ in range(ATTEMPTS if self._ask else 0):
            answer = password_bytes(self._ask(place, wrong) if self._ask else None)
            if answer is None:
                return
            wrong = True
            if answer not in self._known:
                self._known.append(answer)
                yield answer


def password_bytes(password: str | bytes | None) -> bytes | None:
    """A password as UTF-8, which is what the PKCS standards start from; bytes that are no UTF-8 count as Latin-1.

    "" counts as none: both are tried wherever no password is given.
    """
    if isinstance(password, str):
        password = password.encode("utf-8", "surrogatepass")
    elif password:
        try:
            password.decode("utf-8")
        except UnicodeDecodeError:
            password = password.decode("latin-1").encode("utf-8")
    return password or None
