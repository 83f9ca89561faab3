"""Where the chain leads (contract: incomplete, untrusted, self-signed, invalid, SHA-1, a root's limits)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cryptography import x509

import certready
from certready import Certificate
from certready.demo.pki import CLIENT, DAY, Authority, Issued
from certready.model import Limits, Root, StoreInfo
from tests.outside import Store
from tests.pki import constrained, issued_by_leaf, weakly_signed
from tests.weights.case import FAIL, PASS, UNKNOWN, WARN, Cases, Checked, everywhere, inbound_and_outbound
from tests.weights.cases.bundle import NOT_READABLE, block
from tests.weights.material import AT, CA, LEAF, ROOT, STORE, checked, file, node, pem, probed, sent

CASES = Cases()
SERVER_AUTH, CLIENT_AUTH = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"


def _limited(**limits: Any) -> Checked:
    """The usual file under a root that Microsoft's programme limits like this."""
    return checked(file(), roots=Store((Root(Certificate(ROOT.der), limits=Limits(**limits)),)))


@CASES.add("chain.trusted", everywhere(PASS))
def a_whole_chain() -> Checked:
    """A chain that leads to a root of Microsoft's programme passes."""
    return checked(file())


@CASES.add("chain.trusted", everywhere(PASS))
def a_root_for_servers_and_clients() -> Checked:
    """A root that the programme trusts for servers passes."""
    return _limited(usages=(SERVER_AUTH, CLIENT_AUTH))


@CASES.add("chain.incomplete", everywhere(FAIL))
def a_file_without_the_intermediate() -> Checked:
    """A PEM file that lacks the intermediate fails, whoever asks."""
    return checked(pem(LEAF, LEAF.key_pem))


@CASES.add("chain.incomplete", everywhere(FAIL))
def a_server_that_leaves_the_intermediate_out() -> Checked:
    """A gateway that sends no intermediate fails, whoever asks."""
    return probed(node(), chains=(sent(LEAF),))


@CASES.add("chain.incomplete", everywhere(UNKNOWN))
def a_single_der_certificate() -> Checked:
    """One DER certificate alone leaves it open whether the gateway sends its chain: the format holds only one."""
    return checked(certready.load(LEAF.der, name="gateway.cer"))


@CASES.add("chain.incomplete", everywhere(UNKNOWN))
def an_issuer_that_may_be_among_the_unreadable() -> Checked:
    """Where a certificate that cannot be read came along, it may be the missing intermediate: unknown."""
    return checked(pem(LEAF, block(NOT_READABLE), LEAF.key_pem))


@CASES.add("chain.untrusted-root", everywhere(FAIL))
def a_private_ca() -> Checked:
    """A chain that ends in a root outside the store fails."""
    private = Authority.root("Private Root", moment=AT)
    leaf = private.issue("mail.contoso.com")
    return checked(pem(leaf, private, leaf.key_pem))


@CASES.add("chain.untrusted-root", everywhere(FAIL))
def a_private_ca_as_an_extra_root() -> Checked:
    """A root given by --extra-root lets the other checks run and stays untrusted: it fails."""
    private = Authority.root("Private Root", moment=AT)
    leaf = private.issue("mail.contoso.com")
    return checked(pem(leaf, leaf.key_pem), roots=Store((Root(Certificate(private.der), extra=True),)))


@CASES.add("chain.self-signed", everywhere(FAIL))
def a_self_signed_certificate() -> Checked:
    """A certificate that signed itself fails."""
    own = Authority.root("mail.contoso.com", moment=AT)
    return checked(pem(own, own.key_pem))


@CASES.add("chain.invalid", everywhere(FAIL))
def an_issuer_that_is_no_ca() -> Checked:
    """A chain over a certificate that is no CA fails."""
    shop = CA.issue("shop.example")
    bank = issued_by_leaf(shop, "mail.contoso.com")
    return checked(pem(bank, shop, CA, bank.key_pem))


