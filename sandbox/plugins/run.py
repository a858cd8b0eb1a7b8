"""What the language host and the program it starts have agreed on."""

RUN_VARIABLE = "PULUMI_LANGUAGE_HOST_RUN"
# The engine's word for "failed, and the error has been shown".
BAIL = 32
