"""The process that brings a VM up, stays for as long as it runs, and cleans up after it: what Lima calls the host agent. If it dies, so does
the VM. What became of the start is in the file "event": running, degraded, or an error."""

import ctypes
import os
import pathlib
import signal
import subprocess
import time
import traceback

import cgroups
import network
import store
import template

INIT = pathlib.Path(__file__).with_name("init.sh")
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


def launch(vm):
    """Starts the agent of a stopped VM. The lock is held, also by the agent until others can see it."""
    cgroups.clear(vm.name)
    (vm.directory / "event").unlink(missing_ok=True)
    (vm.directory / "driver.pid").unlink(missing_ok=True)
    network.lease(vm.name)
    network.ensure()
    cgroups.make(vm.agent_group)
    ready, done = os.pipe()
    if os.fork() == 0:
        # The caller must not wait for it, also not through a pipe that it reads.
        os.setsid()
        cgroups.join(vm.agent_group)
        output = os.open(vm.directory / "ha.stderr.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir("/")
        os.closerange(3, 256)
        run(vm)
        os._exit(0)
    os.close(done)
    os.read(ready, 1)
    os.close(ready)


def run(vm):
    process = None
    try:
        process = boot(vm)
        prepare(vm)
    except Exception as error:
        traceback.print_exc()
        cgroups.clear(vm.name)
        tell(vm, f"error: {error}")
    if process:
        process.wait()
    cgroups.clear(vm.name)
    (vm.directory / "driver.pid").unlink(missing_ok=True)
    # Last, because this ends the agent itself: its group cannot go before it.


def tell(vm, event):
    # The VM may have been stopped, and deleted, meanwhile.
    if vm.directory.is_dir():
        store.write(vm.directory / "event", event)


def boot(vm):
    mounts = []
    for mount in vm.template.get("mounts") or []:
        home = os.path.expanduser("~")
        location = os.path.expanduser(template.expand(mount["location"], vm.name, vm.template, 0, home))
        point = template.expand(mount.get("mountPoint", location), vm.name, vm.template, vm.uid())
        if not os.path.isdir(location):
            raise store.Failure(f"the mount's location {location} is not there; make it, or set another one with --set")
        mounts.append(f"{location}\t{point}\t{str(mount.get('writable', False)).lower()}\n")
    (vm.directory / "mounts").write_text("".join(mounts))
    cgroups.make(vm.name, vm.template.get("cpus", 4), template.memory(vm.template))
    parent = os.getpid()

    def enter():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        cgroups.join(vm.name)

    system = ["containerd"] if (vm.template.get("containerd") or {}).get("system") else []
    with open(vm.directory / "serial.log", "a") as serial:
        process = subprocess.Popen(["unshare", "--mount", "--uts", "--ipc", "--pid", "--net", "--cgroup", "--propagation", "private",
                                    "--fork", "--kill-child", "bash", INIT, vm.directory, store.hostname(vm.name), *system],
                                   stdin=subprocess.DEVNULL, stdout=serial, stderr=serial, cwd="/", preexec_fn=enter)
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    first = wait(process, lambda: children.read_text().split(), vm)[0]
    network.attach(vm.name, first)
    wait(process, pathlib.Path(f"/proc/{first}/root/run/standin/booted").exists, vm)
    cgroups.settle(vm.name)
    store.write(vm.directory / "driver.pid", first)
    return process


def wait(process, condition, vm):
    for _ in range(10000):
        found = condition()
        if found:
            return found
        if process.poll() is not None:
            break
        time.sleep(0.002)
    lines = (vm.directory / "serial.log").read_text(errors="replace").strip().splitlines()
    raise store.Failure(f"the VM did not boot: {lines[-1] if lines else 'it said nothing'}")


def prepare(vm):
    log = vm.directory / "disk/var/log/cloud-init-output.log"
    with open(log, "ab") as output:
        for step in vm.template.get("provision") or []:
            # As with Lima, one that fails fails nothing else: that is for probes to see.
            vm.script(step["script"], template.USER if step["mode"] == "user" else None, output)
    deadline = time.monotonic() + 600
    for probe in vm.template.get("probes") or []:
        while vm.first() and vm.script(probe["script"], template.USER) != 0:
            if time.monotonic() > deadline:
                tell(vm, f"degraded: {probe.get('description', 'a probe')} did not come true. {probe.get('hint', '')}")
                return
            time.sleep(0.1)
    tell(vm, "running")
