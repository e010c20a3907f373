"""Forms: shape and normalisation of what people type."""
