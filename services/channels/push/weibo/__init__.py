"""Weibo: one post for the district; an update and a lift are posts of their own that delete the one before.

`codes` what Weibo's error codes mean, `post` the words of a post within its rules, `adapter` the posting.
"""
