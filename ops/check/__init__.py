"""What an operator looks at every morning."""
