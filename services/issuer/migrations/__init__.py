"""The issuer's migrations."""
