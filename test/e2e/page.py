#!/usr/bin/env python3
"""Whether a page of docs/ tells what really happens.

  page.py run PAGE TRANSCRIPT      runs each command of the page on this machine, in order, and compares what it prints
  page.py mutants PAGE TRANSCRIPT  makes every word of every line wrong, one by one: each has to be noticed
  page.py options PAGE             whether the options and commands that the page names exist, and whether the defaults in its tables are true

A fenced block with lines that begin with "$ " is commands and what they print. `<!-- run: COMMAND -->` outside of blocks is run unseen and has to
succeed. NODES in the environment: the names of machines that the page may speak of.

A command whose page says "error:" has to fail, every other to succeed. Its lines have to be equal, except for:
  * ids, addresses (but 127.*) and names of nodes: any of their kind; the same id twice has to be the same id twice;
  * in tables: spaces between cells; durations under SINCE and AGE; how many restarts under RESTARTS, if any;
  * `web.1: preparing` and the like: a wait looks five times a second and may miss it, so a page may have it or not. With a reason behind it
    (`web.1: preparing: pulling`) it may be missing on the page, but what the page has must really come, wherever in the output;
  * `web: 1/3 updated`: for the same reason only the last before any other line has to be equal. The page's have to be of the same service, of as
    many, ascending.
Commands that only look may take LOOKS seconds until they see what the page says.
"""
import json
import os
import re
import subprocess
import sys
import time

LOOKS = 10
LOOKING = re.compile(r"^(warren (service|task|node|volume|image) (ps|list|history|inspect|logs)|curl)\b")
ID = re.compile(r"\b[a-z0-9]{20}\b")
ADDRESS = re.compile(r"(?<![\w.])(?!127\.)\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
DURATION = re.compile(r"^(\d+(ms|s|m|h|d))+$")
HEADER = re.compile(r"^[A-Z]+( [A-Z]+)*( {2,}[A-Z]+( [A-Z]+)*)+$")
PASSING = re.compile(r"^\S+\.\S+: (assigned|preparing|starting|stopping|running \((not ready|standby)\))(: .*)?$")
COUNT = re.compile(r"^(\S+): (\d+)/(\d+) ([a-z ]+)$")
NODES = re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, os.environ.get("NODES", "").split())) + r")(?![\w-])") if os.environ.get("NODES") else None


def steps(page):
    """Each command with the lines below it, None for one that is run unseen, and the number of the first of these."""
    found, block, first = [], None, 0
    for number, line in enumerate(page.splitlines(), 1):
        hidden = re.match(r"^<!-- run: (.*) -->$", line)
        if line.startswith("```"):
            block = [] if block is None else None
        elif block is None and hidden:
            found.append((hidden[1], None, number))
        elif block is not None and line.startswith("$ "):
            block = [line[2:], [], number]
            found.append(tuple(block))
        elif block and block[1] == [] and block[0].endswith("\\"):
            found.pop()
            block = [block[0][:-1].rstrip() + " " + line.strip(), [], number]
            found.append(tuple(block))
        elif block:
            block[1].append(line)
    for _, lines, _ in found:
        while lines and not lines[-1].strip():
            lines.pop()
    return found


class Printed:
    """What a command printed, or is said to print, without what may differ."""

    def __init__(self, lines):
        self.lines, self.reasons, self.complaints, self.ids = [], [], [], {}
        columns, counts = None, []
        for line in lines:
            if HEADER.match(line):
                columns = [(m.start(), m[0]) for m in re.finditer(r"[A-Z]+( [A-Z]+)*", line)]
            elif not line.strip():
                columns = None
            elif columns:
                self.lines.append(self.row(line, columns))
                continue
            passing, count = PASSING.match(line), COUNT.match(line)
            if passing:
                if passing[2]:
                    self.reasons.append(self.words(line))
                continue
            if not count:
                self.lines.append([name for _, name in columns] if columns else self.words(line))
                counts = []
                continue
            number, of = int(count[2]), int(count[3])
            if number > of or counts and number < counts[-1]:
                self.complaints.append(f"{line} cannot be after {counts[-1:]}")
            shown = f"{count[1]}: %s/{of} {count[4]}"
            if counts:
                if self.lines[-1] == shown % counts[-1]:
                    self.lines.pop()
                else:
                    self.complaints.append(f"{line} is of another kind than the line before")
            counts.append(number)
            self.lines.append(shown % number)

    def words(self, text):
        text = ID.sub(lambda m: f"<id {self.ids.setdefault(m[0], len(self.ids) + 1)}>", text)
        text = ADDRESS.sub("<address>", text)
        return NODES.sub("<node>", text) if NODES else text

    def row(self, line, columns):
        cells = []
        for (start, name), (end, _) in zip(columns, columns[1:] + [(None, "")]):
            cell = line[start:end].strip()
            if start and line[start - 1 : start] not in ("", " "):
                cell = "<not below its header> " + cell
            if name in ("SINCE", "AGE"):
                cell = DURATION.sub("<duration>", cell)
            elif name == "RESTARTS" and re.match(r"^[1-9]\d*$", cell):
                cell = "<some>"
            cells.append(self.words(cell))
        return cells


