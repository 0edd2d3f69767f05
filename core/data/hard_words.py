"""Which of our hard lines a text is like, as far as its words tell: those with a negation, or those that turn."""

from __future__ import annotations

import re

_WORDS = {
    "negation": re.compile(
        r"\b(?:not|no|never|nothing|nobody|none|neither|nor|without|hardly|barely|cannot|\w+n['’]t"
        r"|(?:ca|do|does|did|is|was|are|were|wo|would|could|should|has|have|had|ai)nt)\b"
        r"|不(?![过错仅但断管少同])|没|未(?!来)|毫无|并非",
        re.IGNORECASE,
    ),
    "but": re.compile(
        r"\b(?:but|however|although|though|yet|despite|except|unfortunately|while)\b"
        r"|但|却|可惜|不过|然而|虽然|尽管|可是|只是",
        re.IGNORECASE,
    ),
}


def hard_kinds(text: str) -> tuple[str, ...]:
    """Slices of the suite that a text belongs to by its words, `negation` and `but`."""
    return tuple(name for name, words in _WORDS.items() if words.search(text))
