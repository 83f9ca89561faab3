"""The registry of output formats."""

import json
import subprocess
import sys

import pytest

from certready.errors import UsageError
from certready.render import FORMATS, renderer
from tests.render import samples


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_one_and_many(name):
    """Each registered format renders one report and several, as text that ends with a line end."""
    found = renderer(name)
    one, many = samples.ready(), [samples.ready(), samples.not_ready()]
    assert ["\n", "\n"] == [found.render(one)[-1], found.render_many(many, "not-ready")[-1]]


def test_unknown_format():
    """A format that does not exist is a usage error that lists those that do."""
    with pytest.raises(UsageError, match="There is no output format 'xml'") as raised:
        renderer("xml")
    assert f"The formats are: {', '.join(FORMATS)}." == raised.value.hint


def test_only_what_is_needed_is_imported():
    """Rendering text or JSON imports neither rich nor anything else heavy."""
    code = (
        "import sys, json; from certready.render import renderer; from tests.render import samples\n"
        "[renderer(name).render(samples.cannot_tell()) for name in ('text', 'json')]\n"
        "print(json.dumps([name for name in ('rich', 'requests', 'jsonschema', 'OpenSSL', 'importlib.resources')"
        " if name in sys.modules]))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [] == json.loads(result.stdout)
