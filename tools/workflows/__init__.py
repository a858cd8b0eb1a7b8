"""What the workflows in `.github/workflows/` need: their lint, their order of stacks, the comment on a pull request."""
