"""Runbooks on paper: filled in for a pair, and complete without this program, because it may be gone too."""
