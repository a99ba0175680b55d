"""Puts the files and archives of a run into the driver's folder, then becomes the driver.

python -I stage_files.py STORAGE FOLDER [file=URI | archive=URI[#NAME]]... -- PROGRAM ARGUMENT...
"""

import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path
from typing import IO
from urllib.parse import quote, unquote, urlsplit

_TIMEOUT_SECONDS = 60


def _main(arguments: list[str]) -> None:
    storage, folder, *rest = arguments
    end = rest.index("--")
    for entry in rest[:end]:
        kind, _, uri = entry.partition("=")
        address, _, alias = uri.partition("#")
        target = Path(folder) / _to_name(alias or address.rpartition("/")[2])
        if target.exists():
            continue
        if kind == "file":
            _fetch(storage, address, target)
        else:
            _unpack(storage, address, target)
    # What Python ignores, a program that takes its place would ignore, too.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execv(rest[end + 1], rest[end + 1 :])


def _to_name(name: str) -> str:
    if name in {"", ".", ".."} or "/" in name:
        sys.exit(f"{name!r} is not the name of a file")
    return name


def _fetch(storage: str, address: str, target: Path) -> None:
    with _open(storage, address) as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy)


def _open(storage: str, address: str) -> IO[bytes]:
    parts = urlsplit(address)
    if parts.scheme == "file":
        return Path(unquote(parts.path)).open("rb")
    bucket, _, name = address.removeprefix("gs://").partition("/")
    url = f"{storage}/storage/v1/b/{quote(bucket)}/o/{quote(name, safe='')}?alt=media"
    try:
        content: IO[bytes] = urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        raise FileNotFoundError(f"Item not found: {address}") from error
    return content


def _unpack(storage: str, address: str, target: Path) -> None:
    """As YARN does: the archive becomes a folder of its own name.

    zipfile and tar both leave out what would lie outside the folder.
    """
    archive = target.with_name(f".{target.name}.part")
    _fetch(storage, address, archive)
    target.mkdir()
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as members:
            members.extractall(target)
    else:
        subprocess.run(["tar", "-xf", str(archive), "-C", str(target)], check=True)
    archive.unlink()


_main(sys.argv[1:])
