"""The model: dlt's rest_api format as frozen values, block by block, plus restmill's own keys."""
