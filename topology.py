"""The counter of changes of the writer, and the message for a file with a lower number than its stack."""


def older(stack: str, file: int, recorded: int) -> str:
    """The message for a file that is older than its stack."""
    return (
        f"Pulumi.{stack}.yaml: topology: {file} is older than {recorded}, which the stack {stack} has recorded: pull "
        "the file; if nobody has committed it, `ops dr abort` writes what the stack has into it"
    )
