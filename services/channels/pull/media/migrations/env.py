"""Alembic's door: the connection comes from `kit.migrate`."""

from services.kit.migrate import run_env

run_env()
