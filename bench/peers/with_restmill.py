"""restmill reads the API: the script of `with_dlt.py` with one import changed."""

from bench.peers.pipeline import run
from restmill import rest_api_source

if __name__ == "__main__":
    run(rest_api_source)
