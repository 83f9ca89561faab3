"""Situations that mail gateways are really in, each staged on loopback, with the verdict that is right for it.

``python -m tests.situations`` asks certready and the peers that are installed about every one and prints the table of
docs/peers.md; the tests hold certready to its column.
"""
