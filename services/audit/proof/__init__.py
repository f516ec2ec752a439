"""What a transcript is, and how anybody verifies one with the file and the public key alone."""
