"""Resources that exist once per account, or once per region of an account."""
