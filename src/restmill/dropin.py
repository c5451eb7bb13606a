"""`import restmill.dropin` as the first line of a script serves its `dlt.sources.rest_api` by restmill.

Nothing else in the script changes. It must stand before the script's own imports from
`dlt.sources.rest_api`, which would otherwise have dlt's functions already; `restmill exec script.py` does
the same without touching the script.
"""

from restmill.load.dropin.script import serve

serve()
