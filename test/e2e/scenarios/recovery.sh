# shellcheck shell=bash
# Three managers and two workers: a backup under load, all managers burnt, the cluster restored on a new machine with another name; then most
# managers lost for ever, the survivor recovered with a new address, and those of before that come back. What runs on the workers never notices.
machine_power_off
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
fleet_up h1 h2 h3 h4 h5 h6 h7
workers_run() { runs h4 && runs h5; }
is() { equal "$(w "$1" service list | awk -v name="$2" '$1 == name { print $2 }')" "$3"; }
ready() { equal "$(w "$1" node list | awk '$3 == "ready"' | wc -l)" "$2"; }
voters() { equal "$(w "$1" cluster info | grep -c 'Suffrage: Voter')" "$2"; }
# refuses PATTERN COMMAND...: says so in one line, and exits with an error.
refuses() {
  local pattern=$1
  shift
  if "$@" 2>"$log/refused"; then cat "$log/refused"; return 1; fi
  { grep -q "$pattern" "$log/refused" && equal "$(wc -l <"$log/refused")" 1; } || { cat "$log/refused"; return 1; }
}
# unchanged COMMAND...: it leaves every file of h6's data directory as it is.
unchanged() {
  local before
  before=$(files)
  "$@" || return 1
  equal "$(files)" "$before"
}
files() { on h6 sh -c 'find /var/lib/warren -type f ! -name "*.lock" -exec sha256sum {} + 2>/dev/null | sort'; }
# What ran before runs on, whatever else does.
untouched() { equal "$(workers_run | grep -c -F "$before")" "$(wc -l <<<"$before")"; }
as_before() { equal "$(workers_run)" "$before"; }
# is_fenced HOST: what a manager of before says when it is started, and that it ends by itself.
is_fenced() {
  on "$1" timeout 60 "$WARREN" start >"$log/$1.out" 2>"$log/$1.fenced" && return 1
  grep -q 'error: the cluster was recovered or restored without this manager' "$log/$1.fenced" || { tail -3 "$log/$1.fenced"; return 1; }
}

check "a cluster begins" starts h1 cluster init --node-id m1 --manager-only
manager_token=$(w h1 cluster join-token manager -q) worker_token=$(w h1 cluster join-token worker -q)
for n in 2 3; do check "a manager joins" starts h$n manager join --leader h1:8080 --token "$manager_token" --node-id m$n --manager-only; done
for n in 4 5; do
  check "a worker joins" starts h$n worker start --manager h1:8080 --token "$worker_token" --node-id w$n --cni-subnet 10.99.0.0/24
  c h$n images import "$MACHINE/web.tar" >/dev/null
done
check "three vote" eventually 20 voters h1 3
check "a service" w h1 service create web --image web:demo --replicas 4 --stop-timeout 1s --timeout 120s
before=$(workers_run)

echo "  -- a backup under load"
(
  number=0
  while [ ! -e "$log/enough" ]; do
    number=$((number + 1))
    w h3 service create "load-$number" --image web:demo --replicas 0 --detach >/dev/null && echo "load-$number"
  done
) >"$log/created" &
load=$!
check "services are being made" eventually 20 grep -q load-3 "$log/created"
cp "$log/created" "$log/created-before"
check "any manager makes it" w h2 cluster backup "$log/backup"
sleep 1
touch "$log/enough"
wait "$load"
check "nobody else can read it" equal "$(stat -c %a "$log/backup")" 600
sum=$(sha256sum "$log/backup")
check "it is not overwritten" refuses 'is there already' w h2 cluster backup "$log/backup"
check "and is as it was" equal "$(sha256sum "$log/backup")" "$sum"
echo secret >"$log/password"
seal() { openssl enc -aes-256-cbc -pbkdf2 -pass "file:$log/password" "$@"; }
sealed() { w h2 cluster backup - | seal >"$log/backup.enc"; }
check "another one is encrypted on its way" sealed
on h2 sh -c 'mkdir /run/small && mount -t tmpfs -o size=64k tmpfs /run/small && cat /dev/zero >/run/small/other' 2>/dev/null || true
full() { refuses 'No space left' w h2 cluster backup /run/small/backup && equal "$(on h2 ls -A /run/small)" other; }
check "a full disk is named, and nothing is left of it" full
check "a service that the backup does not know" w h1 service create late --image web:demo --replicas 2 --stop-timeout 1s --timeout 120s
check "a worker that it does not know" starts h7 worker start --manager h1:8080 --token "$worker_token" --node-id w7 --cni-subnet 10.99.0.0/24
c h7 images import "$MACHINE/web.tar" >/dev/null
check "which runs something" w h1 service scale late --replicas 4 --timeout 120s
late=$(runs h7)

