"""The judgement of a chain: which path is the one, whether it is trusted, and if not, why (contract, "Diagnosis")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Literal

from msgspec import Struct

from certready.model import Chain, Root
from certready.path import build, engines, lint
from certready.path.lint import Problem
from certready.roots.limits import standing
from certready.x509.certificate import CLIENT_AUTH, SERVER_AUTH, Certificate
from certready.x509.names import comparable

Outcome = Literal["trusted", "incomplete", "self-signed", "untrusted-root", "invalid", "too-complex", "unreadable"]

MAX_ENGINE_PATHS = 5  # equally good paths that the engines are asked about


class Missing(Struct, frozen=True):
    """The issuer that a path lacks. ``child`` is the SHA-256 of the certificate it would have issued, ``urls`` where
    that one says the issuer can be fetched, ``same_name_other_key`` that one of this name is there whose key did not
    sign. ``note`` is a sentence where there is more to say, else ""."""

    child: str
    issuer: str
    urls: tuple[str, ...]
    same_name_other_key: bool
    note: str = ""


class Judgement(Struct, frozen=True):
    """What became of one chain, as sent.

    ``path`` is leaf first, made of certificates as sent and of roots of the store; it ends in ``anchor`` where one is
    reached, or in a self-signed certificate outside the store, sent or known. ``problems`` are those of ``path``.
    ``repaired`` is a full path that also uses certificates known beside the sent ones, where those alone reach no
    anchor. ``strict_refusal`` is why cryptography's verifier refuses what certvalidator accepts; ``refusals`` are the
    reasons of the engines where neither accepts. ``alternatives`` counts the other paths to an anchor, ``unrelated``
    are the SHA-256s of sent certificates that lie on no path. ``untrusted`` is the self-signed end, in no store, that
    known certificates lead to where they reach no anchor.
    """

    outcome: Outcome
    path: tuple[Certificate, ...]
    anchor: Root | None = None
    problems: tuple[Problem, ...] = ()
    missing: Missing | None = None
    repaired: tuple[Certificate, ...] | None = None
    strict_refusal: str | None = None
    refusals: tuple[str, ...] = ()
    alternatives: int = 0
    unrelated: tuple[str, ...] = ()
    untrusted: Certificate | None = None


class _Assessed(Struct, frozen=True):
    """A path with what is wrong with it. ``grade`` orders paths: 0 is the best."""

    path: build.Path
    problems: tuple[Problem, ...]
    grade: int

    @property
    def clean(self) -> bool:
        return all(problem.kind in lint.TOLERATED for problem in self.problems)


class _Chosen(Struct, frozen=True):
    """The path that is judged, and the engines' word: ``word`` is "accepted" where they were not asked, too."""

    assessed: _Assessed
    word: engines.Word = "accepted"
    strict_refusal: str | None = None
    refusals: tuple[str, ...] = ()


@lru_cache(maxsize=256)
def judge(chain: Chain, known: tuple[Certificate, ...], roots: tuple[Root, ...], at: datetime) -> Judgement:
    """Judge a chain as it was sent: Exchange Online does not fetch missing intermediates.

    ``known`` certificates explain and repair, and never make a chain trusted. ``at`` is aware; of several paths it
    prefers one whose dates hold then, and dates are judged nowhere else here.
    """
    at = at.replace(microsecond=0)  # dates are whole seconds, the last one included (RFC 5280, 4.1.2.5)
    leaf = chain.leaf_certificate
    if leaf.parsed.error is not None:
        return Judgement("unreadable", (leaf,))
    search = build.search(leaf, chain.certificates, roots, at)
    ranked = _ranked(search.paths, at)
    if not ranked:
        return Judgement("too-complex", (leaf,))
    chosen = _choose(ranked, at)
    best = chosen.assessed
    repaired = untrusted = None
    if known and not best.path.anchor:
        better = build.search(leaf, (*chain.certificates, *known), roots, at).paths
        repaired, untrusted = _repaired(better, at)
        rooted = [
            candidate
            for candidate in better
            if candidate.end == "self-signed" and candidate.certificates[:-1] == best.path.certificates
        ]
        if rooted and untrusted:  # a root is left out on purpose; what is wrong is whose it is
            chosen = _Chosen(_assess(rooted[0], at))
            best = chosen.assessed
    path = best.path.certificates
    on_paths = {certificate for candidate in search.paths for certificate in candidate.certificates}
    return Judgement(
        outcome=_outcome(chosen, capped=search.capped and not _settled(chosen, leaf, at)),
        path=path,
        anchor=best.path.anchor,
        problems=best.problems,
        missing=_missing(path, (*chain.certificates, *(root.certificate for root in roots)))
        if best.path.end == "incomplete"
        else None,
        repaired=repaired,
        untrusted=untrusted,
        strict_refusal=chosen.strict_refusal,
        refusals=chosen.refusals,
        alternatives=sum(other.path.anchor is not None for other in ranked if other is not best),
        unrelated=()
        if search.capped
        else tuple(
            dict.fromkeys(certificate.sha256 for certificate in chain.certificates if certificate not in on_paths)
        ),
    )


