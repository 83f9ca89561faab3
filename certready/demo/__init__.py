"""The demonstration: a private CA, its responders and a gateway on loopback, and the reports they lead to.

``scenarios.run()`` stages and judges, ``telling.narrate()`` says it as text, ``telling.summary()`` whether all came out
as staged. Nothing is imported here, so that ``certready.demo.pki`` can be had alone.
"""
