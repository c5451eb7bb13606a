"""The commands: one module each, named as what one types."""
