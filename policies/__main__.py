"""The policy pack as the engine runs it: `pulumi preview --policy-pack policies`."""

import sys
from pathlib import Path

# The engine puts the pack's own folder first, where its modules would be found under two names.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from policies.analyzer import serve

serve()
