"""Schema: dlt's names, types and contracts for what comes, and what becomes of values that do not fit."""
