"""How much is read of what comes from outside, in bytes and in number: each bound once, for all who read and judge."""

from __future__ import annotations

MIB = 1024 * 1024

FILE = 10 * MIB  # certificates and keys, a container
TENANT = 20 * MIB  # one export
CRL = 64 * MIB  # the largest in use are about 42 MB
OCSP = MIB
TRUST_LIST = 16 * MIB  # Microsoft's, signed; in a cabinet or by itself
EVIDENCE = 256 * MIB  # a chain may need several of the largest CRLs

LISTS_IN_A_FILE = 20  # CRLs in one PEM file
MAIL_HOSTS = 64  # that the MX records of one domain name
