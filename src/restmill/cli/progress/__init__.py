"""Progress: a model kept from events, and two drawers of it, for a terminal and for a pipe."""
