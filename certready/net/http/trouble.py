"""What the HTTP libraries raise, as sentences of ours: their own texts may hold addresses or credentials."""

from __future__ import annotations

NO_HTTP = "Its answer is no HTTP that can be read."
# By the code of OpenSSL's verification (X509_V_ERR_...).
_CERTIFICATES = {
    9: "Its TLS certificate is not valid yet.",
    10: "Its TLS certificate has expired.",
    18: "Its TLS certificate is self-signed.",
    19: "Its TLS certificate leads to a root that is not trusted.",
    20: "Its TLS certificate leads to no root that is trusted.",
    62: "Its TLS certificate is for another host.",
}


def sentence(trouble: Exception, timeout: float, *, proxied: bool) -> str:
    """What went wrong, for the report. ``timeout`` is that of one step, in seconds."""
    import ssl

    import requests
    import urllib3

    causes = _causes(trouble)
    if _any(causes, ssl.SSLError, requests.exceptions.SSLError, urllib3.exceptions.SSLError):
        codes = (cause.verify_code for cause in causes if isinstance(cause, ssl.SSLCertVerificationError))
        return _CERTIFICATES.get(next(codes, 0), "Its TLS certificate or handshake is not acceptable.")
    if _any(causes, requests.exceptions.ProxyError, urllib3.exceptions.ProxyError):
        return "The proxy does not answer or refuses."
    if _any(causes, TimeoutError, requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
        return f"It did not answer within {timeout:g} seconds."
    if _any(causes, ConnectionRefusedError):
        return "The proxy refused the connection." if proxied else "It refused the connection."
    if _no_http(causes):
        return NO_HTTP
    if _any(causes, requests.exceptions.ConnectionError, urllib3.exceptions.HTTPError, OSError):
        return "The connection was closed or broke before the answer was complete."
    return NO_HTTP


def will_pass(trouble: Exception) -> tuple[bool, bool]:
    """Whether asking again may help, and whether it was the time that ran out."""
    import ssl

    import requests
    import urllib3

    causes = _causes(trouble)
    if _any(causes, ssl.SSLError, requests.exceptions.SSLError, urllib3.exceptions.SSLError):
        return False, False
    if _no_http(causes):
        return False, False
    slow = _any(causes, TimeoutError, requests.exceptions.Timeout, urllib3.exceptions.TimeoutError)
    return _any(causes, requests.exceptions.ConnectionError, urllib3.exceptions.HTTPError, OSError), slow


def _no_http(causes: list[BaseException]) -> bool:
    """Whether an answer came that is none: libraries wrap that in what they raise for a connection that broke."""
    from http.client import HTTPException, IncompleteRead, RemoteDisconnected

    return any(
        isinstance(cause, HTTPException) and not isinstance(cause, IncompleteRead | RemoteDisconnected)
        for cause in causes
    )


def _any(causes: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _causes(trouble: BaseException) -> list[BaseException]:
    """The exception and those behind it, as libraries wrap them: by cause, by context, and as an argument."""
    causes: list[BaseException] = []
    waiting: list[object] = [trouble]
    while waiting and len(causes) < 20:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and cause not in causes:
            causes.append(cause)
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return causes
