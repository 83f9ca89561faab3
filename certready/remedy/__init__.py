"""What an administrator types to fix a finding: exact lines, ordered by the place where they belong. Text only."""

from __future__ import annotations

from certready.remedy.dotnet import distinguished_name, thumbprint, tls_certificate_name
from certready.remedy.model import Remedy, Where
from certready.remedy.rules import remedies, rules_with_a_remedy
from certready.remedy.script import script

__all__ = [
    "Remedy",
    "Where",
    "distinguished_name",
    "remedies",
    "rules_with_a_remedy",
    "script",
    "thumbprint",
    "tls_certificate_name",
]
