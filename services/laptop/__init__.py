"""Everything on one computer: a nats-server as a child, SQLite files, keys, default data, the demo."""
