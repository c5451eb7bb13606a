"""Transport: one signed request out, one whole response back; aiohttp, or a user's `requests.Session`."""
