"""Delete missing: rows that the API no longer has are deleted or marked, and never by mistake."""
