"""dlt reads the API with its own `rest_api_source`."""

from dlt.sources.rest_api import rest_api_source

from bench.peers.pipeline import run

if __name__ == "__main__":
    run(rest_api_source)
