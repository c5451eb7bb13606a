"""The wire: sans-IO machines for requests, paging, retry, budget and auth.

Nothing here opens a socket, reads a clock or draws a random number; time and chance are arguments. The
engine in `run` drives these machines; tests drive them a million times a second.
"""
