"""MTA-STS from end to end: policies served in every way on port 443, hosts on port 25, and what the command line says."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.live.test_dane import apart

pytestmark = pytest.mark.live


class Said(NamedTuple):
    """What a case comes to: the exit code, the rule and its severity, a part of its message."""

    code: int
    rule: str
    severity: str
    part: str


UNREACHABLE, INVALID = "policy-unreachable", "policy-invalid"
CASES = {
    "good": Said(0, "covers", "pass", "The policy covers mx.contoso.test"),
    "testing": Said(1, "certificate", "warn", "its chain leads to no trusted root"),
    "none": Said(0, "absent", "pass", "is of mode none"),
    "no record": Said(0, "absent", "warn", "still serves a policy of mode enforce"),
    "several records": Said(0, "record-invalid", "warn", "there are 2 records that begin with v=STSv1;"),
    "another host": Said(1, "mx-mismatch", "fail", "is none of those that the policy names"),
    "wildcard": Said(0, "covers", "pass", "The policy covers mx.contoso.test"),
    "policy host of another name": Said(0, UNREACHABLE, "warn", "Its TLS certificate is for another host."),
    "policy host by CN alone": Said(0, UNREACHABLE, "warn", "Its TLS certificate is for another host."),
    "policy host expired": Said(0, UNREACHABLE, "warn", "Its TLS certificate has expired."),
    "policy host of a private CA": Said(0, UNREACHABLE, "warn", "leads to no root that is trusted"),
    "redirect": Said(0, UNREACHABLE, "warn", "It redirects (HTTP status 301), which is not followed."),
    "not there": Said(0, UNREACHABLE, "warn", "It answered with HTTP status 404."),
    "media type": Said(0, INVALID, "warn", "it comes as 'text/html', not as text/plain"),
    "large": Said(0, UNREACHABLE, "warn", "Its answer is larger than the 65536 bytes that are read."),
    "endless": Said(0, UNREACHABLE, "warn", "Its answer is larger than the 65536 bytes that are read."),
    "many lines": Said(0, INVALID, "warn", "it is longer than senders read"),
    "no text": Said(0, INVALID, "warn", "it is no text"),
    "mail host of a private CA": Said(1, "certificate", "fail", "its chain leads to no trusted root"),
    "mail host expired": Said(1, "certificate", "fail", "mx.contoso.test expired on"),
    "mail host of another name": Said(1, "certificate", "fail", "it names contoso.test, not mx.contoso.test"),
    "mail host by CN alone": Said(0, "certificate", "warn", "stands in its CN alone"),
    "probe": Said(0, "covers", "pass", "The policy covers mx.contoso.test at 127.0.0.1"),
    "probe without TLS": Said(1, "no-tls", "fail", "does not offer STARTTLS"),
}


@pytest.fixture(scope="module")
def seen() -> Any:
    """What every case came to."""
    return apart("tests.live.mta_sts_cases")


@pytest.mark.parametrize("case", CASES)
def test_case(seen: Any, case: str) -> None:
    """Each way to serve a policy, and each certificate under a good one, has the finding and the exit code that the
    decision table gives it."""
    expected = CASES[case]
    (rule, severity, message), *_ = seen[case]["findings"]
    assert (seen[case]["code"], rule, severity) == (expected.code, f"mta-sts.{expected.rule}", expected.severity)
    assert expected.part in message


def test_every_case_is_expected(seen: Any) -> None:
    """No case is run in vain; where nobody asks about a policy nothing is said of one."""
    assert seen["unasked"] == {"code": 0, "findings": []}
    assert set(seen) == {*CASES, "unasked"}
