"""`ops deploy`: deploys a release to the colour without traffic, and rolls it back."""
