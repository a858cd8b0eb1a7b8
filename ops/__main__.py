"""`python -m ops`."""

import gc
import os
import sys

from ops.cli import main

# Most of what there is are the clouds' SDKs, which stay: to walk through them, and at the end to take them apart again,
# is half a second of a command.
gc.set_threshold(100_000)
try:
    main()
except SystemExit as ended:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(ended.code if isinstance(ended.code, int) else 1)
