"""Explanations and the measure of their faithfulness."""
