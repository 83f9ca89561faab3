"""Whether a server asks for the client's certificate.

pyOpenSSL tells it only by a call for every state that a handshake passes through, which takes a seventh of its time.
OpenSSL itself calls when a certificate is to be chosen. The setter for that, in the binding of cryptography that
pyOpenSSL rests on, is no public name: where it is gone, the states are watched.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from OpenSSL import SSL

_CHANGED = 0x01  # SSL_CB_LOOP: the handshake has come to another state, which is what tells of a message


class Notes(Struct):
    """What OpenSSL's callbacks saw of one connection: it is its application data."""

    staples: list[bytes] = field(default_factory=list)
    asked: bool = False


def prepare(context: SSL.Context) -> None:
    """Have connections of this context watched, each of which is then given to :func:`watch`."""
    if _hook() is None:
        context.set_info_callback(_state)


def watch(connection: SSL.Connection, notes: Notes) -> object:
    """Have it noted when the server asks. What is returned must be kept as long as the handshake goes on."""
    hook = _hook()
    return hook(connection, notes) if hook else None


def _state(connection: SSL.Connection, where: int, _value: int) -> None:
    if where & _CHANGED and b"certificate request" in connection.get_state_string():
        connection.get_app_data().asked = True


@lru_cache(maxsize=1)
def _hook() -> Callable[[SSL.Connection, Notes], object] | None:
    """Sets the callback of a connection; None where this installation has no such setter."""
    from cryptography.hazmat.bindings.openssl.binding import Binding
    from OpenSSL import SSL

    binding = Binding()
    library, ffi = binding.lib, binding.ffi
    if not (hasattr(library, "SSL_set_cert_cb") and hasattr(SSL.Connection(SSL.Context(SSL.TLS_METHOD), None), "_ssl")):
        return None

    def choose(_connection: object, notes: object) -> int:
        ffi.from_handle(notes).asked = True
        return 1  # go on with what there is, which is no certificate

    callback = ffi.callback("int (*)(SSL *, void *)", choose)

    def hook(connection: SSL.Connection, notes: Notes) -> object:
        handle = ffi.new_handle(notes)
        library.SSL_set_cert_cb(connection._ssl, callback, handle)  # noqa: SLF001
        return handle

    return hook
