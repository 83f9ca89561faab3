"""The further questions to one address, each a handshake in a connection of its own: which other certificates it has.

They start once the gateway has let the first connection in. Which kind of certificate is left to ask for in TLS 1.3 is
known only after the ordinary handshake: one connection goes as far as it can meanwhile, and waits. A question that is
not answered beside the others (gateways limit connections) is asked again alone when those are done; what is then still
not answered may hide a certificate, and says so.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from certready.model.endpoint import Handshake, Question
from certready.net import offers
from certready.net.conversation import Plan, converse, unheard
from certready.net.handshake import HandshakeError, handshake
from certready.net.jobs import Conversation
from certready.net.loop import Choice
from certready.net.offers import NotOfferedError, Offer
from certready.net.resolve import Address
from certready.net.stream import Stream, dial
from certready.net.wire import ConnectError

SETTLE = 0.1  # of the timeout: so long a gateway may take to notice that the other connections are over
CONNECTIONS = 6  # to one address at the same time: the ordinary one and those of the questions
REPEATS = 2  # how often each of two questions is put again to tell a server name's certificate from another server's

OFFERS: Mapping[Question, Offer] = MappingProxyType(
    {
        "exchange": offers.EXCHANGE,
        "rsa": offers.RSA_TLS12,  # and with it, where the answer tells, "exchange"
        "ecdsa": offers.ECDSA_TLS12,
        "rsa-tls13": offers.RSA_TLS13,
        "ecdsa-tls13": offers.ECDSA_TLS13,
        "no-name": offers.EVERYTHING,
        "no-name-rsa": offers.RSA,
        "no-name-ecdsa": offers.ECDSA,
    }
)
NAMED: tuple[Question, ...] = ("exchange", "ecdsa")
UNNAMED: tuple[Question, ...] = ("no-name-rsa", "no-name-ecdsa")
OTHER_KIND: Mapping[str, tuple[Question, ...]] = MappingProxyType(
    {"rsa": ("ecdsa-tls13",), "ecdsa": ("rsa-tls13",)}  # by what the first handshake showed
)
ORDER: tuple[Question, ...] = (*NAMED, *UNNAMED, "rsa-tls13", "ecdsa-tls13", "rsa", "no-name")


class Result(Struct, frozen=True):
    """What came of a question, and the chain it brought, DER; empty where it brought none."""

    handshake: Handshake
    chain: tuple[bytes, ...] = ()

    def to(self, question: Question) -> Result:
        """The same as the answer to this question."""
        return replace(self, handshake=replace(self.handshake, question=question))


class _NotNeededError(Exception):
    """The connection that waited for a question was not needed."""


class Questions:
    """The questions to one address: :meth:`start` once it lets connections in, then :meth:`answers`, or
    :meth:`drop`."""

    def __init__(self, plan: Plan, address: Address) -> None:
        self.plan = plan
        self.address = address
        self._asked: list[Question] = []
        self._results: dict[Question, Result] = {}
        self._loop = plan.contexts.loop
        self._other_kind: Choice[Question | None] = Choice(self._loop)
        self._under_way = 0
        self._collected: Choice[bool] = Choice(self._loop)

    @property
    def first(self) -> tuple[Question, ...]:
        """What is asked whatever the ordinary handshake shows."""
        return (*NAMED, *(UNNAMED if self.plan.sni else ()))

    def start(self) -> None:
        """Begin, at most once, all at the same time."""
        if not self._asked and not self.plan.gentle:
            self._begin(self.first)
            self._ask_beside(self._answer_other_kind())

    def drop(self) -> None:
        """Nothing more is asked; what is under way is left to end by itself."""
        self._other_kind.settle(None)

    async def answers(self, version: str, family: str, chain: tuple[bytes, ...], end: float) -> tuple[Result, ...]:
        """What came of every question, always in the same order, before ``end`` (monotonic time).

        ``version``, ``family`` and ``chain`` are what the ordinary handshake showed.
        """
        if self.plan.gentle:
            return tuple(Result(Handshake(question, "not-asked")) for question in self.first)
        waited_for, *others = OTHER_KIND.get(family, ("rsa-tls13", "ecdsa-tls13")) if version == "TLSv1.3" else (None,)
        if waited_for:
            self._late(waited_for)
        self._other_kind.settle(waited_for)
        self._begin(others)
        await self._collect(end)
        results = self._results
        refused = {question for question, result in results.items() if result.handshake.outcome == "refused"}
        if refused >= set(UNNAMED):
            self._begin(("no-name",))
            await self._collect(end)
        await self._again_alone(end)
        known = tuple(results[question] for question in ORDER if question in results)
        return (*known, *(await self._other_servers(chain, end)))

    def _begin(self, questions: Iterable[Question]) -> None:
        new = tuple(questions)
        self._asked += new
        self._late(*new)
        for question in new:
            self._ask_beside(self._answer(question))

    def _late(self, *questions: Question) -> None:
        """What holds of these until something comes of them."""
        late = "It was not answered in time."
        self._keep(Result(Handshake(question, "unanswered", error=late)) for question in questions)

    def _ask_beside(self, answering: Conversation[tuple[Result, ...]]) -> None:
        """Have what comes of this kept, as soon as it is known."""

        async def keep() -> None:
            self._keep(await answering)
            self._under_way -= 1
            if not self._under_way:
                self._collected.settle(True)

        self._under_way += 1
        self._loop.begin(keep())

    async def _collect(self, end: float) -> None:
        """Wait for everything that is under way."""
        if self._under_way:
            self._collected = Choice(self._loop)
            with contextlib.suppress(TimeoutError):
                await self._collected.wait(end)

    def _keep(self, results: Iterable[Result]) -> None:
        self._results |= {result.handshake.question: result for result in results}

    async def _again_alone(self, end: float) -> None:
        """Put each question once more that nobody answered, one after another."""
        results = self._results
        unanswered = [question for question, result in results.items() if result.handshake.outcome == "unanswered"]
        for question in unanswered:
            await self._settle(end)
            left = end - time.monotonic()
            if left > 0:
                self._keep(await self._answer(question, total=left, alone=True))

    async def _other_servers(self, first: tuple[bytes, ...], end: float) -> tuple[Result, ...]:
        """Chains that came without a server name by chance: several servers answer behind this address.

        Where a chain was seen without a server name alone, both ways of asking are repeated. If it then comes under the
        name too, or something else without, it does not depend on the name, and any client may be shown it.
        """
        results = self._results
        named = {first, *(result.chain for question, result in results.items() if not question.startswith("no-name"))}
        for question, result in results.items():
            if not result.chain or result.chain in named:
                continue
            await self._settle(end)
            with_name = [await self._once_more(question, end, self.plan.sni) for _ in range(REPEATS)]
            without = [await self._once_more(question, end) for _ in range(REPEATS)]
            if result.chain in {answer.chain for answer in with_name} or {answer.chain for answer in without} - {
                (),
                result.chain,
            }:
                shown = {
                    answer.chain: answer
                    for answer in (result, *with_name, *without)
                    if answer.chain not in {(), *named}
                }
                return tuple(
                    Result(replace(answer.handshake, question="again"), answer.chain) for answer in shown.values()
                )
        return ()

    async def _once_more(self, question: Question, end: float, sni: str | None = None) -> Result:
        return await self._ask(question, total=end - time.monotonic(), alone=True, sni=sni)

    async def _settle(self, end: float) -> None:
        await self._loop.sleep(min(time.monotonic() + SETTLE * self.plan.timeout, end))

    async def _answer(
        self, question: Question, *, total: float | None = None, alone: bool = False
    ) -> tuple[Result, ...]:
        """What comes of this question, and of another that the same connection answers.

        Every RSA suite in TLS 1.2 is offered at once, Exchange Online's first. Who refuses all refuses those, and who
        chooses one of those serves it; only another choice leaves open whether it would have.
        """
        if question != "exchange":
            return (await self._ask(question, total=total, alone=alone),)
        every = await self._ask("rsa", total=total, alone=alone)
        exchange = every.to("exchange")
        if every.handshake.outcome == "refused":
            return exchange, every
        if every.handshake.outcome == "unanswered" or every.handshake.cipher in offers.EXCHANGE_CIPHERS:
            return (exchange,)
        exchange = await self._ask("exchange", total=total, alone=alone)
        return (exchange,) if exchange.chain == every.chain else (exchange, every)

    async def _answer_other_kind(self) -> tuple[Result, ...]:
        """What comes of the question that the ordinary handshake leads to, in a connection that waits for it."""
        try:
            return (await self._ask(None),)
        except _NotNeededError:
            return ()

    async def _chosen(self) -> Question:
        """The question that the ordinary handshake leads to. Raises _NotNeededError."""
        question = None
        with contextlib.suppress(TimeoutError):
            question = await self._other_kind.wait(time.monotonic() + self.plan.total)
        if question is None:
            raise _NotNeededError
        return question

    async def _ask(
        self, question: Question | None, *, total: float | None = None, alone: bool = False, sni: str | None = None
    ) -> Result:
        """One handshake in a connection of its own, under this server name (by default the question's). Asked alone, it
        counts as a refusal that the server hangs up on it, as servers do that have nothing of the kind.

        Without a question it is the one that the ordinary handshake leads to, which is waited for when all is said that
        comes before STARTTLS.
        """
        plan = self.plan
        hold = self._chosen if question is None else None
        try:
            with await dial(
                self._loop, self.address, timeout=plan.timeout, total=plan.total if total is None else total
            ) as stream:
                try:
                    outcome = await converse(plan, stream, unheard, unheard, hold)
                    question = question or await self._chosen()
                except _NotNeededError:
                    await _leave(stream, plan.protocol.farewell)
                    raise
                if outcome.trouble:
                    return Result(Handshake(question, "unanswered", error=outcome.error))
                name = sni if sni is not None or question.startswith("no-name") else plan.sni
                context = await plan.context(OFFERS[question])
                stream.begin()
                session = await handshake(stream, context, sni=name, farewell=plan.protocol.farewell, linger=alone)
        except (ConnectError, NotOfferedError) as error:
            return Result(Handshake(question or await self._chosen(), "unanswered", error=str(error)))
        except HandshakeError as error:
            refused = error.refused or (alone and error.closed)
            question = question or await self._chosen()
            return Result(Handshake(question, "refused" if refused else "unanswered", error=str(error)))
        done = Handshake(question, "done", tls_version=session.version, cipher=session.cipher, staple=session.staple)
        return Result(done, session.chain)


async def _leave(stream: Stream, farewell: bytes) -> None:
    """Say goodbye before TLS."""
    with contextlib.suppress(TimeoutError):
        stream.begin()
        await stream.send(farewell)
