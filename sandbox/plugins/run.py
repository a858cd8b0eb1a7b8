"""What the language host and its program share."""

RUN_VARIABLE = "PULUMI_LANGUAGE_HOST_RUN"
# The exit code for "failed, and the error has been shown".
BAIL = 32
