"""The control groups of the VMs: their limits, and the register of which processes belong to what."""

import os
import pathlib
import signal
import time

from store import TAG

TOP = pathlib.Path("/sys/fs/cgroup")
UNIFIED = (TOP / "cgroup.controllers").exists()


def hierarchies():
    if UNIFIED:
        return [TOP]
    with open("/proc/self/cgroup") as lines:
        controllers = [line.split(":")[1].removeprefix("name=") for line in lines]
    return [TOP / name for name in controllers if name and (TOP / name).is_dir()]


def groups(name):
    """A group in each hierarchy; what is not a VM has a name that no VM can have, beginning with "_"."""
    return [top / TAG / name for top in hierarchies()]


def make(name, cpus=None, memory=None):
    for group in groups(name):
        for directory in (group.parent, group):
            directory.mkdir(exist_ok=True)
            # A cpuset takes processes only when it says which.
            for file in ("cpuset.cpus", "cpuset.mems"):
                if not UNIFIED and (directory / file).exists():
                    (directory / file).write_text((directory.parent / file).read_text())
        if UNIFIED:
            for directory in (TOP, group.parent):
                delegate(directory)
        limits = {"cpu.max": f"{cpus}00000 100000", "memory.max": memory} if UNIFIED else \
            {"cpu.cfs_quota_us": f"{cpus}00000", "memory.limit_in_bytes": memory}
        for file, value in limits.items():
            if cpus and (group / file).exists():
                (group / file).write_text(str(value))


def delegate(directory):
    for controller in (directory / "cgroup.controllers").read_text().split():
        try:
            (directory / "cgroup.subtree_control").write_text("+" + controller)
        except OSError:
            # Not every controller can be passed on everywhere; a VM then lives without that limit.
            pass


def settle(name):
    """With cgroup v2 only leaves have processes: the VM's own go into one, so that its containers get limits."""
    if UNIFIED:
        group = TOP / TAG / name
        (group / "init").mkdir(exist_ok=True)
        # Until there is none: they fork meanwhile.
        while pids := (group / "cgroup.procs").read_text().split():
            for pid in pids:
                try:
                    (group / "init/cgroup.procs").write_text(pid)
                except ProcessLookupError:
                    pass
        delegate(group)


def join(name):
    """Puts this process there. For the time between fork and exec."""
    for group in groups(name):
        leaf = group / "init"
        (leaf if leaf.is_dir() else group).joinpath("cgroup.procs").write_text(str(os.getpid()))


def processes(name):
    found = set()
    for group in groups(name):
        for directory, _, _ in os.walk(group):
            try:
                found.update(int(pid) for pid in pathlib.Path(directory, "cgroup.procs").read_text().split())
            except OSError:
                pass
    return found


def clear(name):
    """Ends every process in it, and removes it."""
    for _ in range(3000):
        for pid in processes(name):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        left = False
        for group in groups(name):
            for directory, _, _ in os.walk(group, topdown=False):
                try:
                    os.rmdir(directory)
                except FileNotFoundError:
                    pass
                except OSError:
                    left = True
        if not left:
            break
        time.sleep(0.01)
    for group in groups(name):
        try:
            group.parent.rmdir()
        except OSError:
            pass


def known():
    return sorted({entry.name for top in hierarchies() for entry in (top / TAG).glob("*") if entry.is_dir()})
