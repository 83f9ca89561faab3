"""How long the judgement of one chain takes, beside two libraries that answer less.

    python benchmarks/path.py [--rounds 200] [--key rsa2048|ec]

Root, intermediate and leaf are made for the occasion. Each contender starts from the DER bytes of the three, builds the
path, judges it at one moment and compares the host name, in this process; revocation is asked by nobody. They take
turns, so that a busy moment of the machine hits all of them, and the median counts. What counts is the processor's time
where the system tells it finely enough: a turn of milliseconds is interrupted more often than a short one, and waiting
for others is no work. certready keeps what it has read: every cache of it is emptied before each turn. Nothing passes
or fails here.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from statistics import median
from typing import Any

from asn1crypto import x509 as asn1
from caches import forget
from cryptography import x509
from cryptography.x509 import verification
from pyhanko_certvalidator import CertificateValidator
from pyhanko_certvalidator.context import ValidationContext

from certready.demo.pki import Authority
from certready.exchange.matching import covers
from certready.model import Chain, Root
from certready.path import judge
from certready.x509.certificate import Certificate

HOST = "mail.contoso.example"
# Windows counts a thread's time in steps of 15 ms.
FINE = time.get_clock_info("thread_time").resolution < 1e-6
CLOCK = time.thread_time if FINE else time.perf_counter


@dataclass(frozen=True, slots=True)
class Question:
    """Is this leaf, with this intermediate, good for ``HOST`` under this root at this moment? All three are DER."""

    leaf: bytes
    intermediate: bytes
    root: bytes
    at: datetime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200, metavar="N", help="timed turns of each (default 200)")
    parser.add_argument("--key", default="rsa2048", choices=("rsa2048", "ec"), help="kind of all keys")
    arguments = parser.parse_args()
    root = Authority.root("Benchmark Root", key=arguments.key)
    intermediate = root.intermediate("Benchmark Issuing", key=arguments.key)
    leaf = intermediate.issue(HOST, key=arguments.key)
    times = measure(Question(leaf.der, intermediate.der, root.der, root.moment), max(1, arguments.rounds))
    versions = ", ".join(f"{name} {version(name)}" for name in ("cryptography", "pyhanko-certvalidator"))
    system = f"Python {platform.python_version()}, {versions}, {platform.system()}, {os.cpu_count()} cores"
    print(f"{system}, {arguments.key}, median of {arguments.rounds}")
    print(table(times))


def by_certready(question: Question) -> bool:
    """Every path, every problem of the best one, the engines' word, and the name."""
    leaf = Certificate(question.leaf)
    chain = Chain("c1", "tls", (leaf, Certificate(question.intermediate)))
    found = judge(chain, (), (Root(Certificate(question.root)),), question.at)
    return found.outcome == "trusted" and covers(leaf.parsed.names, HOST) is not None


def by_cryptography(question: Question) -> bool:
    """Its server verifier: one path, the first problem, and the name."""
    leaf, intermediate, root = map(
        x509.load_der_x509_certificate, (question.leaf, question.intermediate, question.root)
    )
    policy = verification.PolicyBuilder().store(verification.Store([root])).time(question.at)
    return bool(policy.build_server_verifier(x509.DNSName(HOST)).verify(leaf, [intermediate]))


def by_certvalidator(question: Question) -> bool:
    """Its builder and validator, fetching nothing: the first path, the first problem, the usages, and the name."""
    load: Callable[..., Any] = asn1.Certificate.load
    leaf, intermediate, root = map(load, (question.leaf, question.intermediate, question.root))
    context = ValidationContext(trust_roots=[root], moment=question.at, allow_fetching=False, revocation_mode="none")
    validator: Any = CertificateValidator(leaf, [intermediate], validation_context=context)
    work = validator.async_validate_usage({"digital_signature"}, {"server_auth"})
    try:
        work.send(None)  # nothing is awaited where nothing is fetched
    except StopIteration:
        return bool(leaf.is_valid_domain_ip(HOST))
    raise RuntimeError("certvalidator waited for something")


CONTENDERS: Mapping[str, Callable[[Question], bool]] = {
    "certready": by_certready,
    "cryptography.x509.verification": by_cryptography,
    "pyhanko-certvalidator": by_certvalidator,
}


def measure(question: Question, rounds: int) -> dict[str, list[float]]:
    """Seconds of each turn of each contender, after ten turns that are not counted. Whoever begins changes from turn to
    turn, and garbage is collected between turns, at nobody's expense."""
    times: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    order = list(CONTENDERS)
    gc.disable()
    for turn in range(rounds + 10):
        for name in order:
            seconds = timed(name, question)
            if turn >= 10:
                times[name].append(seconds)
        order = [*order[1:], order[0]]
        if turn % 10 == 0:
            gc.collect()
    return times


def timed(name: str, question: Question) -> float:
    """Seconds of one turn. Ends the benchmark where the contender refuses the chain."""
    forget()
    begin = CLOCK()
    good = CONTENDERS[name](question)
    seconds = CLOCK() - begin
    if not good:
        sys.exit(f"{name} refuses the chain, so its time means nothing.")
    return seconds


def table(times: Mapping[str, Sequence[float]]) -> str:
    """One line a contender: median and fastest in microseconds, and how many times certready's median that is."""
    width = max(len(name) for name in times)
    own = median(next(iter(times.values())))
    lines = [f"{'one chain of three certificates':{width}}  median us  fastest us  ratio"]
    for name, seconds in times.items():
        shown = (median(seconds) * 1e6, min(seconds) * 1e6, median(seconds) / own)
        lines.append("{:{}}  {:9.0f}  {:10.0f}  {:5.2f}".format(name, width, *shown))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
