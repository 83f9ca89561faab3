"""Evidence field by field: which of it is a name, an address, a sentence, a certificate, and what stays."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from msgspec.structs import replace

from certready.model import (
    Answer,
    Chain,
    Connector,
    Endpoint,
    Evidence,
    Exchange,
    Fault,
    Rehearsal,
    Root,
    StoreInfo,
    Target,
)
from certready.model.endpoint import Handshake
from certready.redact.der import Documents
from certready.redact.words import Words
from certready.x509.der import MalformedError

STORES = ("microsoft", "mozilla", "system")
_NO_ANSWER = b"what came is no answer and was left out"
_WORD = re.compile(r"[^\W\d_][\w'-]*")
# Words of mail servers that are nobody's name and that no text of certready holds.
_SMTP = frozenset(
    re.findall(
        r"\w+",
        """
        esmtp smtp lmtp ehlo helo starttls pipelining size vrfy etrn auth login plain dsn help chunking smtputf8 bdat
        rcpt mail from to rset quit noop data xxxx utf8 mime enhancedstatuscodes ready go ahead ok hello pleased meet
        you bye service closing queued sender recipient accepted refused rejected denied start tls begin greetings
        microsoft postfix exim sendmail exchange mon tue wed thu fri sat sun jan feb mar apr may jun jul aug sep oct
        nov dec gmt utc
        """,
    )
)


class Redaction:
    """One pass over a piece of evidence. Raises MalformedError for what cannot be replaced."""

    def __init__(self, words: Words, documents: Documents) -> None:
        self._words = words
        self._documents = documents

    def evidence(self, original: Evidence) -> Evidence:
        """The whole. What gives names in full comes first, so that sentences about it are recognised."""
        words = self._words
        domains = original.accepted_domains
        accepted = None
        if domains is not None:
            accepted = tuple(replace(domain, name=words.domain(domain.name)) for domain in domains)
        connectors = tuple(map(self._connector, original.connectors))
        endpoints = [
            replace(endpoint, host=words.anything(endpoint.host), address=words.address(endpoint.address))
            for endpoint in original.endpoints
        ]
        target, store = self._target(original.target), self._store(original.store)
        hostname = original.options.hostname and words.domain(original.options.hostname)
        roots = tuple(map(self._root, original.roots))
        elsewhere = tuple(replace(other, root=self._root(other.root)) for other in original.elsewhere)
        known = tuple(
            replace(
                supplied,
                certificate=self._documents.certificate(supplied.certificate),
                source=self._source(supplied.source),
            )
            for supplied in original.known
        )
        for chain in (*original.chains, *original.peers):
            for certificate in chain.certificates:
                self._documents.certificate(certificate)
                words.known.setdefault(certificate.parsed.label, self._documents.certificate(certificate).parsed.label)
        return replace(
            original,
            redacted=True,
            target=target,
            store=store,
            options=replace(original.options, hostname=hostname),
            connectors=connectors,
            accepted_domains=accepted,
            roots=roots,
            elsewhere=elsewhere,
            known=known,
            chains=tuple(map(self._chain, original.chains)),
            faults=tuple(map(self._fault, original.faults)),
            peers=tuple(map(self._chain, original.peers)),
            fetched=tuple(
                replace(download, url=words.url(download.url), error=self._masked(download.error))
                for download in original.fetched
            ),
            answers=tuple(map(self._answer, original.answers)),
            endpoints=tuple(map(self._endpoint, endpoints)),
            dialogue=tuple(map(self._turn, original.dialogue)),
            rehearsal=original.rehearsal and self._rehearsal(original.rehearsal),
            unlisted=tuple(map(self._documents.digest, original.unlisted)),
            planned=tuple(
                replace(
                    plan,
                    names=tuple(map(words.anything, plan.names)),
                    request=plan.request and words.file(plan.request),
                )
                for plan in original.planned
            ),
        )

    # -- who and where --------------------------------------------------------------------------------------------

    def _target(self, target: Target) -> Target:
        if target.kind in ("file", "bytes"):
            return replace(target, name=" + ".join(map(self._words.file, target.name.split(" + "))))
        host = re.fullmatch(r"(.*?)((?::\d+)?)", target.name)
        if target.kind == "planned" or host is None:
            return replace(target, name=self._words.sentence(target.name))
        return replace(target, name=self._words.anything(host[1].strip("[]")) + host[2])

    def _store(self, store: StoreInfo) -> StoreInfo:
        name = store.name if store.name in STORES else self._words.file(store.name)
        return replace(store, name=name, left_out=tuple(map(self._words.anything, store.left_out)))

    def _source(self, source: str) -> str:
        return self._words.url(source) if "://" in source else self._words.file(source)

    def _root(self, root: Root) -> Root:
        return replace(root, certificate=self._documents.certificate(root.certificate))

    def _connector(self, connector: Connector) -> Connector:
        words = self._words
        option = re.fullmatch(r"(--\w+ )(.*)", connector.name)
        value = connector.value and self._value(connector.value)
        if option and connector.source == "option":
            name = option[1] + (value or "")
        else:
            name = words.phrase(connector.name, "Connector")
        every = {
            field: tuple(map(self._sending, getattr(connector, field)))
            for field in (
                *("trusted_organizations", "sender_domains", "sender_ips", "associated_domains"),
                *("recipient_domains", "smart_hosts"),
            )
        }
        return replace(connector, name=name, value=value, **every)

    def _value(self, value: str) -> str:
        """A connector's value, of whatever form and however malformed."""
        if "<" in value or "=" in value:
            return re.sub(r"(=\s*)([^,;+<>]+)", lambda part: part[1] + self._words.anything(part[2].strip()), value)
        return self._words.anything(value)

    def _sending(self, text: str) -> str:
        """A domain, address or range of a connector; ``smtp:contoso.com;1`` is an address space."""
        if text.strip("*") == "":
            return text
        space = re.fullmatch(r"(\w+:)?(.*?)(;\d+)?", text)
        if space and (space[1] or space[3]) and not self._words.is_address(text):
            return f"{space[1] or ''}{self._sending(space[2])}{space[3] or ''}"
        return self._words.anything(text.strip("[]"))

    # -- certificates and answers ---------------------------------------------------------------------------------

    def _chain(self, chain: Chain) -> Chain:
        return replace(
            chain,
            certificates=tuple(map(self._documents.certificate, chain.certificates)),
            keys=tuple(map(self._documents.key_digest, chain.keys)),
            sni=chain.sni and self._words.anything(chain.sni),
            notes=tuple(map(self._words.sentence, chain.notes)),
            faults=tuple(map(self._fault, chain.faults)),
        )

    def _fault(self, fault: Fault) -> Fault:
        return replace(
            fault,
            file=self._words.file(fault.file),
            message=self._words.sentence(fault.message),
            hint=self._words.sentence(fault.hint),
            certificates=tuple(map(self._documents.digest, fault.certificates)),
        )

    def _answer(self, answer: Answer) -> Answer:
        return replace(
            answer,
            certificate=self._documents.digest(answer.certificate),
            url=answer.url and self._words.url(answer.url),
            body=None if answer.body is None else self._body(answer),
            error=self._masked(answer.error),
            note=self._words.sentence(answer.note),
        )

    def _body(self, answer: Answer) -> bytes:
        make = self._documents.crl if answer.method == "crl" else self._documents.ocsp
        try:
            return make(answer.body or b"")
        except (MalformedError, IndexError, ValueError):
            return _NO_ANSWER

    # -- what servers said ----------------------------------------------------------------------------------------

    def _endpoint(self, endpoint: Endpoint) -> Endpoint:
        return replace(
            endpoint,
            staple=endpoint.staple and self._staple(endpoint.staple),
            handshakes=tuple(map(self._handshake, endpoint.handshakes)),
            **{field: self._masked(getattr(endpoint, field)) for field in ("reply", "error", "deferred", "banner")},
            demands_certificate=self._masked(endpoint.demands_certificate),
        )

    def _handshake(self, handshake: Handshake) -> Handshake:
        staple = handshake.staple and self._staple(handshake.staple)
        return replace(handshake, staple=staple, error=self._masked(handshake.error))

    def _staple(self, staple: bytes) -> bytes:
        try:
            return self._documents.ocsp(staple)
        except (MalformedError, IndexError, ValueError):
            return _NO_ANSWER

    def _turn(self, turn: Exchange) -> Exchange:
        return replace(turn, sent=self._words.sentence(turn.sent), reply=self._masked(turn.reply) or "")

    def _rehearsal(self, rehearsal: Rehearsal) -> Rehearsal:
        return replace(
            rehearsal,
            domain=self._words.domain(rehearsal.domain),
            exchangers=tuple(map(self._words.domain, rehearsal.exchangers)),
            texts=tuple(self._masked(text) or "" for text in rehearsal.texts),
            error=self._masked(rehearsal.error),
        )

    def _masked(self, text: str | None) -> str | None:
        """What a server said, or a sentence that may quote it: words that are nobody's alone."""
        if text is None:
            return None
        plain = self._words.sentence(text)
        stand_ins = {word for stand_in in self._words.stand_ins for word in _WORD.findall(stand_in)}
        allowed = self._vocabulary | stand_ins
        return _WORD.sub(lambda word: word[0] if word[0].lower() in allowed or word[0] in stand_ins else "-", plain)

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        """The words of certready's own texts and of mail servers, without the names that are replaced."""
        texts = " ".join(_own_texts())
        return frozenset(word.lower() for word in _WORD.findall(texts)) | _SMTP


def _own_texts() -> Iterable[str]:
    from certready.explain.catalogue import CATALOGUE
    from certready.rules import RULES

    for rule in RULES.values():
        yield from (rule.title, rule.what, rule.why, rule.fix)
    yield str(CATALOGUE)
