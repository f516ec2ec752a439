"""Stations by MQTT: `users` says who may, `courier` connects, `mailboxes` publish, `inbox` hears."""
