"""The ground of the tests is tested too: what is closed stays closed."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st


def test_a_foreign_address_is_refused_for_blocking_code() -> None:
    with socket.socket() as sock, pytest.raises(Exception, match=r"only loopback is open"):
        sock.connect(("192.0.2.1", 80))


def test_a_foreign_address_is_refused_for_asyncio() -> None:
    async def connect() -> None:
        await asyncio.open_connection("192.0.2.1", 80)

    with pytest.raises(Exception, match=r"only loopback is open"):
        asyncio.run(connect())


def test_a_foreign_name_is_not_looked_up() -> None:
    with pytest.raises(Exception, match=r"tried to reach 'api\.example\.com'"):
        socket.create_connection(("api.example.com", 443))


def test_a_name_that_cannot_exist_does_not() -> None:
    with pytest.raises(socket.gaierror):
        socket.create_connection(("api.invalid", 443))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_open(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection((host, server.getsockname()[1])).close()


def test_settings_of_the_developer_are_out_of_sight(tmp_path: Path) -> None:
    assert Path.cwd() == tmp_path
    assert not list(Path.home().rglob("*.toml"))
    assert os.environ["RUNTIME__DLTHUB_TELEMETRY"] == "false"


@given(st.integers())
def test_properties_run_in_their_own_folder_too(number: int) -> None:
    assert not (Path.cwd() / "pyproject.toml").exists(), number


def test_postgres_answers(postgres_dsn: str) -> None:
    psycopg2 = pytest.importorskip("psycopg2")
    connection = psycopg2.connect(postgres_dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
            assert cursor.fetchone() == (1,)
    finally:
        connection.close()
