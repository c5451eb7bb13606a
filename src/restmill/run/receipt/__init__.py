"""Receipt: what a run can prove, for each resource, kept from its events and filed."""
