# shellcheck shell=bash
# Bad input: one precise line on stderr, the right exit code, and nothing changed.
check "the daemon starts" start_warren

# refused CODE PATTERN ARGUMENT...
refused() {
  local code=$1 pattern=$2 actual=0
  shift 2
  warren "$@" >"$MACHINE/stdout" 2>"$MACHINE/stderr" || actual=$?
  equal "$actual" "$code" || { cat "$MACHINE/stderr"; return 1; }
  grep -qiE -- "$pattern" "$MACHINE/stderr" || { echo "stderr has no '$pattern':"; cat "$MACHINE/stderr"; return 1; }
}

check "an image that is no reference" refused 2 'UPPER' service create a --image 'UPPER:::' --detach
check "negative replicas" refused 2 'replicas' service create a --image web --replicas=-1 --detach
check "a name that is no DNS label" refused 2 'name' service create 'a_b!' --image web --detach
check "a port out of range" refused 2 '70000' service create a --image web --publish 70000:80 --detach
check "memory below 4 MiB" refused 2 '4 ?MiB' service create a --image web --memory 1MiB --detach
check "an environment entry without =" refused 2 'FOO' service create a --image web --env FOO --detach
check "an unknown constraint" refused 2 'node.color' service create a --image web --constraint node.color==red --detach
check "an unknown flag" refused 2 'bogus' service create a --image web --bogus
check "a service that is not there" refused 3 'nope' service inspect nope
check "a daemon that is not there" refused 5 'nowhere' service list --socket /run/nowhere.sock
nothing() { equal "$(warren service list)" "No services found"; }
check "nothing was created" nothing

check "a service" warren service create Web --image web:demo --replicas 0
check "its name in other letters" refused 4 'web' service create wEB --image web:demo --replicas 0
missing() { grep -qiE 'connect|refused|resolve|network|dial' <<<"$(warren service ps lost)"; }
check "an image that no registry has: created" warren service create lost --image 127.0.0.1:5999/none:1 --detach
check "its task says why, in words" eventually 20 missing
check "it can be deleted while it retries" warren service delete lost
check "the daemon is still there" warren service list
