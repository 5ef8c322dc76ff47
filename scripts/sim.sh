#!/usr/bin/env bash
# Builds the simulator of Raft by itself, optimised, and runs it.
#
#   scripts/sim.sh run [options of raft-sim]   runs seeds
#   scripts/sim.sh mutants [SEEDS [PATTERN]]   shows that each bug in Tests/RaftSimulatorTests/Mutations is caught within so many seeds
#
# It has no package dependencies, so this takes a minute where a release build of everything takes ten. Checks for exclusive access
# cost more than half of the time; the tests of the debug build have them.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
targets=(Raft RaftSimulator raft-sim)

# package DIR: a package of the three targets in DIR, whose Sources are there already.
package() {
  sed -n '/^let settings/,/^$/p' Package.swift >"$1/settings"
  cat >"$1/Package.swift.new" <<EOF
// swift-tools-version: 6.2
import PackageDescription

let strict = false
$(cat "$1/settings")
let package = Package(
  name: "simulator",
  targets: [
    .target(name: "Raft", swiftSettings: settings),
    .target(name: "RaftSimulator", dependencies: ["Raft"], swiftSettings: settings),
    .executableTarget(name: "raft-sim", dependencies: ["RaftSimulator"], swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
EOF
  cmp -s "$1/Package.swift.new" "$1/Package.swift" || cp "$1/Package.swift.new" "$1/Package.swift"
}

# build DIR: builds the package and prints the path of raft-sim.
build() {
  local log="$1/build.log"
  if ! swift build --package-path "$1" -c release --product raft-sim -Xswiftc -enforce-exclusivity=unchecked >"$log" 2>&1; then
    cat "$log" >&2
    return 1
  fi
  echo "$1/.build/release/raft-sim"
}

run() {
  local dir=$root/.build/simulator
  mkdir -p "$dir/Sources"
  for target in "${targets[@]}"; do ln -sfn "$root/Sources/$target" "$dir/Sources/$target"; done
  package "$dir"
  "$(build "$dir")" "$@"
}

# All bugs are built into one copy of the sources, each behind its number, and one is switched on at a time.
mutants() {
  local seeds=${1:-500} dir=$root/.build/mutants number=0 patch name missed=0
  local -a names=('')
  rm -rf "$dir/Sources"
  mkdir -p "$dir/Sources"
  for target in "${targets[@]}"; do cp -R "Sources/$target" "$dir/Sources/$target"; done
  for target in Raft RaftSimulator; do
    cat >"$dir/Sources/$target/Mutant.swift" <<'EOF'
import Glibc

private let active = getenv("RAFT_MUTANT").flatMap { Int(String(cString: $0)) } ?? 0

func isMutant(_ number: Int) -> Bool { number == active }
EOF
  done
  for patch in Tests/RaftSimulatorTests/Mutations/*.mutation; do
    number=$((number + 1))
    names+=("$(basename "$patch" .mutation)")
    apply "$patch" "$dir" "$number"
  done
  package "$dir"
  local program
  program=$(build "$dir")
  # What is caught without a bug is not caught.
  "$program" --runs "$seeds" --until-violation | sed -n '1p;/breaks/p'
  for number in "${!names[@]}"; do
    name=${names[$number]}
    [ -n "$name" ] || continue
    [[ $name =~ ${2:-.} ]] || continue
    local status=0
    RAFT_MUTANT=$number "$program" --runs "$seeds" --until-violation >"$dir/$name.log" 2>&1 || status=$?
    if [ "$status" = 1 ]; then
      printf 'caught  %-40s %s\n' "$name" "$(tail -n 1 "$dir/$name.log")"
    else
      missed=$((missed + 1))
      printf 'MISSED  %-40s status %s, %s\n' "$name" "$status" "$dir/$name.log"
    fi
  done
  echo "$((${#names[@]} - 1)) mutations, $missed missed"
  [ "$missed" = 0 ]
}

# apply PATCH DIR NUMBER: replaces the lines after "-" by those after "+", which have to be there exactly once.
apply() {
  local line file='' old='' new=''
  local -a lines
  mapfile -t lines <"$1"
  for line in "${lines[@]}"; do
    case $line in
      '#'*) ;;
      '@@ '*)
        [ -z "$file" ] || replace "$1" "$2/$file" "$old" "$new" "$3"
        file=${line#@@ } old='' new=''
        ;;
      -*) old+=${line#-}$'\n' ;;
      +*) new+=${line#+}$'\n' ;;
      *) echo "error: $1: not understood: $line" >&2 && return 1 ;;
    esac
  done
  replace "$1" "$2/$file" "$old" "$new" "$3"
}

replace() {
  local patch=$1 file=$2 old=$3 new=${4//MUTANT/isMutant($5)} text rest
  text=$(cat "$file" && echo .)
  text=${text%.}
  rest=${text#*"$old"}
  if [ "$rest" = "$text" ] || [ "${rest#*"$old"}" != "$rest" ]; then
    echo "error: $patch does not apply to ${file#*/mutants/}: the lines it replaces have to be there exactly once" >&2
    return 1
  fi
  printf '%s' "${text/"$old"/"$new"}" >"$file"
}

case ${1:-} in
  run | mutants) "$@" ;;
  *) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
