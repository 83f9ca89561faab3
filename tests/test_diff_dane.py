"""diff and TLSA records: which change, what is published already, and in which order to go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from certready import Evidence, Options, judge
from certready.dane import record_of, zone_line
from certready.demo.pki import Authority, Issued, now
from certready.diff import Difference, difference
from certready.diff.promises import SOMEWHERE
from certready.model import MtaSts, Target
from tests import pki
from tests.dnssec.zones import Dns, Zone, asked_about

MOMENT = now()
DAY = timedelta(days=1)
HOST = "mx.contoso.com"
OWNER = f"_25._tcp.{HOST}"
ROOT = Authority.root(moment=MOMENT)
FIRST, SECOND = ROOT.intermediate("First CA", moment=MOMENT), ROOT.intermediate("Second CA", moment=MOMENT)
OLD = FIRST.issue(HOST, age=60)
NEW = FIRST.issue(HOST)
SAME_KEY = FIRST.issue(HOST, key=OLD.key)
MOVED = SECOND.issue(HOST, key=OLD.key)


def pin(issued: Issued, usage: int = 3, selector: int = 1) -> str:
    """A record of a certificate, as a zone has it."""
    record = record_of(pki.certificate(issued), usage, selector)
    return f"{record.fields} {record.data.hex()}"


def line(issued: Issued, usage: int = 3, selector: int = 1, *, owner: str = OWNER, ttl: int = 3600) -> str:
    """The same as a line of the zone."""
    return zone_line(owner, record_of(pki.certificate(issued), usage, selector), ttl)


def gathered(issued: Issued, name: str) -> Evidence:
    """A file with its chain."""
    options = Options(certificate_only=True, revocation="off", role="both")
    found = pki.evidence(pki.chain(*issued.chain), roots=pki.roots(ROOT), at=MOMENT, options=options)
    return replace(found, target=Target("file", name))


def world(*records: str, ttl: int = 3600, signed: bool = True) -> Dns:
    """The host with these records."""
    content = {"mx": {"A": ["192.0.2.1"]}, "_25._tcp.mx": {"TLSA": records} if records else {}}
    zone = Zone("contoso.com", content, MOMENT, ttl=ttl, signed=signed)
    return Dns(Zone(".", {}, MOMENT), Zone("com", {}, MOMENT), zone).delegate()


def compared(old: Issued, new: Issued, there: Dns | None = None) -> Difference:
    """OLD against NEW, with what these servers have published where they are given."""
    evidence = gathered(new, "new.pem")
    if there:
        evidence = replace(evidence, dane=asked_about(there, MOMENT, HOST))
    return difference(gathered(old, "old.pem"), evidence, judge(evidence))


def said(found: Difference) -> tuple[str, str]:
    """Effect and message about DANE."""
    (change,) = (one for one in found.changes if one.aspect == "dane")
    return change.effect, change.message


def typed(found: Difference) -> list[str]:
    """Every line of the steps that is about DANE, in order."""
    return [each for step in found.steps for each in step.lines if "TLSA" in each or "--dane" in each]


class TestFromTheCertificates:
    def test_new_key(self) -> None:
        """A new key changes the record; the lines to publish and to take away are given, before and after the rest."""
        found = compared(OLD, NEW)
        assert said(found)[0] == "note"
        assert "3 1 1 as well as 3 0 x; one of the issuing authority (usage 2) stays" in said(found)[1]
        assert typed(found) == [line(NEW, owner=SOMEWHERE), line(OLD, owner=SOMEWHERE)]
        order = [step.text for step in found.steps]
        install = next(index for index, text in enumerate(order) if text.startswith("Import NEW"))
        publish = next(index for index, text in enumerate(order) if "publish that of NEW" in text)
        withdraw = next(index for index, text in enumerate(order) if "take its TLSA record away" in text)
        assert publish < install < withdraw

    def test_same_key(self) -> None:
        """The same key keeps 3 1 1; nothing has to be published for it."""
        found = compared(OLD, SAME_KEY)
        assert said(found)[0] == "same"
        assert typed(found) == []

    def test_another_authority(self) -> None:
        """Another issuing authority is said to change a record of usage 2."""
        assert said(compared(OLD, MOVED))[1].endswith("one of the issuing authority (usage 2) changes.")

    def test_same_certificate(self) -> None:
        """The same certificate changes nothing."""
        found = compared(OLD, OLD)
        assert said(found) == ("same", "Every TLSA record stays as it is.")
        assert typed(found) == []


class TestUnderAPolicy:
    def said(self, new: Issued, *, asked: bool = True) -> list[tuple[str, str]]:
        """Effect and message of what the exchange means under a policy that names the host."""
        body = f"version: STSv1\nmode: enforce\nmx: {HOST}\nmax_age: 86400\n".encode()
        policy = MtaSts("contoso.com", (HOST,), texts=("v=STSv1; id=1",), body=body, media_type="text/plain")
        evidence = replace(gathered(new, "new.pem"), mta_sts=policy if asked else None)
        found = difference(gathered(OLD, "old.pem"), evidence, judge(evidence))
        return [(one.effect, one.message) for one in found.changes if one.aspect == "mta-sts"]

    def test_breaks(self) -> None:
        """A policy that OLD meets and NEW does not is a break."""
        ((effect, message),) = self.said(FIRST.issue("www.contoso.com"))
        assert effect == "breaks"
        assert "OLD meets the MTA-STS policy of contoso.com, and NEW does not" in message

    def test_stays(self) -> None:
        """One that both meet stays met; without --mta-sts nothing is said."""
        assert self.said(NEW) == [("same", "Nothing changes under the MTA-STS policy of contoso.com.")]
        assert self.said(NEW, asked=False) == []


class TestAgainstWhatIsPublished:
    def test_not_published(self) -> None:
        """Records that OLD fits and NEW does not are a break: publish, wait, install, prove, take away."""
        found = compared(OLD, NEW, world(pin(OLD), ttl=7200))
        assert (said(found)[0], found.verdict, found.exit_code) == ("breaks", "not-ready", 1)
        assert "As soon as NEW is installed, Exchange Online holds the mail (4.7.323, unless another" in said(found)[1]
        again = f"certready diff 'old.pem' 'new.pem' --dane {HOST}"
        probe = f"certready probe {HOST} --dane"
        assert typed(found) == [line(NEW, ttl=7200), again, probe, line(OLD, ttl=7200)]
        assert any("7200 seconds (2 hours)" in step.text for step in found.steps)

    def test_published(self) -> None:
        """With both records published the switch can be made."""
        found = compared(OLD, NEW, world(pin(OLD), pin(NEW)))
        assert said(found) == ("same", f"{HOST}: its TLSA records fit OLD and NEW: ready to switch.")
        assert (found.verdict, found.exit_code) == ("ready", 0)
        assert typed(found) == [f"certready probe {HOST} --dane", line(OLD)]

    def test_only_new(self) -> None:
        """Where only NEW fits OLD holds mail now."""
        found = compared(OLD, NEW, world(pin(NEW)))
        assert said(found)[0] == "attention"
        assert "fit NEW alone" in said(found)[1]

    def test_neither(self) -> None:
        """Where neither fits NEW is not ready, but nothing breaks that held before."""
        found = compared(OLD, NEW, world(pin(FIRST.issue(HOST))))
        assert (said(found)[0], found.verdict) == ("attention", "not-ready")
        assert line(NEW) in typed(found)

    def test_the_same_kinds(self) -> None:
        """What is to be published is of the kinds that stand there."""
        found = compared(OLD, SAME_KEY, world(pin(OLD, selector=0)))
        assert said(found)[0] == "breaks"
        assert typed(found)[0] == line(SAME_KEY, selector=0)

    def test_another_authority(self) -> None:
        """A record of the old authority is followed by one of the new, as long as that is sent."""
        found = compared(OLD, MOVED, world(pin(FIRST, 2)))
        assert said(found)[0] == "breaks"
        assert typed(found)[0] == line(SECOND, 2)
        assert typed(found)[-1] == line(FIRST, 2)

    def test_authority_stays(self) -> None:
        """A record of the authority that issued both stays."""
        found = compared(OLD, NEW, world(pin(FIRST, 2)))
        assert said(found)[0] == "same"
        assert typed(found) == [f"certready probe {HOST} --dane"]

    @pytest.mark.parametrize("signed", [True, False])
    def test_no_records(self, signed: bool) -> None:
        """Where no records count nothing has to be published."""
        found = compared(OLD, NEW, world(signed=signed))
        assert (said(found)[0], found.verdict) == ("same", "ready")
        assert typed(found) == []

    def test_unanswered(self) -> None:
        """What could not be read is unknown, and nothing is said to be ready."""
        there = world(pin(OLD))
        there.errors[OWNER, "TLSA"] = "SERVFAIL"
        found = compared(OLD, NEW, there)
        assert (said(found)[0], found.verdict) == ("attention", "cannot-tell")
