"""How items reach who is connected: `hub` fans out, `followers` are told, `pipe` writes, `frames` encode."""
