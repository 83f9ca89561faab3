"""A fleet that is checked again and again, and what came of it over HTTP: overview, metrics, reports, health."""

from __future__ import annotations
