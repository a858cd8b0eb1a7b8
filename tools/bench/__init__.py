"""How long a preview takes, against a flat program and terraform with the same resources: `python -m tools.bench`."""
