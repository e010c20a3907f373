"""The web: views, one module for each noun."""
