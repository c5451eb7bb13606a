"""A Pydantic model for the cases that need one; importing this file needs Pydantic."""

from datetime import datetime

from pydantic import BaseModel


class Preferences(BaseModel):
    language: str
    theme: dict[str, bool]


class User(BaseModel):
    id: int
    name: str
    email: str | None = None
    active: bool
    preferences: Preferences
    created_at: datetime
