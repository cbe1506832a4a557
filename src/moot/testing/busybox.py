"""The layer of the smallest useful image: one static program under a few names."""

from __future__ import annotations

import io
import shutil
import tarfile

from moot.testing.trial import Unready

NAMES = ("sh", "sleep", "httpd", "true")


def busybox() -> bytes:
    """A tar file that an engine can import.  Raises Unready where the program is missing."""
    path = shutil.which("busybox")
    if path is None:
        raise Unready("busybox is not installed: apt-get install busybox-static")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(path, "bin/busybox")
        for name in NAMES:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return packed.getvalue()
