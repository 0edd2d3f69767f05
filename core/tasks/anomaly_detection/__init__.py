"""Anomaly detection: is a part like the good ones, and where not?"""
