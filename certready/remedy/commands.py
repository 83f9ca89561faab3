"""The command lines that show or prove a thing rather than change it, certready's own and others', each written once.

In braces stands what a text or a case names: ``{gateway}``, ``{smart_host}``, ``{domain}``, ``{sender}``,
``{recipient}`` and ``{file}``.
"""

from __future__ import annotations

CHECK = "certready check {file} --tenant tenant.json"
PROBE = "certready probe {gateway} --tenant tenant.json"
LISTEN = "certready listen --bind 0.0.0.0:2525 --once --tenant tenant.json"
REHEARSE = "certready rehearse {file} --smart-host {smart_host} {sender} --recipient {recipient}"
REHEARSE_NULL = "certready rehearse {file} --smart-host {smart_host} --null-sender --recipient {recipient}"
COMPARE = "certready compare {file} {gateway}"
LINT = "certready tenant tenant.json"
ATTRIBUTE = "certready tenant tenant.json --certificate {file} {sender} --recipient {recipient}"
ATTRIBUTE_NULL = "certready tenant tenant.json --certificate {file} --null-sender --recipient {recipient}"
ROUTE = "certready tenant tenant.json --recipient {recipient}"
MX = "certready tenant --mx {domain}"
DANE = "certready probe --mx {domain} --dane"
MTA_STS = "certready probe --mx {domain} --mta-sts"
DIFF = "certready diff OLD NEW --tenant tenant.json"

SHOW_TLS = "openssl s_client -starttls smtp -connect {smart_host}:25 -brief"
SHOW_ROOTS = "certutil -verifyctl AuthRoot"
SHOW_BLOCKED = "Get-BlockedConnector"