@CASES.add("chain.invalid", everywhere(FAIL))
def a_name_that_the_ca_may_not_issue() -> Checked:
    """A chain whose name constraints exclude the name fails."""
    middle = ROOT.intermediate("Constrained CA", extra=[constrained(permitted=["fabrikam.com"])])
    return checked(file(middle.issue("mail.contoso.com")))


@CASES.add("chain.invalid", inbound_and_outbound(UNKNOWN, FAIL))
def an_issuer_for_clients_only() -> Checked:
    """An issuing CA whose EKU allows clients alone fails where the gateway is the server; as client it is unknown."""
    middle = ROOT.intermediate("Client CA", ekus=[CLIENT])
    return checked(file(middle.issue("mail.contoso.com")))


@CASES.add("chain.invalid", everywhere(UNKNOWN))
def a_certificate_that_cannot_be_read() -> Checked:
    """What is no certificate at all leaves the chain unknown."""
    return probed(node(), chains=(sent(b"\x30\x00"),))


@CASES.add("chain.invalid", everywhere(UNKNOWN))
def extensions_that_cannot_be_read() -> Checked:
    """A certificate whose extensions cannot be read leaves the chain unknown."""
    broken = x509.UnrecognizedExtension(x509.oid.ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30\x05\x00")
    return checked(file(CA.issue(common_name="mail.contoso.com", ekus=None, extra=[(broken, False)])))


@CASES.add("chain.strict-clients-refuse", everywhere(WARN))
def a_ca_without_key_usage() -> Checked:
    """A chain that only strict clients refuse is a warning."""
    middle = ROOT.intermediate("Lax CA", without=[x509.KeyUsage])
    return checked(file(middle.issue("mail.contoso.com")))


@CASES.add("chain.weak-signature", everywhere(FAIL))
def a_sha1_signature() -> Checked:
    """A certificate below the root that is signed with SHA-1 fails."""
    root = Authority.root("RSA Root", moment=AT, key="rsa")
    leaf = root.issue("mail.contoso.com")
    weak = Issued(x509.load_der_x509_certificate(weakly_signed(leaf, "sha1")), leaf.key, root)
    return checked(pem(weak, weak.key_pem), roots=Store((Root(Certificate(root.der)),)))


@CASES.add("chain.root-restricted", everywhere(FAIL))
def a_distrusted_root() -> Checked:
    """A root that the programme trusts for neither servers nor clients fails."""
    return _limited(disabled_from=AT - 10 * DAY)


@CASES.add("chain.root-restricted", inbound_and_outbound(UNKNOWN, FAIL))
def a_root_for_clients_only() -> Checked:
    """A root that is trusted for clients alone fails where the gateway is the server; as client it is unknown."""
    return _limited(usages=(CLIENT_AUTH,))


@CASES.add("chain.root-restricted", everywhere(UNKNOWN))
def a_root_whose_limit_is_unclear() -> Checked:
    """A root with a limit whose date cannot be read is unknown."""
    return _limited(unclear=True)


@CASES.add("chain.other-store", everywhere(WARN, counted=False))
def the_store_of_mozilla() -> Checked:
    """Any other store than Microsoft's is a warning that --strict does not count."""
    return checked(file(), roots=replace(STORE, info=StoreInfo("mozilla", "2026-10-18", 140)))


@CASES.add("chain.store-old", everywhere(WARN))
def a_list_of_summer() -> Checked:
    """A trust list over 90 days old is a warning."""
    return checked(file(), roots=replace(STORE, info=StoreInfo("microsoft", "2026-08-01", 400)))


@CASES.add("chain.too-complex", everywhere(UNKNOWN))
def more_names_than_can_be_compared() -> Checked:
    """Where a cap on work is reached, the chain is unknown."""
    limits = constrained(excluded=[f"{number}.example" for number in range(300)])
    middle = ROOT.intermediate("Constrained CA", extra=[limits])
    leaf = middle.issue("mail.contoso.com", *(f"host{number}.contoso.com" for number in range(200)))
    return checked(file(leaf))
