"""How the certificates arrived: key, order, strangers, encryption."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import F, P, Rule, U, W, everywhere
from certready.rules.sources import rfc

KEY_PRESENT = Rule(
    "bundle.key-present",
    "The private key is there and fits",
    why="A sender without a usable key silently presents no certificate at all.",
    confidence="documented",
    sources=(sources.NO_CREDENTIALS,),
    weights=(everywhere(P),),
)

KEY_MISSING = Rule(
    "bundle.key-missing",
    "No private key came with the certificate",
    why="Judging needs no key, so this passes; the gateway cannot present the certificate without it.",
    confidence="documented",
    sources=(sources.NO_CREDENTIALS,),
    weights=(everywhere(P), everywhere(W, "pfx", "of a PFX")),
    fix="See that the key is on the gateway: export a PFX with it, or keep the key file the request was made with.",
)

KEY_UNREADABLE = Rule(
    "bundle.key-unreadable",
    "A private key is there and cannot be opened",
    what="The files hold a private key that is encrypted and no password fits, or that is damaged.",
    why="Whether the gateway has the right key is then not known; the certificate can be judged without it.",
    confidence="documented",
    sources=(rfc(5958), sources.NO_CREDENTIALS),
    weights=(everywhere(W),),
    fix="Give its password with --password-file, or export the key again.",
)

CA_KEY = Rule(
    "bundle.ca-key",
    "A CA's private key is included",
    what="The files hold the private key of a certification authority beside the gateway's certificate.",
    why="Whoever has it can issue certificates in that authority's name; a gateway has no use for it.",
    confidence="documented",
    sources=(rfc(5280, "4.2.1.9"),),
    weights=(everywhere(W),),
    fix="Take that key out of the file, and keep it where certificates are issued.",
)

KEY_MISMATCH = Rule(
    "bundle.key-mismatch",
    "A private key does not belong to the certificate",
    why="TLS cannot be established with it: the gateway presents nothing, or fails to start.",
    confidence="documented",
    sources=(sources.NO_CREDENTIALS,),
    weights=(
        everywhere(F),
        everywhere(W, "stray", "beside the right key, or the key of a CA"),
    ),
    fix=(
        "Install the private key that the certificate request was made with; if it is lost, request a new certificate."
    ),
)

UNREADABLE = Rule(
    "bundle.unreadable",
    "A certificate beside the chain cannot be read",
    what="A certificate in the files is damaged, or breaks the rules of X.509 so that it cannot be read.",
    why="The others are judged. A gateway may refuse the whole file for it.",
    confidence="documented",
    sources=(rfc(5280, "4.1"),),
    weights=(everywhere(W), everywhere(U, "file", "a file of a folder or archive, of which nothing can be read")),
    fix="Take it out of the file where the chain does not need it; else copy it again, or ask its CA for it.",
)

IRREGULAR_PEM = Rule(
    "bundle.irregular-pem",
    "OpenSSL reads the PEM file differently",
    what=(
        "OpenSSL refuses the file, or loads fewer certificates from it without saying so. What it does is described "
        "in the code and held against the real one by tests."
    ),
    why="Most gateways load their file with it: they then do not start, or send less than was judged here.",
    confidence="documented",
    sources=(sources.OPENSSL_CHAIN_FILE, rfc(7468, "2")),
    weights=(
        everywhere(U),
        everywhere(W, "refused", "where it refuses the file, or the private key with it"),
        everywhere(W, "unused", "where the chain does not need what is passed over"),
    ),
    fix="Write the file again with every block on lines of its own: certready repair FILE --out FOLDER.",
)

ORDER = Rule(
    "bundle.order",
    "The certificates are not in the order of the chain",
    why="Most software sorts them; some sends them as they stand, and old peers then find no chain.",
    confidence="documented",
    sources=(rfc(5246, "7.4.2"), rfc(8446, "4.4.2")),
    weights=(everywhere(W),),
    fix="Put the gateway's certificate first, then each certificate's issuer behind it.",
)

ROOT_INCLUDED = Rule(
    "bundle.root-included",
    "The root is included",
    why="In a file it does no harm. On the wire it is useless: a peer only trusts its own copy.",
    confidence="documented",
    sources=(rfc(8446, "4.4.2"),),
    weights=(
        everywhere(P, "file", "in a file"),
        everywhere(W, "wire", "sent by the gateway"),
    ),
    fix="Leave the root out of what the gateway sends.",
)

UNRELATED = Rule(
    "bundle.unrelated-certificate",
    "A certificate does not belong to the chain",
    why="It serves no purpose, and often takes the place of the right intermediate.",
    confidence="documented",
    sources=(rfc(8446, "4.4.2"),),
    weights=(everywhere(W),),
    fix="Remove it from the file or from the gateway's chain, and see that no intermediate is missing.",
)

LEGACY = Rule(
    "bundle.legacy-encryption",
    "The PFX is encrypted with outdated algorithms",
    why=(
        "OpenSSL 3 opens RC2, RC4 and DES with its legacy provider alone. 3DES with SHA-1 is read nearly everywhere, "
        "but not by systems in FIPS mode, and a short password can be guessed."
    ),
    confidence="documented",
    sources=(rfc(7292, "C"), sources.OPENSSL_3),
    weights=(everywhere(W),),
    fix="Export it again with AES-256 and SHA-256 where every system that imports it is recent.",
)

MODERN = Rule(
    "bundle.modern-encryption",
    "The PFX is encrypted with algorithms that older Windows does not support",
    why="Windows Server 2016 and 2012 R2 cannot import it, and say that the password is not correct.",
    confidence="documented",
    sources=(sources.EXPORT_PFX, rfc(8018)),
    weights=(everywhere(W),),
    fix="For Windows Server 2016 or 2012 R2, export it again with TripleDES_SHA1.",
)

SEVERAL_LEAVES = Rule(
    "bundle.several-leaves",
    "There is more than one end-entity certificate",
    why="Which one a gateway presents then depends on its software.",
    confidence="reported",
    sources=(sources.FIELD,),
    weights=(everywhere(W),),
    fix="Keep one certificate with its issuers in each file.",
)

NO_LEAF = Rule(
    "bundle.no-leaf",
    "There are only CA certificates",
    why="A gateway presents a certificate of its own; CA certificates say nothing about it.",
    confidence="documented",
    sources=(rfc(5280, "4.2.1.9"),),
    weights=(everywhere(F),),
    fix="Name the file with the gateway's own certificate, its intermediates behind it.",
)
