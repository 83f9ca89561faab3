"""Five certificates that go right or wrong in the ways that stop mail, staged on loopback and judged for real."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from cryptography import x509
from msgspec import Struct

from certready import bundle as bundles
from certready import gathering as pipeline
from certready.demo.pki import DAY, Authority, AuthorityOptions, now
from certready.demo.servers import Register, gateway, publishing
from certready.exchange import from_options
from certready.model import Bundle, Connector, Fetcher, Options, Role, RootStore
from certready.model.report import Report, Severity, Verdict
from certready.net import gateway as tls
from certready.net.http.fetcher import HttpFetcher
from certready.roots import plain
from certready.x509.certificate import Certificate

DOMAIN = "contoso.example"
HOST = "mail.contoso.example"
ROOT_FILE = "demo-root.pem"
INBOUND, OUTBOUND = from_options((f"*.{DOMAIN}",), (HOST,), "domain-validation")


class Scenario(Struct, frozen=True):
    """One case and what must come out of it.

    ``staged`` says what is right or wrong with the certificate. ``verdict`` and ``fails`` (the rules that fail, sorted)
    are expected of check and probe alike. The rest tells how to stage it: the certificate's ``names``, its ``age`` in
    days of the 90 it lasts, whether it is ``revoked``, and whether it is presented ``alone``, without its intermediate.
    """

    name: str
    title: str
    staged: str
    verdict: Verdict
    fails: tuple[str, ...] = ()
    names: tuple[str, ...] = (HOST,)
    age: float = 1
    revoked: bool = False
    alone: bool = False

    @property
    def file(self) -> str:
        """The name of the file with its certificate."""
        return f"{self.name}.pem"


SCENARIOS = (
    Scenario("good", "A good certificate", "Nothing is wrong: chain, dates, revocation, usage and name hold.", "ready"),
    Scenario("expired", "An expired certificate", "It ended yesterday.", "not-ready", ("expiry.expired",), age=91),
    Scenario(
        "revoked",
        "A revoked certificate",
        "Its CA revoked it two days after it was issued, because its key was compromised.",
        "not-ready",
        ("revocation.revoked",),
        age=4,
        revoked=True,
    ),
    Scenario(
        "leaf-only",
        "A certificate without its intermediate",
        "File and gateway hold the leaf alone; Exchange Online does not fetch what is missing.",
        "not-ready",
        ("chain.incomplete",),
        alone=True,
    ),
    Scenario(
        "wrong-name",
        "A certificate for another name",
        "It is good in itself, but issued to mail.fabrikam.example.",
        "not-ready",
        ("names.connector-mismatch",),
        names=("mail.fabrikam.example",),
    ),
)


class Result(Struct, frozen=True):
    """What came out of one case: the ``command`` that says the same on the command line, and the real report."""

    scenario: Scenario
    kind: Literal["check", "probe"]
    command: str
    report: Report

    @property
    def fails(self) -> tuple[str, ...]:
        """The rules that failed, sorted."""
        return tuple(sorted({finding.rule for finding in self.report.findings if finding.severity is Severity.FAIL}))

    @property
    def as_staged(self) -> bool:
        """Verdict and failing rules are exactly the expected ones."""
        return (self.report.verdict, self.fails) == (self.scenario.verdict, self.scenario.fails)


class Stage(Struct, frozen=True):
    """What is put up for one run: its moment, the directory with the files, and the store that trusts the CA."""

    moment: datetime
    directory: Path
    roots: RootStore
    fetcher: Fetcher


def run(scenarios: Sequence[Scenario] = SCENARIOS) -> Iterator[Result]:
    """Stage the scenarios on loopback and judge each, by its file and by its gateway, through the ordinary pipeline.

    Yields two results a scenario as they come. Servers and files last until the generator is exhausted or closed.
    Raises OSError where 127.0.0.1 has no free port or no temporary directory can be written.
    """
    registers: dict[str, Register] = {}
    with TemporaryDirectory(prefix="certready-demo-") as directory, publishing(registers) as url:
        stage = _stage(scenarios, Path(directory), url, registers)
        for scenario in scenarios:
            yield _check(stage, scenario)
            yield _probe(stage, scenario)


def _stage(scenarios: Sequence[Scenario], directory: Path, url: str, registers: dict[str, Register]) -> Stage:
    """Make the CA and the certificates, write their files, and enter them into the registers that are published."""
    moment = now()
    root = Authority.root("Demo Root CA", **_options(url, "root", age=400, moment=moment))
    issuing = root.intermediate("Demo Issuing CA", **_options(url, "issuing", age=300, moment=moment))
    # RSA, as Exchange Online's published cipher suites all ask for it: an ECDSA key would be one more warning.
    leaves = {
        scenario.name: issuing.issue(*scenario.names, key="rsa2048", days=90, age=scenario.age)
        for scenario in scenarios
    }
    (directory / ROOT_FILE).write_bytes(root.pem)
    for scenario in scenarios:
        leaf = leaves[scenario.name]
        (directory / scenario.file).write_bytes((leaf.pem if scenario.alone else leaf.chain_pem) + leaf.key_pem)
    revoked = tuple(
        (leaves[scenario.name].x509.serial_number, issuing.moment - 2 * DAY, x509.ReasonFlags.key_compromise)
        for scenario in scenarios
        if scenario.revoked
    )
    registers["root"] = Register(root, (issuing.x509,))
    registers["issuing"] = Register(issuing, tuple(leaf.x509 for leaf in leaves.values()), revoked)
    roots = plain.from_certificates("demo CA", (Certificate(root.der),))
    return Stage(issuing.moment, directory, roots, HttpFetcher(allow_private=True))


def _options(url: str, name: str, *, age: float, moment: datetime) -> AuthorityOptions:
    """A CA that names its CRL, responder and own certificate under ``url``; ``age`` in days."""
    return {
        "age": age,
        "moment": moment,
        "crl_url": f"{url}/{name}.crl",
        "ocsp_url": f"{url}/{name}/ocsp",
        "aia_url": f"{url}/{name}.crt",
    }


def _check(stage: Stage, scenario: Scenario) -> Result:
    command = f'check {scenario.file} --inbound "{INBOUND.value}" --accepted-domain {DOMAIN}'
    bundle = bundles.load_files([(scenario.file, (stage.directory / scenario.file).read_bytes())])
    report = _judge(stage, bundle, INBOUND, "client", (DOMAIN,))
    return Result(scenario, "check", _command(command), report)


def _probe(stage: Stage, scenario: Scenario) -> Result:
    with gateway(stage.directory / scenario.file, name=HOST) as port:
        command = f"probe 127.0.0.1:{port} --outbound {OUTBOUND.value}"
        report = _judge(stage, tls.fetch("127.0.0.1", port), OUTBOUND, "server", None)
    return Result(scenario, "probe", _command(command), report)


def _judge(
    stage: Stage, bundle: Bundle, connector: Connector, role: Role, accepted_domains: tuple[str, ...] | None
) -> Report:
    return pipeline.check(
        bundle,
        connector,
        now=stage.moment,
        roots=stage.roots,
        fetcher=stage.fetcher,
        accepted_domains=accepted_domains,
        options=Options(role=role),
    )


def _command(rest: str) -> str:
    return f"certready {rest} --trust {ROOT_FILE} --allow-private"
