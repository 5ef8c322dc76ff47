#!/usr/bin/env bash
# Builds a simulator by itself, optimised, and runs it: that of Raft, or that of rollouts.
#
#   scripts/sim.sh run [options of raft-sim]             runs seeds
#   scripts/sim.sh mutants [SEEDS [PATTERN]]             shows that each bug in Tests/RaftSimulatorTests/Mutations is caught within so many seeds
#   scripts/sim.sh rollouts [options of rollout-sim]     runs seeds
#   scripts/sim.sh rollout-mutants [SEEDS [PATTERN]]     the same for the bugs in Tests/RolloutSimulatorTests/Mutations
#
# They have no package dependencies, so this takes a minute where a release build of everything takes ten. Checks for exclusive access
# cost more than half of the time; the tests of the debug build have them.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

# simulate NAME: which simulator the rest is about.
simulate() {
  case $1 in
    raft)
      program=raft-sim mutations=Tests/RaftSimulatorTests/Mutations
      targets=(SimulationEngine Raft RaftSimulator raft-sim)
      mutable=(Raft RaftSimulator)
      ;;
    rollout)
      program=rollout-sim mutations=Tests/RolloutSimulatorTests/Mutations
      targets=(SimulationEngine ClusterModel Orchestration RolloutSimulator rollout-sim)
      mutable=(ClusterModel Orchestration)
      ;;
  esac
  work=$root/.build/$program
}

# package DIR: a package of the targets in DIR, whose Sources are there already, with their dependencies as in Package.swift.
package() {
  local target
  {
    cat <<EOF
// swift-tools-version: 6.2
import PackageDescription

let strict = false
$(sed -n '/^let settings/,/^$/p' Package.swift)
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
  name: "simulator",
  targets: [
EOF
    for target in "${targets[@]}"; do
      grep -E "^    (library\(|\.executableTarget\(name: )\"$target\"" Package.swift || {
        echo "error: $target is not on one line of Package.swift" >&2
        return 1
      }
    done
    printf '  ],\n  swiftLanguageModes: [.v6]\n)\n'
  } >"$1/Package.swift.new"
  cmp -s "$1/Package.swift.new" "$1/Package.swift" || cp "$1/Package.swift.new" "$1/Package.swift"
}

# build DIR: builds the package and prints the path of the program.
build() {
  local log="$1/build.log"
  if ! swift build --package-path "$1" -c release --product "$program" -Xswiftc -enforce-exclusivity=unchecked >"$log" 2>&1; then
    cat "$log" >&2
    return 1
  fi
  echo "$1/.build/release/$program"
}

run() {
  local dir=$work
  mkdir -p "$dir/Sources"
  for target in "${targets[@]}"; do ln -sfn "$root/Sources/$target" "$dir/Sources/$target"; done
  package "$dir"
  "$(build "$dir")" "$@"
}

# All bugs are built into one copy of the sources, each behind its number, and one is switched on at a time.
mutants() {
  local seeds=${1:-500} dir=$work-mutants number=0 patch name missed=0
  local -a names=('')
  rm -rf "$dir/Sources"
  mkdir -p "$dir/Sources"
  for target in "${targets[@]}"; do cp -R "Sources/$target" "$dir/Sources/$target"; done
  for target in "${mutable[@]}"; do
    cat >"$dir/Sources/$target/Mutant.swift" <<'EOF'
import Glibc

private let active = getenv("MUTANT").flatMap { Int(String(cString: $0)) } ?? 0

func isMutant(_ number: Int) -> Bool { number == active }
EOF
  done
  for patch in "$mutations"/*.mutation; do
    number=$((number + 1))
    names+=("$(basename "$patch" .mutation)")
    apply "$patch" "$dir" "$number"
  done
  package "$dir"
  local built
  built=$(build "$dir")
  # What is caught without a bug is not caught.
  "$built" --runs "$seeds" --until-violation | sed -n '1p;/breaks/p'
  for number in "${!names[@]}"; do
    name=${names[$number]}
    [ -n "$name" ] || continue
    [[ $name =~ ${2:-.} ]] || continue
    local status=0
    MUTANT=$number "$built" --runs "$seeds" --until-violation >"$dir/$name.log" 2>&1 || status=$?
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
    echo "error: $patch does not apply to ${file#*-mutants/}: the lines it replaces have to be there exactly once" >&2
    return 1
  fi
  printf '%s' "${text/"$old"/"$new"}" >"$file"
}

case ${1:-} in
  run | mutants)
    simulate raft
    "$@"
    ;;
  rollouts)
    simulate rollout
    run "${@:2}"
    ;;
  rollout-mutants)
    simulate rollout
    mutants "${@:2}"
    ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
