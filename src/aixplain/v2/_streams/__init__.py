"""Streamed answers: bytes become chunks, and two streamers give them out."""
