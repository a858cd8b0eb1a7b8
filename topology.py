"""The number that counts the changes of who writes, and what is said of a file with a lower one than its stack."""


def older(stack: str, file: int, recorded: int) -> str:
    """The refusal of a file that is older than its stack."""
    return (
        f"Pulumi.{stack}.yaml: topology: {file} is older than {recorded}, which the stack {stack} has recorded: pull "
        "the file; if nobody has committed it, `ops dr abort` writes what the stack has into it"
    )
