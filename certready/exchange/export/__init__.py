"""What Exchange Online's cmdlets print, read into a tenant."""
