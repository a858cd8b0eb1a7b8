"""Programs for the workflows in `.github/workflows/`: their lint, the order of stacks, the comment on a pull
request."""
