"""A VM: its directory, the root of its file system, its processes, and how others get in."""

import functools
import grp
import json
import os
import pathlib
import pwd
import shutil
import subprocess

import cgroups
import network
import store
import template
from store import Failure

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SYSTEMCTL = pathlib.Path(__file__).with_name("systemctl.sh")


class VM:
    def __init__(self, name):
        store.check_name(name)
        self.name = name
        self.directory = store.HOME / name
        self.agent_group = "_agent-" + name
        if not (self.directory / "lima.yaml").exists():
            raise Failure(f"instance `{name}` does not exist, run `limactl create {name}` to create a new instance")

    @functools.cached_property
    def template(self):
        return json.loads((self.directory / "lima.yaml").read_text())

    def agent(self):
        """The process that started the VM and waits for its end."""
        return next(iter(cgroups.processes(self.agent_group)), None)

    def first(self):
        """The VM's first process, as the host numbers it."""
        try:
            pid = int((self.directory / "driver.pid").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return pid if pid in cgroups.processes(self.name) else None

    def status(self):
        return "Running" if self.agent() and self.first() else "Stopped"

    def uid(self):
        return os.stat(self.directory / "disk" / template.HOME[1:]).st_uid

    def enters(self, command, user=None):
        """The words that run COMMAND in the VM, as its root or as its user."""
        become = ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--"] if user else []
        namespaces = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup")
        return ["nsenter", "--target", str(self.first()), *namespaces, "--", *become, *command]

    def environment(self, user="root", home="/root"):
        own = {key: str(value) for key, value in (self.template.get("env") or {}).items()}
        return {"PATH": PATH, "HOME": home, "USER": user, "LOGNAME": user, "SHELL": "/bin/bash", "LANG": "C.UTF-8", **own}

    def script(self, text, user=None, output=subprocess.DEVNULL):
        """Runs a script in the VM as a file of its own, which needs no #! line to be one."""
        home = template.HOME if user else "/root"
        environment = self.environment(user or "root", home)
        environment.update({f"PARAM_{key}": str(value) for key, value in (self.template.get("param") or {}).items()})
        environment.update({"LIMA_CIDATA_NAME": self.name, "LIMA_CIDATA_USER": template.USER, "LIMA_CIDATA_UID": str(self.uid()),
                            "LIMA_CIDATA_HOME": template.HOME})
        text = template.expand(text, self.name, self.template, self.uid())
        run = 'cd && f=$(mktemp) && trap "rm -f $f" EXIT && cat >"$f" && chmod 700 "$f" && "$f" </dev/null'
        return subprocess.run(self.enters(["bash", "-c", run], user), input=text.encode(), stdout=output, stderr=output, env=environment,
                              preexec_fn=lambda: cgroups.join(self.name), start_new_session=True).returncode


def create(name, loaded):
    """The lock is held. A VM is there whole or not at all."""
    new = store.HOME / f".new-{name}"
    new.mkdir()
    lay_out(new, name)
    # JSON is YAML, and read faster.
    (new / "lima.yaml").write_text(json.dumps(loaded, indent=2) + "\n")
    network.lease(name)
    new.rename(store.HOME / name)


def lay_out(directory, name):
    """The disk. /usr and /etc are the host's under layers of the VM's own, the rest begins empty; see README.md."""
    disk, usr, etc = directory / "disk", directory / "layers/usr/upper", directory / "layers/etc/upper"
    for part in ("usr", "etc"):
        for layer in ("upper", "work"):
            (directory / "layers" / part / layer).mkdir(parents=True)
    for path, mode in (("usr", 0o755), ("etc", 0o755), ("dev", 0o755), ("proc", 0o755), ("sys", 0o755), ("run", 0o755), ("home", 0o755),
                       ("mnt", 0o755), ("opt", 0o755), ("srv", 0o755), ("root", 0o700), ("tmp", 0o1777), ("var/tmp", 0o1777),
                       ("var/lib/containerd", 0o755), ("var/lib/cni", 0o755), ("var/log", 0o755), ("var/cache", 0o755), ("var/spool", 0o755)):
        (disk / path).mkdir(parents=True)
        (disk / path).chmod(mode)
    (disk / "var/run").symlink_to("/run")
    for link in pathlib.Path("/").iterdir():
        if link.is_symlink() and link.name.startswith(("bin", "sbin", "lib")):
            (disk / link.name).symlink_to(os.readlink(link))

    for path in ("containerd", "cni", "cron.d", "profile.d", "sudoers.d"):
        (etc / path).mkdir()
        # Nothing of the host's shows through.
        os.setxattr(etc / path, "trusted.overlay.opaque", b"y")
    uid = add_user(etc)
    home = disk / template.HOME[1:]
    home.mkdir(parents=True)
    os.chown(home, uid, uid)
    files = {
        "hostname": f"{store.hostname(name)}\n",
        "hosts": f"127.0.0.1 localhost\n127.0.1.1 {store.hostname(name)}\n::1 localhost ip6-localhost\n",
        "resolv.conf": f"nameserver {network.GATEWAY}\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n",
        "environment": f'PATH="{PATH}"\n',
        "profile": f'PATH="{PATH}"\nexport PATH\nfor file in /etc/profile.d/*.sh; do [ ! -r "$file" ] || . "$file"; done\nunset file\n',
        "sudoers": f'Defaults env_reset, secure_path="{PATH}"\nroot ALL=(ALL:ALL) ALL\n{template.USER} ALL=(ALL) NOPASSWD:ALL\n',
        "containerd/config.toml": 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n',
    }
    for path, text in files.items():
        (etc / path).write_text(text)
    (etc / "sudoers").chmod(0o440)
    (usr / "local/bin").mkdir(parents=True)
    shutil.copy(SYSTEMCTL, usr / "local/bin/systemctl")


def add_user(etc):
    taken = {entry.pw_uid for entry in pwd.getpwall()} | {entry.gr_gid for entry in grp.getgrall()}
    uid = next(uid for uid in range(1000, 60000) if uid not in taken)
    lines = {
        "passwd": f"{template.USER}:x:{uid}:{uid}::{template.HOME}:/bin/bash",
        "group": f"{template.USER}:x:{uid}:",
        "shadow": f"{template.USER}:*:19000:0:99999:7:::",
    }
    for file, line in lines.items():
        own = [entry for entry in pathlib.Path("/etc", file).read_text().splitlines() if not entry.startswith(template.USER + ":")]
        (etc / file).write_text("\n".join([*own, line]) + "\n")
        shutil.copymode(pathlib.Path("/etc", file), etc / file)
    return uid
