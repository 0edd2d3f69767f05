"""Answers with loaded models: one copy of each per device, shared by every session."""
