"""The site: ``sphinx-build -W docs build/docs``, after ``pip install '.[docs]'``. It opens from disk."""

from __future__ import annotations

from certready import __version__

project = "certready"
author = "the authors of certready"
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["pictures/**", "hooks/**"]
root_doc = "index"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["misc.highlighting_failure"]  # the layers in architecture.md are no programming language

autodoc_member_order = "groupwise"
autodoc_typehints = "description"
autodoc_typehints_format = "short"
napoleon_google_docstring = True

html_theme = "furo"
html_title = f"certready {__version__}"
html_theme_options = {"navigation_with_keys": True}
html_copy_source = html_show_sourcelink = False

man_pages = [
    ("reference/commands", "certready", "is this mail gateway's certificate ready for Exchange Online", [author], 1),
]
man_show_urls = False
