"""Views: what a command shows at its end, drawn with rich or as plain text."""
