"""Draws the sandbox's face: its address, a request and a config to try, its routes and its switches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from restmill.sandbox import CHANGE, COLLECTIONS, ROUTES, SWITCH_TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.cli.views.sheet import Sheet

_CONFIG = """\
  client:
    base_url: {url}{auth}
  resources:
    - name: feature_flags
      primary_key: id
      write_disposition: merge
      endpoint:
        path: /v1/feature_flags
        data_selector: items
        paginator: {{type: offset, limit: 100}}"""
_AUTH = """
    auth: {{type: api_key, name: api_key, api_key: "{key}", location: query}}"""
_LABEL = 27


def show_sandbox(sheet: Sheet, url: str, key: str, changed: Mapping[str, object]) -> None:
    """What one needs to use the sandbox that listens on `url`; `changed` are the switches that were set."""
    sheet.say(f"restmill sandbox on {url}", "bold green")
    if changed:
        told = {name: "***" if name == "key" else value for name, value in changed.items()}
        sheet.say("set: " + ", ".join(f"{name}={value}" for name, value in told.items()), hang=5)
    sheet.say()
    sheet.say("Try it:", "bold")
    asked = f"?api_key={key}&limit=2" if key else "?limit=2"
    sheet.command(f"  curl '{url}/v1/feature_flags{asked}'")
    sheet.say()
    sheet.say("A config for it (save as sandbox.yaml, then: restmill run sandbox.yaml):", "bold")
    for line in _CONFIG.format(url=url, auth=_AUTH.format(key=key) if key else "").splitlines():
        sheet.command(line)
    sheet.say()
    sheet.say("`restmill sandbox --list` shows routes and switches. Ctrl-C ends it.", "dim")


def show_lists(sheet: Sheet) -> None:
    """All collections, routes and switches, with what they mean."""
    sheet.say("Collections, C in the routes", "bold")
    sheet.say(", ".join(COLLECTIONS), indent=2)
    sheet.say()
    switches = [(name, f"{meaning} ({takes}; {default})") for name, takes, default, meaning in SWITCH_TABLE]
    for title, rows in (
        ("Routes", ROUTES),
        ("Switches, for --set NAME=VALUE (what each takes; its default)", switches),
    ):
        sheet.say(title, "bold")
        for name, meaning in rows:
            _entry(sheet, name, meaning)
        sheet.say()
    sheet.say("Set them anew while it runs:", "bold")
    sheet.command(f"  {CHANGE}")


def _entry(sheet: Sheet, name: str, meaning: str) -> None:
    """Name and meaning side by side, the meaning beneath a name that is too long for its column."""
    if len(name) < _LABEL:
        sheet.say(f"{name.ljust(_LABEL)} {meaning}", indent=2, hang=_LABEL + 1)
    else:
        sheet.say(name, indent=2)
        sheet.say(meaning, "dim", indent=2 + _LABEL + 1)
