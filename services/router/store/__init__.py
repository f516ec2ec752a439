"""The router's tables and queries."""
