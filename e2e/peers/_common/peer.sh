# Shared by the start.sh, stop.sh and smoke.sh of the server peers. The caller sets NAME, then sources this file.
#
# All state of a peer lies in $PEER_DIR: `pids` (one "id start-time" a line), `info.json` (the line that
# start.sh prints), `log`, and `tools` (what came from npm, PyPI or crates.io; kept when FRESH=1).
PEER_DIR=${PEER_DIR:-${TRESEN_E2E_DIR:-${TMPDIR:-/tmp}/tresen-e2e}/peers/$NAME}
TOOLS=${PEER_TOOLS:-$PEER_DIR/tools}
LOG=$PEER_DIR/log
HERE=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)

say() { echo "$NAME: $*" >&2; }
die() { say "$*"; exit 1; }

# born ID: when a living process started, in clock ticks; nothing when it is gone or a zombie.
# Written down beside the id, so that an id which the system gave away again is never ended.
born() { sed -E 's/^.*\) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" { print $20 }'; }

track() { local id; for id; do echo "$id $(born "$id")" >>"$PEER_DIR/pids"; done; }

# spawn COMMAND...: starts it in the background, in a session of its own, and writes its id down.
spawn() { setsid "$@" >>"$LOG" 2>&1 </dev/null & track $!; }

all_alive() {
  [ -s "$PEER_DIR/pids" ] || return 1
  local id since
  while read -r id since; do [ "$(born "$id")" = "$since" ] || return 1; done <"$PEER_DIR/pids"
}

# end_one ID SINCE: asks the process to end (with $STOP_SIGNAL), and insists after 10 s.
end_one() {
  local tries
  for tries in {0..100}; do
    [ -n "$2" ] && [ "$(born "$1")" = "$2" ] || return 0
    case $tries in 0) kill "-${STOP_SIGNAL:-TERM}" "$1" ;; 100) kill -9 "$1" ;; esac || true
    sleep 0.1
  done
}

# end_all: ends exactly the processes written down, the last one first.
end_all() {
  local id since
  [ ! -e "$PEER_DIR/pids" ] || while read -r id since; do end_one "$id" "$since"; done < <(tac "$PEER_DIR/pids")
  rm -f "$PEER_DIR/pids" "$PEER_DIR/info.json"
}

# begin PORT...: prints the old line and ends the script when the peer already runs. FRESH=1 ends it and drops all state.
begin() {
  mkdir -p "$PEER_DIR"
  if [ -z "${FRESH:-}" ] && [ -s "$PEER_DIR/info.json" ] && all_alive; then cat "$PEER_DIR/info.json"; exit 0; fi
  end_all
  [ -z "${FRESH:-}" ] || find "$PEER_DIR" -mindepth 1 -maxdepth 1 ! -name tools -exec rm -rf {} +
  mkdir -p "$TOOLS"
  chmod 755 "$PEER_DIR"
  local port
  for port; do ! answers "$port" || die "port $port is taken by another program"; done
  trap end_all EXIT
}

# finish JSON: keeps the line for the next start, prints it, and lets the server go on.
finish() {
  trap - EXIT
  printf '%s\n' "$1" | tee "$PEER_DIR/info.json"
}

ids() { awk '{ printf "%s%s", comma, $1; comma = "," }' "$PEER_DIR/pids"; }

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# wait_until SECONDS COMMAND...: repeats the command until it succeeds.
wait_until() {
  local limit=$1 end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    all_alive || { tail -n 20 "$LOG" >&2; die "a process ended while starting"; }
    [ "$SECONDS" -lt "$end" ] || { tail -n 20 "$LOG" >&2; die "no answer after $limit s"; }
    sleep 0.1
  done
}

# need PACKAGE...: installs the Debian packages that are missing, without starting their system services.
need() {
  local missing=() package guard=/usr/sbin/policy-rc.d made=
  for package; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  [ -e $guard ] || { printf '#!/bin/sh\nexit 101\n' >$guard && chmod 755 $guard && made=1; }
  apt install "${missing[@]}" || { apt update && apt install "${missing[@]}"; } || { tail -n 20 "$LOG" >&2; die "could not install"; }
  [ -z "$made" ] || rm -f $guard
}
apt() {
  local verb=$1; shift
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$verb" -y --no-install-recommends "$@" >>"$LOG" 2>&1
}

# venv REQUIREMENT...: a Python environment in $TOOLS/venv with these packages (made once).
venv() {
  [ ! -e "$TOOLS/venv/ready" ] || return 0
  say "installing $*"
  python3 -m venv "$TOOLS/venv"
  "$TOOLS/venv/bin/pip" install -q --disable-pip-version-check "$@" >&2
  touch "$TOOLS/venv/ready"
}

# as USER COMMAND...: runs the command as that user, without a process in between.
as() { local user=$1; shift; setpriv --reuid="$user" --regid="$user" --init-groups -- "$@"; }

# must_fail COMMAND...: for smoke tests (a plain `!` does not stop a script under `set -e`).
must_fail() { if "$@" >/dev/null 2>&1; then die "should have been refused: $*"; fi; }

# info KEY...: a value of the line that start.sh printed, e.g. `info accounts 0 password`.
info() {
  python3 -c 'import json, sys
v = json.load(open(sys.argv[1]))
for k in sys.argv[2:]: v = v[int(k) if isinstance(v, list) else k]
print(v)' "$PEER_DIR/info.json" "$@"
}
