"""Telephone calls (叫应): a calling platform rings people, reads the warning out, and asks for the key 1."""
