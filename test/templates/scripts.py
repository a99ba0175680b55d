"""Scripts as callers put them: in a folder that is named by their SHA-256."""

from __future__ import annotations

import hashlib
from pathlib import Path


def put_script(folder: Path, name: str, content: str | bytes, sha256: str | None = None) -> str:
    """Write a file where an upload of it would lie, and return its URI."""
    data = content.encode() if isinstance(content, str) else content
    area = folder / (sha256 or hashlib.sha256(data).hexdigest())
    area.mkdir(exist_ok=True)
    (area / name).write_bytes(data)
    return (area / name).as_uri()
