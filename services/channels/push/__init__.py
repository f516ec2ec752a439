"""Those we call: broadcast, cable, WeChat, apps. One engine, one house (database) for each channel.

It owns the deliveries to a partner and what the partner said of them. It hears its channel's requests and
withdrawals and every end of a warning; it says how far each delivery has come. The engine keeps the
deliveries, asks before each attempt whether the warning still stands, and talks to the partner through an
adapter. Every adapter passes the same exam (`tests/channels/exam/`).
"""
