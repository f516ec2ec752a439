"""Workbooks and printed pages."""
