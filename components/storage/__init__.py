"""The S3 buckets of a region."""
