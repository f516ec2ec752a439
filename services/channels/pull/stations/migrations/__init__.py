"""Migrations of the stations house."""
