"""From a leaf to a trusted root: every path over verified signatures, and one judgement of them. Pure."""

from certready.path.diagnosis import Judgement, Missing, judge
from certready.path.lint import Problem

__all__ = ["Judgement", "Missing", "Problem", "judge"]
