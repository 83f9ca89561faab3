"""Every kind of HTML page, of one company in all its troubles and of one whose texts are hostile."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from certready import judge
from certready.compare import compare
from certready.compare.show import comparison_page
from certready.diff import difference
from certready.diff.show import difference_page
from certready.exchange.attribution import Message
from certready.exchange.clouds import recognise
from certready.exchange.route import route
from certready.model import AcceptedDomain, Bundle, Connector, Options, Target, Tenant
from certready.render import html
from certready.render.tenant_html import text as tenant_page
from certready.tenant.answer import Answer, Mx, ask, certificate_notes
from certready.tenant.lint import lint
from tests.fleet import runs
from tests.render.test_formats import hostile
from tests.snapshots import world

ATTACK = "<script>document.title='owned'</script>\u202e\x1b[31m \"'><img src=x onerror=alert(1)> " + "long" * 40
NAMES = ("mail.contoso.com", "smtp.contoso.com")


def reported(case: str) -> str:
    """The page of a case."""
    return html.render(judge(world.CASES[case]()))


def several() -> str:
    """Three reports on one page."""
    reports = [judge(world.CASES[case]()) for case in ("ready", "revoked", "unanswered")]
    return html.render_many(reports, "not-ready")


def tenant() -> Tenant:
    """The company's tenant, as exported."""
    import json

    from certready import load_tenant

    return load_tenant(json.dumps(world.EXPORT).encode())


def linted(read: Tenant) -> Answer:
    """The lint of a tenant."""
    return Answer(read, findings=lint(read), notes=("The export was read in part.",))


def renewed() -> str:
    """A renewal after which mail stops."""
    made = world.trust()
    connectors = tenant().connectors
    options = Options(role="both")
    old, new = (
        world.gathered(world.pem(issued, made.issuing, key=issued, name=name), connectors, named=False, options=options)
        for issued, name in ((made.good, "good.pem"), (made.renewed, "renewed.pem"))
    )
    return difference_page(difference(old, new, judge(new)))


def compared(*names: str) -> str:
    """Two files and a host of which one node cannot be reached."""
    made = world.trust()
    files = [
        replace(world.pem(issued, made.issuing), target=Target("file", name))
        for issued, name in zip((made.good, made.renewed), names, strict=True)
    ]
    nodes = world.CASES["probe-of-nodes"]()
    return comparison_page(compare([*files, Bundle(nodes.target, nodes.chains, nodes.endpoints)]))


def hostile_tenant() -> str:
    """A tenant whose every text is an attack."""
    connectors = (
        Connector(ATTACK, "inbound", "*.contoso.com", source="tenant", sender_domains=(ATTACK,)),
        Connector(f"{ATTACK} out", "outbound", source="tenant", recipient_domains=(ATTACK,)),
    )
    read = Tenant(connectors=connectors, accepted_domains=(AcceptedDomain(ATTACK, kind=ATTACK),))
    return tenant_page(
        replace(linted(read), route=route(read, "contoso.com"), asked=ask(read, NAMES, None, None), notes=(ATTACK,))
    )


def fleet(count: int) -> str:
    """The overview of so many lines of every verdict."""
    return runs.page(
        "inventory.csv", [judge(world.CASES[case]()) for case in ("ready", "revoked", "unanswered")], count
    )


PAGES: Mapping[str, Callable[[], str]] = {
    **{
        name: lambda name=name: reported(name)  # type: ignore[misc]
        for name in ("ready", "incomplete", "revoked", "probe-of-nodes", "tenant", "private-ca")
    },
    "several": several,
    "hostile": lambda: html.render(replace(hostile(ATTACK), target=Target("host", ATTACK))),
    "lint": lambda: tenant_page(linted(tenant())),
    "route": lambda: tenant_page(Answer(tenant(), route=route(tenant(), "branch.example"))),
    "scenarios": lambda: tenant_page(
        Answer(tenant(), asked=ask(tenant(), NAMES, None, None), notes=certificate_notes(tenant(), NAMES))
    ),
    "message": lambda: tenant_page(Answer(tenant(), asked=ask(tenant(), (), Message("example.org"), None))),
    "smart-hosts": lambda: tenant_page(
        Answer(
            Tenant(),
            smart_hosts=(recognise("contoso-com.mail.protection.outlook.com"), recognise("gw.contoso.com")),
            mx=Mx("contoso.com", ((10, recognise("contoso-com.mail.protection.outlook.com")),)),
        )
    ),
    "hostile-tenant": hostile_tenant,
    "renewal": renewed,
    "comparison": lambda: compared("good.pem", "renewed.pem"),
    "fleet": lambda: fleet(40),
    "hostile-fleet": lambda: runs.page(ATTACK, [replace(hostile(ATTACK), target=Target("host", ATTACK))], 20, ATTACK),
    "long-fleet": lambda: fleet(450),
    "large-fleet": lambda: fleet(5000),
    "hostile-comparison": lambda: compared(ATTACK, f"{ATTACK} too"),
}
"""By name, what makes the page."""
