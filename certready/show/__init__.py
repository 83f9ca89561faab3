"""What a file or a host holds, as Exchange and Windows name it: certificates, keys, protection; nothing is judged."""

from __future__ import annotations

from certready.show.contents import Container, Shown, from_bundle, from_files
from certready.show.document import document
from certready.show.text import lines

__all__ = ["Container", "Shown", "document", "from_bundle", "from_files", "lines"]
