"""X.509 as bytes and facts: DER, certificates, keys, signatures. Pure, and judges nothing."""
