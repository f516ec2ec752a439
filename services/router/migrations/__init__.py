"""Migrations of the router's database."""
