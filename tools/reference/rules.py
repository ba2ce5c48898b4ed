"""Every rule with its parameters, from the table of rules."""

from __future__ import annotations

import inspect

from tools.reference.documented import arguments_of, summary_of
from tools.reference.markdown import table
from verbose_logging.rules import RULES


def rules() -> str:
    """Returns the table of rules."""
    rows = [
        (f"`{name}`", rule.kind, rule.severity, summary_of(rule), _parameters(rule)) for name, rule in RULES.items()
    ]
    return table(("rule", "type", "severity", "when", "parameters"), rows)


def _parameters(rule: type) -> str:
    told = arguments_of(rule)
    given = inspect.signature(rule).parameters.values()
    return "; ".join(f"`{one.name}={one.default:g}`: {told[one.name].rstrip('.')}" for one in given)
