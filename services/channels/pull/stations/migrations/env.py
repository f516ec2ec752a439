"""Alembic calls this; the floor knows how."""

from services.kit.migrate import run_env

run_env()
