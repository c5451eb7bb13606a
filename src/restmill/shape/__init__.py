"""The shape of data: bytes to documents, documents to records, records to tables."""
