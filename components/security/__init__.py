"""Keys, secrets and policy documents."""