echo "  -- all managers burn"
for host in h1 h2 h3; do fleet_power_off $host; done
check "what is no backup is refused" unchanged refuses 'is no backup' w h6 cluster restore /etc/hostname
head -c 1000 "$log/backup" >"$log/short"
check "so is a part of one" unchanged refuses 'cut short after 1000 bytes' w h6 cluster restore "$log/short"
LC_ALL=C sed 's/load-1/load-7/' "$log/backup" >"$log/changed"
check "and one that was changed" unchanged refuses 'its checksum is not' w h6 cluster restore "$log/changed"
check "nothing is made where a worker lives" refuses 'worker of cluster' w h4 cluster restore "$log/backup"
unsealed() { seal -d <"$log/backup.enc" | w h6 cluster restore - --data-dir /var/lib/warren/elsewhere --node-id m6 --manager-only; }
check "the encrypted one can be restored" unsealed
on h6 rm -r /var/lib/warren/elsewhere
# A worker that is started again on a busy machine is not to be missed.
check "the cluster is restored on another machine" w h6 cluster restore "$log/backup" --node-id m6 --manager-only --node-down 60s
check "once" unchanged refuses 'holds a manager already' w h6 cluster restore "$log/backup" --node-id m6 --manager-only
check "and starts" starts h6 start
check "containers run on" untouched
has_all() { [ "$(sort "$log/created-before" <(w h6 service list | awk '/^load-/ { print $1 }' | sort) | uniq -d | wc -l)" = "$(wc -l <"$log/created-before")" ]; }
check "what was acknowledged before the backup is there" has_all
for n in 4 5; do
  ends TERM h$n
  check "a worker is told of the new manager" starts h$n worker start --manager h6:8080
done
check "both are back, with the certificates that they have" eventually 20 ready h6 3
check "the service is as it was" eventually 20 is h6 web 4/4
check "what the backup does not know is stopped" eventually 20 as_before
check "and nothing else was touched" as_before
check "what runs on the worker that it does not know goes on" equal "$(runs h7)" "$late"
ends TERM h7
check "that forgets what it was" w h7 leave --force
check "and joins again" starts h7 worker start --manager h6:8080 --token "$worker_token" --node-id w7 --cni-subnet 10.99.0.0/24
check "it is there" eventually 20 ready h6 4
empty() { equal "$(runs "$1")" ""; }
check "what nobody knows there is removed" eventually 20 empty h7
fleet_power_off h7
check "and goes again" w h6 node remove w7 --force
rm -rf "$FLEET/$FABRIC-h1/disk/warren"
fleet_boot h1
check "a new manager joins with a token from before" starts h1 manager join --leader h6:8080 --token "$manager_token" --node-id m1 --manager-only
fleet_boot h3
check "a manager of before is told that it is none any more" is_fenced h3
check "and stays so" is_fenced h3
check "its machine joins anew" starts h3 manager join --leader h1:8080 --token "$manager_token" --node-id m3 --manager-only
check "three vote again" eventually 20 voters h6 3
check "the service is scaled" w h3 service scale web --replicas 6 --timeout 120s
before=$(workers_run)

echo "  -- two of three are lost for ever"
w h1 service create kept --image web:demo --replicas 0 --detach >/dev/null
for host in h1 h3; do fleet_power_off $host; done
check "nothing can be changed" refuses 'm1 (' w h6 service create x --image x --replicas 0 --detach
says_who() { equal "$(w h6 cluster info --stale | grep -c 'Status: not heard of')" 2; }
check "who is missing is said" eventually 10 says_who
check "no backup shows what nobody agrees on" refuses 'm1 (' w h6 cluster backup "$log/stale"
check "but for one who says so" w h6 cluster backup --stale "$log/stale"
check "a manager that runs is not recovered" refuses 'in use' w h6 cluster recover --yes
check "nor is a worker" refuses 'a worker of cluster' w h4 cluster recover --yes
ends TERM h6
is_told() { w h6 cluster recover --api-addr h6:8090 | grep -q "Nothing was changed"; }
check "what recovering would do" unchanged is_told
fleet_boot h3
launches h3 start
listens() { on h3 sh -c 'grep -q ":1F0A .* 0A " /proc/net/tcp /proc/net/tcp6'; }
check "one of the two comes back" eventually 20 listens
check "then there is no need to" unchanged refuses 'answer: m3 (' w h6 cluster recover --bind-addr h6:7999 --api-addr h6:8090 --yes
fleet_power_off h3
check "the survivor is recovered, with a new address" w h6 cluster recover --bind-addr h6:7999 --api-addr h6:8090 --yes
check "and starts" starts h6 start
check "alone" voters h6 1
check "with what it had" is h6 kept 0/0
for n in 4 5; do
  ends KILL h$n
  check "a worker is told of the new address" starts h$n worker start --manager h6:8090
done
check "both are back" eventually 20 ready h6 3
ends TERM h5
check "the new address is kept" starts h5 start
check "it is back" eventually 20 ready h6 3
fleet_boot h1
fleet_boot h3
is_fenced h1 &
first=$!
check "the two that were lost come back at once, and do not lead" is_fenced h3
check "neither of them" wait "$first"
check "the cluster goes on" w h6 service create onwards --image web:demo --replicas 0 --detach
check "no container was touched" as_before
check "one joins anew" starts h1 manager join --leader h6:8090 --token "$manager_token" --node-id m1 --manager-only
check "and votes" eventually 20 voters h6 2
check "the workers know it" eventually 20 ready h6 4
check "no container was touched at all" as_before
fleet_down
