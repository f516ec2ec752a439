"""The shared floor: bus, outbox, database, HTTP, process, telemetry, security. It knows no service."""
