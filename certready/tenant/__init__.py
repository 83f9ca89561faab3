"""A tenant looked at without a certificate: its connectors linted, and how each kind of mail is attributed."""
