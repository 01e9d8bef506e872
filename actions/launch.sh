#!/usr/bin/env bash
# Starts Assay for a composite action: bash launch.sh VERB
#
# Finds a Node.js, goes to the working directory and becomes `node dist/index.js VERB`; nothing else is shell. The inputs
# of the action arrive as ASSAY_WITH_<NAME> and are read by Assay itself.
set -euo pipefail

readonly minimum=20

fail() {
  # How a workflow command writes what would end it.
  local text=${1//%/%25}
  text=${text//$'\r'/%0D}
  printf '::error title=Assay cannot start::%s\n' "${text//$'\n'/%0A}" >&2
  exit 2
}

# Is $1 a Node.js that starts here (the runner also carries builds for another libc) and is new enough?
is_new_enough() {
  local version
  version=$("$1" --version 2>/dev/null) || return 1
  [[ $version =~ ^v([0-9]+)\. ]] && ((BASH_REMATCH[1] >= minimum))
}

# The folders in which the runner keeps its own Node.js, most certain first. No variable names them:
# - in a container job the runner mounts them as /__e;
# - else they are in the folder of the runner, which is where its process was started from (Linux) ...
# - ... and, unless it was configured with another --work, the parent of _work, where the workspace and _temp are.
externals() {
  printf '%s\n' /__e
  local process=$PPID executable
  while [[ $process =~ ^[0-9]+$ ]] && ((process > 1)) && [[ -r /proc/$process/status ]]; do
    executable=$(readlink "/proc/$process/exe" 2>/dev/null || true)
    case $executable in
      */bin/Runner.Worker | */bin/Runner.Listener) printf '%s\n' "${executable%/bin/*}/externals" ;;
    esac
    process=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$process/status")
  done
  [[ -z ${RUNNER_TEMP:-} ]] || printf '%s\n' "${RUNNER_TEMP%/*/*}/externals"
  [[ -z ${GITHUB_WORKSPACE:-} ]] || printf '%s\n' "${GITHUB_WORKSPACE%/*/*/*}/externals"
}

find_node() {
  local on_path folder candidate
  on_path=$(command -v node || true)
  if [[ -n $on_path ]] && is_new_enough "$on_path"; then
    printf '%s\n' "$on_path"
    return
  fi
  while IFS= read -r folder; do
    for candidate in "$folder"/node{24,20}{,_alpine}/bin/node; do
      if [[ -x $candidate ]] && is_new_enough "$candidate"; then
        printf '%s\n' "$candidate"
        return
      fi
    done
  done < <(externals)
  if [[ -n $on_path ]]; then
    printf 'Node.js %s on PATH is too old: Assay needs %s or newer.' "$("$on_path" --version 2>/dev/null || true)" "$minimum"
  else
    printf 'There is no Node.js on PATH: Assay needs %s or newer.' "$minimum"
  fi
  return 1
}

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
bundle=${here%/actions}/dist/index.js

if [[ ! -f $bundle ]]; then
  fail "$bundle does not exist.
A release has it (uses: OWNER/assay@v1); a checkout of the source builds it: npm ci && npm run build"
fi

node=$(find_node) || fail "$node
Add this step before it:
- uses: actions/setup-node@v5
  with: { node-version: 24 }"

if [[ -n ${ASSAY_WORKING_DIRECTORY:-} ]]; then
  cd -- "$ASSAY_WORKING_DIRECTORY" 2>/dev/null || fail "There is no such working-directory: $ASSAY_WORKING_DIRECTORY"
fi

exec "$node" "$bundle" "$@"
