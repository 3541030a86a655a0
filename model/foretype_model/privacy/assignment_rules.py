"""The forms in which a value follows its name, as a table in the form of gitleaks' rules.

Each rule is tried by itself at each name: no rule hides another one. `assignments` applies them.
"""

from __future__ import annotations

from typing import Final

from foretype_model.privacy.code_rules import CODE_RULES
from foretype_model.privacy.command_rules import COMMAND_RULES
from foretype_model.privacy.format_rules import FORMAT_RULES
from foretype_model.privacy.prose_rules import PROSE_RULES

ASSIGNMENT_RULES: Final = (*CODE_RULES, *COMMAND_RULES, *FORMAT_RULES, *PROSE_RULES)

NEAR_BYTES: Final = 256
"""Bytes after a name in which a keyword has to be."""

RULES_BY_START: Final = tuple(
    tuple(rule for rule in ASSIGNMENT_RULES if not rule.starts or byte in rule.starts)
    for byte in range(256)
)
"""The rules to try at a name, by the byte that follows it."""

RULES_ACROSS_LINES: Final = tuple(
    tuple(rule for rule in rules if rule.crosses_lines) for rules in RULES_BY_START
)
"""Those of them for a value in a later line than the name."""
