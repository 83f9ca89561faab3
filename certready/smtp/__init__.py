"""Dialogues without sockets: STARTTLS of each protocol, replies, the listener's side and the gateway's."""
