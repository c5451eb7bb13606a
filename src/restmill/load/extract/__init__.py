"""Extract: dlt's resources take pages from the engine; incremental cursors go in and come out."""
