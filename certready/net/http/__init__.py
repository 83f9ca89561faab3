"""Fetching what certificates point to, guarded: the addresses are hostile input."""
