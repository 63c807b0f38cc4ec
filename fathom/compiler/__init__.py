"""Graphs of primitives, and the native programs that are made of them. One stage a file; it sees `core` only."""
