"""The order in which a deployment changes the stacks, as outputs of a workflow's step."""

from ops.core.stack_files import StackFile, stacks


def order() -> dict[str, str]:
    """The region without visitors, then the live one, then the edge.

    Raises ValueError unless the edge's file names two regions of which one is live.
    """
    (edge,) = (stack for stack in stacks() if StackFile.of(stack).get("role") == "edge")
    file = StackFile.of(edge)
    live, regions = file.get("live"), file.get("regions")
    if live not in regions or len(regions) != 2:
        raise ValueError(f"want two regions in the file of {edge}, and one of them live; got {regions}, live {live}")
    (idle,) = (stack for stack in regions if stack != live)
    return {"idle": idle, "live": live, "edge": edge}


if __name__ == "__main__":
    for place, stack in order().items():
        print(f"{place}={stack}")
