"""Rules that records must meet: a small TOML file, compiled to checks over Arrow columns."""

from record_rules.checker import Checker
from record_rules.errors import RulesError
from record_rules.loading import load_rules
from record_rules.model import Rules

__all__ = ["Checker", "Rules", "RulesError", "load_rules"]
