"""BuildKit's own parser as an oracle for our reader: see compare.py for what is compared and known.py for the rest."""

from tests.oracle.client import Oracle
from tests.oracle.compare import Verdict, verdict

__all__ = ["Oracle", "Verdict", "verdict"]
