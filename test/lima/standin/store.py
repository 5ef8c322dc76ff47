"""Where the stand-in keeps its VMs, and the one lock over all of them."""

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import sys
import time
import zlib

HOME = pathlib.Path(os.environ.get("LIMA_HOME") or "~/.lima-standin").expanduser().resolve()
# Names what this home's VMs own outside of it, so that two homes never meet.
TAG = f"lima-standin-{zlib.crc32(str(HOME).encode()):08x}"


class Failure(Exception):
    """What the user is told in one line; the exit code is 1."""


def log(level, message):
    text = message.replace("\\", "\\\\").replace('"', '\\"')
    print(f'time="{time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}" level={level} msg="{text}"', file=sys.stderr, flush=True)


@contextlib.contextmanager
def lock():
    """Held while it is decided what is there and what will be. Long work happens outside."""
    while True:
        HOME.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(HOME, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            # The last delete removes the home, also while others wait for it.
            if os.stat(HOME).st_ino == os.fstat(descriptor).st_ino:
                break
        except FileNotFoundError:
            pass
        os.close(descriptor)
    try:
        yield
    finally:
        os.close(descriptor)


def check_name(name):
    if not re.fullmatch(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*", name) or len(name) > 76:
        raise Failure(f"identifier `{name}` is not valid: it must match ^[A-Za-z0-9]+(?:[._-](?:[A-Za-z0-9]+))*$")


def hostname(name):
    return "lima-" + name.replace(".", "-").replace("_", "-")


def names():
    try:
        return sorted(entry.name for entry in HOME.iterdir() if entry.name[0] not in "._" and entry.is_dir())
    except FileNotFoundError:
        return []


def write(path, text):
    """All of the file or none of it, whatever ends this process."""
    temporary = path.with_name("." + path.name)
    temporary.write_text(text)
    temporary.rename(path)


def remove(directory):
    """Out of sight at once, gone soon; what an interrupted removal leaves, the next command removes."""
    hidden = directory.with_name(".gone-" + directory.name)
    shutil.rmtree(hidden, ignore_errors=True)
    directory.rename(hidden)
    return hidden


def sweep():
    """Removes what interrupted commands left. The lock is held."""
    for pattern in (".new-*", ".gone-*"):
        for left in HOME.glob(pattern):
            shutil.rmtree(left, ignore_errors=True)
