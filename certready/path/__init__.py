"""From a leaf to a trusted root: every path over verified signatures, and one judgement of them. Pure."""

from certready.path.constraints import excluded_names
from certready.path.diagnosis import Judgement, Missing, judge
from certready.path.lint import Problem

__all__ = ["Judgement", "Missing", "Problem", "excluded_names", "judge"]
