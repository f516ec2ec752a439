"""The public contract: `reading` (stream, poll, state), `telling` (reports, heartbeats), `backs`, `links`."""
