"""The world outside a check, as a test says it is: a root store and the web servers of a CA."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from certready import Certificate
from certready.model import Ask, Reply, Root, StoreInfo

MICROSOFT = StoreInfo("microsoft", "2026-10-27", 400)


@dataclass(frozen=True)
class Store:
    """A root store of these roots, under the name and date of Microsoft's unless said otherwise."""

    roots: tuple[Root, ...]
    info: StoreInfo = MICROSOFT

    def candidates(self, certificates: tuple[Certificate, ...]) -> tuple[Root, ...]:
        issuers = {one.parsed.issuer for one in certificates}
        return tuple(root for root in self.roots if root.certificate.parsed.subject in issuers)

    def holds(self, certificate: Certificate) -> Root | None:
        return next((root for root in self.roots if root.certificate == certificate), None)


@dataclass(frozen=True)
class Web:
    """Answers by address; where there is none, nobody answers."""

    pages: Mapping[str, bytes] = field(default_factory=dict)

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        return tuple(
            Reply(self.pages.get(ask.url), None if ask.url in self.pages else "No answer within 10 seconds.", 41)
            for ask in asks
        )