def differences(said, printed, code):
    """Nothing if what a page says is what was printed."""
    is_error = any(line.startswith("error: ") for line in said)
    if is_error != (code != 0):
        return [f"it ended with exit code {code}"]
    page, real = Printed(said), Printed(printed)
    missing = [reason for reason in page.reasons if reason not in real.reasons]
    found = page.complaints + [f"never came: {reason}" for reason in missing]
    for index in range(max(len(page.lines), len(real.lines))):
        left, right = page.lines[index : index + 1], real.lines[index : index + 1]
        if left != right:
            return found + [f"page: {left[0] if left else '(nothing)'}", f"real: {right[0] if right else '(nothing)'}"]
    return found


def perform(command):
    done = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.splitlines(), done.returncode


def run(page, transcript):
    taken, wrong = [], 0
    for command, said, number in steps(page):
        deadline = time.monotonic() + LOOKS
        while True:
            printed, code = perform(command)
            found = differences(said, printed, code) if said is not None else [f"exit code {code}"] if code else []
            if not found or not LOOKING.match(command) or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        print(f"{'FAIL' if found else 'ok  '} line {number}: $ {command}")
        if found:
            wrong += 1
            print("".join(f"       {line}\n" for line in found + ["all of it:"] + printed), end="")
        taken.append([command, printed, code])
    with open(transcript, "w") as file:
        json.dump(taken, file)
    print(f"{len(taken)} commands, {wrong} not as the page says")
    return wrong == 0 and taken != []


def mutants(page, transcript):
    with open(transcript) as file:
        taken = json.load(file)
    made = 0
    missed = []
    for (command, said, _), (_, printed, code) in zip(steps(page), taken):
        if said and differences(said, printed, code):
            missed.append(f"{command}: is not as the page says to begin with")
        for index, line in enumerate(said or []):
            for word in re.finditer(r"\S+", line):
                mutant = said[:index] + [line[: word.end()] + "x" + line[word.end() :]] + said[index + 1 :]
                made += 1
                if not differences(mutant, printed, code):
                    missed.append(f"{command}: {mutant[index]}")
            if PASSING.match(line) or COUNT.match(line) or not line.strip():
                continue
            made += 1
            if not differences(said[:index] + said[index + 1 :], printed, code):
                missed.append(f"{command}: without {line}")
    print("\n".join(missed + [f"{made} mutants, {len(missed)} not noticed"]))
    return not missed and made > 0


def tree(entry, path=""):
    """Each command with its options, and what its help says of each."""
    path = f"{path} {entry['commandName']}".strip()
    options = {}
    for argument in entry.get("arguments", []):
        for name in argument.get("names", []):
            if name["kind"] == "long":
                options[name["name"]] = argument.get("abstract", "") + (f" (default: {argument['defaultValue']})" if "defaultValue" in argument else "")
    found = {path: options}
    for child in entry.get("subcommands", []):
        found.update(tree(child, path))
    return found


def options(page):
    dump = subprocess.run(["warren", "--experimental-dump-help"], check=True, capture_output=True, text=True).stdout
    commands = tree(json.loads(dump)["command"])
    update = commands["warren service update"]
    known = {name for names in commands.values() for name in names}
    wrong, rows, named = [], 0, 0
    prose = re.sub(r"(?ms)^```.*?^```$", "", page)
    for cells in re.findall(r"(?m)^\|(.*)\|$", prose):
        cells = [cell.strip() for cell in cells.split("|")]
        option = re.match(r"^`--([a-z-]+)`$", cells[0])
        if not option:
            continue
        rows += 1
        if option[1] not in update:
            wrong.append(f"service update has no --{option[1]}")
            continue
        default = re.search(r"\(default: ([^;)]*)", update[option[1]])
        if not default or default[1] != cells[1].strip("`"):
            wrong.append(f"--{option[1]}: the page says '{cells[1]}', the help '{default[1] if default else 'nothing'}'")
    for code in re.findall(r"`([^`]+)`", re.sub(r"(?m)^\|[^|]*\|[^|]*\|", "", prose)):
        code = " ".join(code.split())
        for option in re.findall(r"(?<![\w-])--([a-z][a-z-]*)", code):
            named += 1
            if not (any(name.startswith(option) for name in known) if option.endswith("-") else option in known):
                wrong.append(f"there is no --{option}")
        command = re.match(r"^warren( [a-z-]+)+", code)
        if command:
            named += 1
            words = command[0].split()
            if not any(" ".join(words[:count]) in commands and not any(name.startswith(" ".join(words[:count]) + " ") for name in commands)
                       for count in range(2, len(words) + 1)):
                wrong.append(f"there is no command {command[0]}")
    print("\n".join(wrong + [f"{rows} options in tables and {named} in the text, {len(wrong)} not as the page says"]))
    return not wrong and rows > 0


with open(sys.argv[2]) as opened:
    text = opened.read()
parts = {"run": run, "mutants": mutants, "options": options}
sys.exit(0 if parts[sys.argv[1]](text, *sys.argv[3:]) else 1)
