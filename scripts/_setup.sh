# shellcheck shell=bash
# What the scripts share: the settings read before Python exists, missing packages, the virtual environment.
# Sourced by the other scripts, which then stand at the top of the project.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PYTHON=$ROOT/.venv/bin/python
cd "$ROOT" || exit

die() {
    printf '%s\n' "$@" >&2
    exit 1
}

# locked COMMAND…: one script at a time prepares.
locked() {
    flock -n 9 || { echo "Une autre installation est en cours : attente de sa fin"; flock 9; }
    "$@"
} 9<"$ROOT"

# setting NAME DEFAULT: from the environment, else from .env, else the default.
setting() {
    local value=${!1-}
    if [ -z "$value" ] && [ -f .env ]; then
        value=$(sed -nE "s/^\s*(export\s+)?$1\s*=([^#]*).*/\2/p" .env | tail -n 1 | tr -d " \"'\r")
    fi
    printf '%s' "${value:-$2}"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_packages() {
    command -v apt-get >/dev/null || die "Installez d'abord, avec l'outil de votre système : $*"
    as_root true 2>/dev/null || die "Il manque des paquets sur cette machine. Tapez cette commande, puis recommencez :" \
        "    sudo apt-get install $*"
    echo "Installation des paquets manquants : $*"
    # A new server often runs its own updates at boot and holds the lock of apt meanwhile.
    as_root apt-get -qq update || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
        install -y --no-install-recommends "$@" >/dev/null ||
        die "Ces paquets n'ont pas pu être installés : $*" "Vérifiez la connexion à Internet, puis recommencez."
}

# find_python MODULE: the first Python recent enough which has this module.
find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if "$name" -c "import sys, $1; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

make_venv() {
    local python
    [ -w . ] || die "Le compte $(id -un) ne peut pas écrire dans $ROOT : relancez avec le compte à qui est ce dossier."
    if command -v python3 >/dev/null && ! find_python sys >/dev/null; then
        die "Il faut Python 3.11 ou plus récent ; cette machine a $(python3 --version 2>&1)." \
            "Debian 12, Ubuntu 24.04 et les versions suivantes conviennent."
    fi
    # Debian and Ubuntu keep ensurepip, without which a virtual environment has no pip, in a package of its own.
    find_python ensurepip >/dev/null || install_packages python3-venv
    python=$(find_python ensurepip) || die "Python est là, mais son module « venv » manque. Installez-le, puis recommencez."
    echo "Création de l'environnement Python dans .venv"
    "$python" -m venv --clear .venv
}

# setup_venv FILE: the virtual environment holds the packages of FILE, exactly.
setup_venv() {
    local stamp=.venv/.installed python_version wanted
    python_version=$("$PYTHON" --version 2>/dev/null) || true
    wanted=$(sha256sum "$1")
    if grep -qsxF "$wanted" "$stamp" && grep -qsxF "$python_version" "$stamp"; then
        return
    fi
    # The stamp goes first and comes back last: an interrupted installation has none, and is made anew.
    if ! grep -qsxF "$python_version" "$stamp"; then
        make_venv
    fi
    rm -f "$stamp"
    echo "Installation des bibliothèques Python (une à deux minutes la première fois)"
    "$PYTHON" -m pip install --quiet --no-input --disable-pip-version-check --require-hashes --requirement "$1" ||
        die "Les bibliothèques Python n'ont pas pu être installées." \
            "Vérifiez la connexion à Internet et la place sur le disque, puis recommencez."
    # requirements-dev.txt holds all of requirements.txt.
    { "$PYTHON" --version; sha256sum requirements.txt; echo "$wanted"; } >"$stamp"
}

# stop_group PID SIGNAL: ask the whole process group to stop, wait ten seconds, then insist.
stop_group() {
    [ -n "$1" ] || return 0
    kill -"$2" -- "-$1" 2>/dev/null || return 0
    for _ in {1..100}; do
        kill -0 -- "-$1" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL -- "-$1" 2>/dev/null || true
}
