"""What an account has once, and what each of its regions has once."""
