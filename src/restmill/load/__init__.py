"""The load: a plan as a dlt source, run by dlt's own pipeline. The only layer that imports dlt."""
