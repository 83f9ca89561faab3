"""Write the schemas that are shipped: ``python -m tests.schemas``."""

from __future__ import annotations

from pathlib import Path

from certready import schemas
from tests.schemas import DOCUMENTS, text

if __name__ == "__main__":
    for name in DOCUMENTS:
        Path(schemas.__file__).with_name(f"{name}-1.json").write_text(text(name), "ascii", newline="\n")
