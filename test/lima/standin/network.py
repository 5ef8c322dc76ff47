"""The network user-v2: a bridge in a network namespace that one process, the name server, holds open. Without an uplink."""

import json
import pathlib
import shutil
import subprocess
import sys
import zlib

import cgroups
import store

GROUP = "_network"
GATEWAY = "192.168.104.2"
DIRECTORY = store.HOME / "_networks" / "user-v2"
SERVER = pathlib.Path(__file__).with_name("nameserver.py")


def leases():
    try:
        return json.loads((DIRECTORY / "leases.json").read_text())
    except FileNotFoundError:
        return {}


def lease(name):
    """The VM's address: kept over stop and start, and over delete and create, like a lease that follows the MAC address. The lock is held."""
    known = leases()
    if name not in known:
        taken = set(known.values()) | {GATEWAY}
        known[name] = next(address for address in (f"192.168.104.{n}" for n in range(1, 255)) if address not in taken)
        DIRECTORY.mkdir(parents=True, exist_ok=True)
        store.write(DIRECTORY / "leases.json", json.dumps(known))
    return known[name]


def holder():
    return next(iter(cgroups.processes(GROUP)), None)


def ensure():
    """The lock is held."""
    if holder():
        return
    cgroups.make(GROUP)
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    with open(DIRECTORY / "nameserver.log", "w") as output:
        process = subprocess.Popen(["unshare", "--net", sys.executable, "-B", SERVER, DIRECTORY, GATEWAY], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=output, cwd="/", start_new_session=True,
                                   preexec_fn=lambda: cgroups.join(GROUP))
    if process.stdout.readline() != b"ready\n":
        raise store.Failure(f"the stand-in's network did not come up: {(DIRECTORY / 'nameserver.log').read_text().strip()}")


def run(pid, lines, *options):
    command = ["nsenter", "--target", str(pid), "--net", "ip", *options, "-batch", "-"]
    return subprocess.run(command, input="\n".join(lines) + "\n", text=True, capture_output=True, check=not options)


def attach(name, pid):
    """Plugs the machine whose first process is PID into the bridge."""
    address = leases()[name]
    port = "vm" + address.rsplit(".", 1)[1]
    digest = f"{zlib.crc32(str(store.HOME / name).encode()):08x}"
    mac = ":".join(["52", "55", "55", digest[:2], digest[2:4], digest[4:6]])
    # The last life's end of the cable goes away only after its namespace did.
    run(holder(), [f"link delete {port}"], "-force")
    run(holder(), [f"link add {port} type veth peer name eth0 address {mac} netns {pid}", f"link set {port} master br0 up"])
    run(pid, ["link set lo up", f"address add {address}/24 dev eth0", "link set eth0 up", f"route add default via {GATEWAY}"])
    # A stopped VM's name still resolves, as with Lima, until the network ends: nothing takes it from here.
    with open(DIRECTORY / "hosts", "a") as hosts:
        hosts.write(f"{store.hostname(name)}.internal {address}\n")


def end():
    cgroups.clear(GROUP)
    for file in ("hosts", "nameserver.log"):
        (DIRECTORY / file).unlink(missing_ok=True)


def forget():
    """Removes also the leases."""
    shutil.rmtree(DIRECTORY.parent, ignore_errors=True)
