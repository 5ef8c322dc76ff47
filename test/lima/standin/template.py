"""Reads a template. Stricter than Lima, which only warns about keys that it does not know."""

import pathlib
import re

from store import Failure, hostname, log

# What a VM has and a stand-in does not: allowed, and said once.
IGNORED = ("images", "vmType", "vmOpts", "arch", "disk", "firmware", "portForwards", "mountType")
USED = ("minimumLimaVersion", "cpus", "memory", "mounts", "networks", "containerd", "provision", "probes", "message", "env", "param")
# The version of Lima whose behaviour this has.
LIKE = (2, 2, 0)
USER, HOME = "lima", "/home/lima.guest"


def load(path, changes=()):
    # Here because it is slow to load, and most commands read no template.
    import yaml

    try:
        text = pathlib.Path(path).read_text()
    except OSError as error:
        raise Failure(f"open {path}: {error.strerror.lower()}")
    try:
        template = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Failure(f"{path}: {' '.join(str(error).split())}")
    if not isinstance(template, dict):
        raise Failure(f"{path}: not a template: it has no keys")
    for change in changes:
        for assignment in change.split(" | "):
            assign(template, assignment, yaml.safe_load)
    check(template, path)
    return template


def assign(template, assignment, parse):
    """`.a.b[0].c = VALUE`, of all that yq knows."""
    match = re.fullmatch(r"\s*((?:\.\w+|\[\d+\])+)\s*=\s*(.+?)\s*", assignment, re.DOTALL)
    if not match:
        raise Failure(f"--set {assignment}: the stand-in knows only .key[0].key = value, joined by ' | '")
    steps = [int(step[1:-1]) if step[0] == "[" else step[1:] for step in re.findall(r"\.\w+|\[\d+\]", match[1])]
    place = template
    try:
        for step in steps[:-1]:
            place = place[step] if isinstance(step, int) else place.setdefault(step, {})
        place[steps[-1]] = parse(match[2])
    except (IndexError, KeyError, TypeError, AttributeError, ValueError):
        raise Failure(f"--set {assignment}: the template has no such place, or it is not a value")


def check(template, path):
    def fail(what):
        raise Failure(f"{path}: {what}")

    def keys(value, where, allowed, needed=()):
        if not isinstance(value, dict):
            fail(f"{where}: must be a map")
        for key in value:
            if key not in allowed:
                fail(f"{where}: unknown key '{key}'" if where else f"unknown key '{key}'")
        for key in needed:
            if not isinstance(value.get(key), str):
                fail(f"{where}: needs '{key}'")

    def items(key, allowed, needed):
        value = template.get(key) or []
        if not isinstance(value, list):
            fail(f"{key}: must be a list")
        for number, item in enumerate(value):
            keys(item, f"{key}[{number}]", allowed, needed)
        return enumerate(value)

    keys(template, "", IGNORED + USED)
    minimum = str(template.get("minimumLimaVersion", "0"))
    if not re.fullmatch(r"\d+(\.\d+){0,2}", minimum):
        fail(f"minimumLimaVersion: {minimum} is not a version")
    if tuple(map(int, minimum.split("."))) > LIKE:
        fail(f"the template requires Lima {minimum} or later; the stand-in behaves like {'.'.join(map(str, LIKE))}")
    if not isinstance(template.get("cpus", 1), int) or template.get("cpus", 1) < 1:
        fail("cpus: must be a positive number")
    size(template.get("memory", "4GiB"), lambda: fail(f"memory: '{template['memory']}' is not a size"))
    for number, mount in items("mounts", ("location", "mountPoint", "writable"), ("location",)):
        if not isinstance(mount.get("writable", False), bool):
            fail(f"mounts[{number}].writable: must be true or false")
        point = mount.get("mountPoint", mount["location"])
        if not point.startswith(("/", "~", "{{")) or point in ("/", "/bin", "/dev", "/etc", "/home", "/opt", "/sbin", "/tmp", "/usr", "/var"):
            fail(f"mounts[{number}].mountPoint: '{point}' must be an absolute path and no system directory")
    if template.get("networks") != [{"lima": "user-v2"}]:
        fail("networks: the stand-in has one network, and needs it named: [{lima: user-v2}]")
    keys(template.get("containerd") or {}, "containerd", ("system", "user"))
    if (template.get("containerd") or {}).get("user"):
        fail("containerd.user: the stand-in has no rootless containerd")
    for number, step in items("provision", ("mode", "script"), ("mode", "script")):
        if step["mode"] not in ("system", "user"):
            fail(f"provision[{number}].mode: the stand-in knows system and user")
    for number, probe in items("probes", ("mode", "script", "description", "hint"), ("script",)):
        if probe.get("mode", "readiness") != "readiness":
            fail(f"probes[{number}].mode: must be readiness")
        if not probe["script"].startswith("#!"):
            fail(f"probes[{number}].script: must start with a '#!' line")
    for key in ("env", "param"):
        keys(template.get(key) or {}, key, template.get(key) or {})


def warn(template):
    for key in IGNORED:
        if key in template:
            log("warning", f"'{key}' is ignored by the stand-in")


def size(value, fail):
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", str(value))
    if not match:
        fail()
    return int(float(match[1]) * 1024 ** " KMGT".index(match[2] or " "))


def memory(template):
    return size(template.get("memory", "4GiB"), None)


def expand(text, name, template, uid, home=HOME):
    """Template variables of a script or a path."""
    values = {"Name": name, "Hostname": hostname(name), "User": USER, "UID": str(uid), "Home": home}
    values.update({f"Param.{key}": str(value) for key, value in (template.get("param") or {}).items()})

    def value(match):
        if match[1] not in values:
            raise Failure(f"the stand-in knows no template variable {{{{.{match[1]}}}}}")
        return values[match[1]]

    return re.sub(r"\{\{\s*\.([\w.]+)\s*\}\}", value, text)
