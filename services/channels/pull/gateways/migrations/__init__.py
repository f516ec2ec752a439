"""Migrations of the gateways' database."""
