"""Migrations of the push houses: broadcast, cable, wechat and app have the same tables."""