def _ranked(paths: Iterable[build.Path], at: datetime) -> list[_Assessed]:
    assessed = (_assess(path, at) for path in paths)
    return sorted(assessed, key=lambda rated: (rated.grade, len(rated.problems), -_length(rated)))


def _length(assessed: _Assessed) -> int:
    """Of paths that reach nothing the longest explains most; of those that do, the search had the shortest first."""
    return 0 if assessed.path.anchor else len(assessed.path.certificates)


def _assess(path: build.Path, at: datetime) -> _Assessed:
    # The signature of an anchor is nobody's concern, but a leaf may not hide its own behind being one.
    leaf_alone = path.end == "anchor" and len(path.certificates) == 1 and not path.certificates[0].parsed.is_ca
    problems = lint.problems(path.certificates, rooted=path.end != "incomplete" and not leaf_alone)
    problems += lint.unverified(path.unverified)
    bad = any(problem.kind not in lint.TOLERATED for problem in problems)
    if path.anchor is None:
        return _Assessed(path, problems, 20 if path.end == "self-signed" else 21)
    within = 2 if bad else 0 if path.holds(at) else 1
    return _Assessed(path, problems, within + (12 if path.anchor.extra else _restricted(path, path.anchor, at)))


def _restricted(path: build.Path, anchor: Root, at: datetime) -> int:
    """How far a root's programme limits it for this leaf: 0 not at all, 3 unclear, 6 clients only, 9 neither."""
    issued = path.certificates[0].parsed.not_before
    server = standing(anchor.limits, SERVER_AUTH, issued, at)
    if server.allowed:
        return 0
    if server.state == "unclear":
        return 3
    return 6 if standing(anchor.limits, CLIENT_AUTH, issued, at).allowed else 9


def _choose(ranked: Sequence[_Assessed], at: datetime) -> _Chosen:
    """The best path: of those of the best grade the first that an engine accepts, else of the next clean grade."""
    refused: list[_Chosen] = []
    for _, group in groupby(ranked, key=lambda rated: rated.grade):
        several = list(group)[:MAX_ENGINE_PATHS]
        anchor = several[0].path.anchor
        if not (several[0].clean and anchor) or (refused and anchor.extra):
            break
        chosen = _ask(several, at)
        if chosen.word == "accepted":
            return chosen
        refused.append(chosen)
    return refused[0] if refused else _Chosen(ranked[0])


