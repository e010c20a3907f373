"""Verbs over several rows; they flush, the caller commits."""
