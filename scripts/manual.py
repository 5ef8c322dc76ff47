#!/usr/bin/env python3
"""manual.py BINARY: prints warren(1), made from the command tree that the binary itself describes, so that the two cannot differ."""
import json
import subprocess
import sys


def escape(text):
    return text.replace("\\", "\\e").replace("-", "\\-").replace("\n.", "\n\\&.")


def argument(entry):
    names = [("--" if n["kind"] == "long" else "-") + n["name"] for n in entry.get("names", [])]
    value = entry.get("valueName", "")
    head = ", ".join(names) or f"<{value}>"
    if entry["kind"] == "option":
        head += f" <{value}>"
    text = entry.get("abstract", "") + (" " + entry["discussion"] if entry.get("discussion") else "")
    if entry.get("defaultValue"):
        text += f" (default: {entry['defaultValue']})"
    return f".TP\n\\fB{escape(head)}\\fR\n{escape(text)}\n"


def command(entry, path):
    path = path + [entry["commandName"]]
    shown = [a for a in entry.get("arguments", []) if a.get("shouldDisplay", True) and a.get("valueName") not in ("help", "version")]
    children = [c for c in entry.get("subcommands", []) if c["commandName"] != "help" and c.get("shouldDisplay", True)]
    out = ""
    if len(path) > 1:
        out += f".SS {escape(' '.join(path))}\n{escape(entry.get('abstract', ''))}\n"
        if entry.get("discussion"):
            out += f".PP\n.nf\n{escape(entry['discussion'])}\n.fi\n"
        out += "".join(argument(a) for a in shown)
    return out + "".join(command(c, path) for c in children)


root = json.loads(subprocess.run([sys.argv[1], "--experimental-dump-help"], check=True, capture_output=True, text=True).stdout)["command"]
version = subprocess.run([sys.argv[1], "version"], check=True, capture_output=True, text=True).stdout.strip()
print(f'.TH WARREN 1 "" "{version}" "User Commands"')
print(".SH NAME\nwarren \\- " + escape(root.get("abstract", "")))
print(".SH SYNOPSIS\n\\fBwarren\\fR <noun> <verb> [options]")
print(".SH COMMANDS\n" + command(root, []), end="")
print(".SH EXIT STATUS\n0 fine, 1 failed, 2 usage, 3 not found, 4 conflict, 5 unavailable, 6 timed out, 7 denied; of exec, that of the command.")
print(""".SH ENVIRONMENT
.TP
.B WARREN_SOCKET
Socket of the daemon that commands talk to, as with \\-\\-socket.
.TP
.B WARREN_MANAGER
API address of a daemon on this host, as with \\-\\-manager.
.TP
.B WARREN_LOG_LEVEL
What the daemon logs, as with \\-\\-log\\-level.
.SH FILES
.TP
.I /var/lib/warren
Everything a node must not forget (\\-\\-data\\-dir).
.TP
.I /run/warren/warren.sock
The daemon's socket (\\-\\-socket).
.SH SEE ALSO
.BR containerd (8),
.BR nft (8)""")
