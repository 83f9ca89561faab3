"""A tenant looked at without a certificate: its connectors linted, and what mail of which kind meets there."""
