# shellcheck shell=bash
# What the person at the terminal meets: interruptions, pipes, terminals, a second daemon, an unwell machine.
check "the daemon starts" start_warren
check "an image loads" warren image load "$MACHINE/web.tar"
check "a service" warren service create web --image web:demo --publish 8088:80 --stop-timeout 1s

# code CODE COMMAND...: its exit code is that.
code() {
  local want=$1 actual=0
  shift
  "$@" || actual=$?
  equal "$actual" "$want"
}

# What only one daemon can have is refused before anything is made.
second() { in_machine "$WARREN" cluster init --data-dir "$MACHINE/second" --socket /run/second.sock --metrics-addr off "$@"; }
check "a second daemon on the same bridge is refused" code 1 second
check "and on the same socket" code 1 second --bridge other --socket /run/warren/warren.sock
nothing_made() { [ ! -e "$MACHINE/second" ]; }
check "and left nothing" nothing_made
mkdir -m 755 "$MACHINE/photos" && touch "$MACHINE/photos/one"
check "a directory of something else is not taken" code 1 second --bridge other --data-dir "$MACHINE/photos"
untouched() { equal "$(stat -c %a "$MACHINE/photos"; ls "$MACHINE/photos")" $'755\none'; }
check "and stays as it was" untouched

# interrupted: Ctrl-C as soon as it waits.
interrupted() {
  local waiter
  in_machine env --default-signal=INT "$WARREN" service create lost --image 127.0.0.1:5999/none:1 >"$MACHINE/interrupted" 2>&1 &
  waiter=$!
  eventually 30 grep -q 'lost: 0/1' "$MACHINE/interrupted" || return 1
  # shellcheck disable=SC2046 # one word per process
  in_machine kill -INT $(in_machine ps -eo pid=,args= | awk '$2 ~ /warren$/ && /service create lost/ { print $1 }') || return 1
  wait "$waiter"
}
check "Ctrl-C while waiting" code 130 interrupted
check "says what goes on" grep -q 'stays as declared' "$MACHINE/interrupted"
check "the service it waited for is there" warren service delete lost

# Nothing happens meanwhile: it must not take another line to notice.
one_line() { equal "$(in_machine timeout 60 "$WARREN" events -f | head -1 | wc -l; echo "${PIPESTATUS[*]}")" $'1\n0 0 0'; }
check "a reader that goes away ends a stream quietly" one_line
head -c 20000000 /dev/urandom >"$MACHINE/blob"
through() { equal "$(warren service exec -i web -- cat <"$MACHINE/blob" | sha256sum)" "$(sha256sum <"$MACHINE/blob")"; }
check "20 MB go through exec and back" through

cat >"$MACHINE/terminal.py" <<'PY'
import fcntl, os, pty, select, struct, sys, termios, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "service", "exec", "-it", "web", "--", "sh"])
def resize(rows, columns): fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
seen = b""
def wait_for(text):
    global seen
    limit = time.time() + 60
    while text not in seen:
        if time.time() > limit: sys.exit(f"no {text!r} in {seen!r}")
        if select.select([terminal], [], [], 1)[0]: seen += os.read(terminal, 65536)
def ask(line, answer):
    global seen
    seen = b""
    os.write(terminal, line + b"\n")
    wait_for(answer)
wait_for(b"# ")
resize(40, 120)
# The new size travels on its own: ask until it is there.
ask(b"until [ \"$(busybox stty size)\" = '40 120' ]; do :; done; echo si''ze", b"size")
ask(b"echo sta''rted; sleep 1000", b"started")
os.write(terminal, b"\x03")
wait_for(b"^C")
os.write(terminal, b"exit 9\n")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
check "a terminal: its size follows, Ctrl-C reaches the command, its exit code comes back" \
  code 9 in_machine python3 "$MACHINE/terminal.py" "$WARREN"

warren service delete web >/dev/null 2>&1

page() { in_machine curl -sS -o /dev/null -w '%{http_code}' "http://127.0.0.1:9090/$1"; }
answers() { equal "$(page "$1")" "$2"; }
check "/ready" answers ready 200
in_machine kill -STOP "$(pids_of containerd)"
check "/ready while containerd hangs" answers ready 503
check "/health too" answers health 503
check "/live all the same" answers live 200
in_machine kill -CONT "$(pids_of containerd)"
check "/ready when it is back" eventually 20 answers ready 200

check "doctor passes" warren doctor --cni-subnet 10.99.0.0/24
# shellcheck disable=SC2016 # expanded in the machine
in_machine sh -c 'for program in runc crun; do for file in $(which -a $program); do mount --bind /dev/null "$file"; done; done'
check "doctor fails without runc" code 1 warren doctor --cni-subnet 10.99.0.0/24
advised() { grep -q 'apt-get install runc' <<<"$(warren doctor)"; }
check "and says what to install" advised

in_machine kill -TERM "$(pids_of warren)"
stopped() { [ -z "$(pids_of warren)" ]; }
check "SIGTERM stops the daemon" eventually 20 stopped
check "no daemon" code 5 warren service list
