"""`pulumi-resource-cloudflare` that speaks Cloudflare's v4 API itself, for the types that the edge declares."""
