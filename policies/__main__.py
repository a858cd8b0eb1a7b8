"""The policy pack as the engine runs it: `pulumi preview --policy-pack policies`."""

import sys
from pathlib import Path

# The engine puts the pack's own folder first, where its modules would be found under two names.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

import pulumi

from policies.analyzer import serve
from yaml_text import YamlTextError

try:
    serve()
except YamlTextError as error:
    # The SDK would show the traceback of any error that reaches it.
    pulumi.log.error(str(error))
    sys.exit(1)