def _ask(several: Sequence[_Assessed], at: datetime) -> _Chosen:
    """Ask the strict engine about each path first: what it accepts, everybody does."""
    reasons: list[tuple[_Assessed, datetime, engines.Word, str]] = []
    for assessed in several:
        path = assessed.path.certificates
        moment = engines.moment(path, at)
        # A leaf that is itself an anchor has no chain to judge, and a path that was never valid as a whole, which
        # expiry.* reports, no moment to judge it at.
        if moment is None or len(path) == 1:
            return _Chosen(assessed)
        if any(lint.APPLICATION_POLICIES in certificate.parsed.critical for certificate in path):
            return _Chosen(assessed, strict_refusal="it has critical application policies, which only Windows knows")
        word, reason = engines.strict(path, moment)
        if word == "accepted":
            return _Chosen(assessed)
        reason = _spelling(path) or reason
        reasons.append((assessed, moment, word, reason))
    answers = []
    for assessed, moment, word, reason in reasons:
        second, why = engines.lenient(assessed.path.certificates, moment)
        if second == "accepted":
            return _Chosen(assessed, strict_refusal=reason)
        both: engines.Word = "refused" if word == second == "refused" else "inconclusive"
        answers.append(_Chosen(assessed, both, refusals=(reason, why)))
    return answers[0]


def _spelling(path: tuple[Certificate, ...]) -> str | None:
    """Why whoever compares names byte for byte finds no path here, though they are equal, or None where they are."""
    for child, issuer in pairwise(path):
        if child.parsed.issuer_der != issuer.parsed.subject_der:
            return (
                f"{child.parsed.label} spells the name of its issuer {issuer.parsed.label} in other bytes than that "
                "issuer does (string type, case or spaces)"
            )
    return None


def _settled(chosen: _Chosen, leaf: Certificate, at: datetime) -> bool:
    """Whether a search that was cut short can be relied on: it found a good path, or no path could be better."""
    leaf_holds = leaf.parsed.not_before <= at <= leaf.parsed.not_after
    return chosen.word == "accepted" and (chosen.assessed.grade == 0 or (chosen.assessed.grade == 1 and not leaf_holds))


def _outcome(chosen: _Chosen, *, capped: bool) -> Outcome:
    path, problems = chosen.assessed.path, chosen.assessed.problems
    if capped:
        return "too-complex"
    if path.anchor is None or path.anchor.extra:
        if path.end == "incomplete":
            return "incomplete"
        return "self-signed" if len(path.certificates) == 1 else "untrusted-root"
    serious = {problem.kind for problem in problems} - lint.TOLERATED
    if serious:
        unclear: dict[str, Outcome] = {lint.NAME_LIMIT: "too-complex", lint.UNREADABLE: "unreadable"}
        known_bad = serious - unclear.keys()
        return "invalid" if known_bad else unclear[min(serious)]
    if chosen.word == "inconclusive" and any(
        lint.unreadable_extensions(certificate) for certificate in path.certificates
    ):
        return "unreadable"
    words: dict[engines.Word, Outcome] = {"accepted": "trusted", "refused": "invalid", "inconclusive": "too-complex"}
    return words[chosen.word]


def _missing(path: tuple[Certificate, ...], pool: Sequence[Certificate]) -> Missing:
    tip = path[-1].parsed
    wanted = comparable(tip.issuer_der)
    namesakes = [
        namesake
        for namesake in pool
        if namesake.parsed.error is None and namesake != path[-1] and comparable(namesake.parsed.subject_der) == wanted
    ]
    signs = {build.signature(path[-1], namesake) for namesake in namesakes[: build.MAX_CHECKS]}
    note = ""
    if "good" in signs:
        note = "The certificates only sign each other in a circle."
    elif "unsupported" in signs:
        note = f"The signature of {tip.label} uses an algorithm that cannot be verified here."
    return Missing(path[-1].sha256, tip.issuer, tip.ca_issuer_urls, bool(namesakes) and not note, note)


def _repaired(paths: Sequence[build.Path], at: datetime) -> tuple[tuple[Certificate, ...] | None, Certificate | None]:
    """Of the paths there are when the known certificates may be used as well, the best clean one to an anchor; where
    none reaches an anchor, the self-signed certificate that one leads to."""
    reached = [rated for rated in _ranked(paths, at) if rated.path.anchor and rated.clean]
    ends = () if any(candidate.anchor for candidate in paths) else paths
    outside = next((candidate.certificates[-1] for candidate in ends if candidate.end == "self-signed"), None)
    return (reached[0].path.certificates if reached else None), outside
