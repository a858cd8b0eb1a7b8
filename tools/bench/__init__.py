"""How long a preview takes, compared with a flat program and terraform with the same resources: `python -m
tools.bench`."""
