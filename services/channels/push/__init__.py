"""Those we call: broadcast, cable, WeChat, app. One engine, one house (database) for each channel.

The engine keeps the deliveries, asks before each attempt whether the warning still stands, and talks
to the partner through an adapter. Every adapter passes the same exam (`tests/channels/exam.py`).
"""
