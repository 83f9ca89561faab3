"""Run against an installed wheel, away from the source tree: the package is whole and does its job."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from importlib.resources import files
from pathlib import Path

import certready

executable = Path(sysconfig.get_path("scripts")) / ("certready.exe" if sys.platform == "win32" else "certready")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(executable), *arguments], capture_output=True, text=True, check=False)


package = Path(certready.__file__).parent
assert "site-packages" in package.parts, package
assert (files("certready") / "py.typed").is_file()
assert (files("certready") / "_trust" / "README.md").is_file()
for schema in ("report", "reports", "error", "evidence"):
    assert json.loads((files("certready") / "schemas" / f"{schema}-1.json").read_text())["$schema"]
for name in certready.__all__:
    assert getattr(certready, name) is not None

assert run("--version").stdout.split() == ["certready", certready.__version__]
assert run("check", "nowhere.pem").returncode == 2
fact = run("explain", "N26", "--format", "json")
assert json.loads(fact.stdout)["fact"]["source"], fact.stderr
demo = run("demo", "--format", "json")
assert demo.returncode == 0, demo.stderr
assert json.loads(demo.stdout)["schema"] == "certready.reports/1"
print(f"certready {certready.__version__}: the wheel is whole, and the demo came out as staged")
