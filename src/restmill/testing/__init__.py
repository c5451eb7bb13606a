"""Fakes for tests, ours and yours.

A loop whose time passes only when nothing else can happen, a scripted API, and a rig that reads from it.
"""

from restmill.testing.api import FakeTransport, Recorder, json_response
from restmill.testing.clock import FakeClock, FakeLoop, run

__all__ = ["FakeClock", "FakeLoop", "FakeTransport", "Recorder", "json_response", "run"]
