"""Commands in a VM, and files to and from it, with the manners of the ssh and the scp that Lima calls."""

import os
import re
import selectors
import shlex
import subprocess
import sys
import threading

import cgroups
import template
from store import Failure
from vm import VM


def running(name):
    vm = VM(name)
    if vm.status() != "Running":
        raise Failure(f"instance `{name}` is stopped, run `limactl start {name}` to start the instance")
    return vm


def start(vm, script, **streams):
    """Like a session of sshd: a shell of the user's, in the user's home, in a session of its own."""
    environment = vm.environment(template.USER, template.HOME)
    if "TERM" in os.environ:
        environment["TERM"] = os.environ["TERM"]
    return subprocess.Popen(vm.enters(["bash", "-c", f"cd; {script}"], template.USER), env=environment,
                            preexec_fn=lambda: cgroups.join(vm.name), **streams)


def code(process):
    status = process.wait()
    # ssh knows no signals.
    return 255 if status < 0 else status


def shell(name, command, workdir):
    vm = running(name)
    if workdir is not None:
        change = f"cd {shlex.quote(workdir)} || exit 1"
    elif mounted(vm, os.getcwd()):
        change = f"cd {shlex.quote(os.getcwd())} || cd {shlex.quote(os.path.expanduser('~'))}"
    else:
        change = "false"
    script = f'{change} ; exec "$SHELL" -l'
    if command:
        script += " -c " + shlex.quote(words(command))
    if sys.stdin.isatty():
        return code(start(vm, script))
    process = start(vm, script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    # Like ssh it takes all of its input, whether or not the command reads it.
    threading.Thread(target=feed, args=(process.stdin,), daemon=True).start()
    carry({process.stdout: 1, process.stderr: 2})
    return code(process)


def mounted(vm, path):
    for mount in vm.template.get("mounts") or []:
        place = os.path.realpath(os.path.expanduser(template.expand(mount["location"], vm.name, vm.template, 0, os.path.expanduser("~"))))
        if path == place or path.startswith(place + "/"):
            return True
    return False


def words(command):
    """Each word quoted, but the leading K=V words of the environment keep their meaning."""
    quoted, leading = [], True
    for word in command:
        match = re.fullmatch(r"([a-zA-Z_]\w*)=(.*)", word, re.DOTALL) if leading else None
        leading = match is not None
        quoted.append(f"{match[1]}={shlex.quote(match[2])}" if match else shlex.quote(word))
    return " ".join(quoted)


def feed(stdin):
    try:
        while data := os.read(0, 65536):
            stdin.write(data)
            stdin.flush()
        stdin.close()
    except OSError:
        # Nobody reads it.
        pass


def carry(streams):
    """Until all who have the other ends are gone: what the command leaves running keeps ssh, too, if it has its output."""
    selector = selectors.DefaultSelector()
    for source in streams:
        selector.register(source, selectors.EVENT_READ)
    while selector.get_map():
        for key, _ in selector.select():
            data = os.read(key.fd, 65536)
            if not data:
                selector.unregister(key.fileobj)
                continue
            target = streams[key.fileobj]
            while data:
                data = data[os.write(target, data):]


def copy(sources, target, recursive):
    """From the host to a VM, or from a VM to the host."""
    name, path = split(target)
    pairs = [split(source) for source in sources]
    if name and not any(place for place, _ in pairs):
        return max(put(running(name), source, path, recursive) for _, source in pairs)
    if not name and all(place for place, _ in pairs):
        return max(get(running(place), source, path, recursive) for place, source in pairs)
    raise Failure("the stand-in copies either from the host to a VM or from VMs to the host")


def split(place):
    head, colon, tail = place.partition(":")
    return (head, tail) if colon and "/" not in head else (None, place)


# What arrives gets the name of the target, unless that is a directory. Each end works as its own user.
CHECK = 'p={path}; if [ ! -e "$p" ]; then echo "scp: $p: No such file or directory" >&2; exit 1; fi; ' \
        'if [ -d "$p" ] && [ -z "{recursive}" ]; then echo "scp: $p: not a regular file" >&2; exit 1; fi'
PACK = 'p=$(realpath {path}); tar -C "$(dirname "$p")" -cf - "./$(basename "$p")"'
UNPACK = 'shopt -s dotglob; t={path}; if [ -d "$t" ]; then exec tar --no-same-owner -C "$t" -xf -; fi; ' \
         'd=$(mktemp -d "$(dirname "$t")/.copy.XXXXXX") && trap \'rm -rf "$d"\' EXIT && tar --no-same-owner -C "$d" -xf - && mv -T "$d"/* "$t"'


def put(vm, source, target, recursive):
    return transfer(here, shlex.quote(source), lambda *arguments, **streams: start(vm, *arguments, **streams), remote(target), recursive)


def get(vm, source, target, recursive):
    return transfer(lambda *arguments, **streams: start(vm, *arguments, **streams), remote(source), here, shlex.quote(target), recursive)


def here(script, **streams):
    return subprocess.Popen(["bash", "-c", script], **streams)


def remote(path):
    path = path or "."
    return "~" + shlex.quote(path[1:]) if path == "~" or path.startswith("~/") else shlex.quote(path)


def transfer(sender, source, receiver, target, recursive):
    if sender(CHECK.format(path=source, recursive="r" * recursive), stdin=subprocess.DEVNULL).wait() != 0:
        return 1
    pack = sender(PACK.format(path=source), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    unpack = receiver(UNPACK.format(path=target), stdin=pack.stdout)
    pack.stdout.close()
    received, sent = unpack.wait(), pack.wait()
    return 1 if sent or received else 0
