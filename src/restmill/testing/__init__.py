"""Fakes for tests, ours and yours: a loop whose time passes only when nothing else can happen, and a scripted API."""

from restmill.testing.api import FakeTransport, Recorder, json_response
from restmill.testing.clock import FakeClock, FakeLoop, run

__all__ = ["FakeClock", "FakeLoop", "FakeTransport", "Recorder", "json_response", "run"]
