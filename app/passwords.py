"""Passwords: how they are kept, and which ones are too easy to guess."""

import re
import unicodedata
from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.text import fold

# CNIL, deliberation 2022-100 of 21 July 2022: a length alone is enough where attempts are limited. No rule of
# composition, which makes people write « Motdepasse1! ».
SHORTEST, LONGEST = 12, 1000  # characters
COMMON = Path(__file__).parent / "data" / "common_passwords.txt"
TOO_SHORT = f"Choisissez {SHORTEST} caractères au moins : par exemple une courte phrase que vous retiendrez."
TOO_LONG = f"Choisissez {LONGEST} caractères au plus."
TOO_COMMON = "Ce mot de passe est l’un des plus courants : choisissez plutôt quelques mots qui n’ont pas de rapport."
TOO_CLOSE = "Ce mot de passe ressemble à votre nom ou à votre adresse : choisissez-en un autre."
COST = {"time_cost": 2, "memory_cost": 19456, "parallelism": 1}  # OWASP's least for Argon2id: 20 ms and 19 MiB
_hasher = PasswordHasher(**COST)
_NOBODYS = _hasher.hash("the password of nobody")  # at once: the first unknown address must not take longer


def hash_password(password: str) -> str:
    """Return what is kept of a password. Takes about 20 ms: call it before a write transaction."""
    return _hasher.hash(_normal(password))


def is_right(kept: str | None, password: str) -> bool:
    """Tell whether `password` is the one that was kept. Without one (`None`), it takes as long and says no."""
    try:
        return _hasher.verify(kept or _NOBODYS, _normal(password)) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Tell whether a kept password was hashed with weaker settings than those of now."""
    return _hasher.check_needs_rehash(kept)


def objection(password: str, names: tuple[str, ...] = ()) -> str | None:
    """Return why a new password will not do, in French. `names`: what is known of its owner, the address included."""
    if len(password) < SHORTEST:
        return TOO_SHORT
    if len(password) > LONGEST:
        return TOO_LONG
    plain = fold(password).replace(" ", "")
    plain = plain if len(plain) > len(password) // 2 else password  # of other alphabets hardly anything is left
    core = re.sub(r"^[\d\W_]+|[\d\W_]+$", "", plain)  # « soleil201206 » is « soleil »
    if {plain, core} & _common() or _repeats(plain) or _counts(plain):
        return TOO_COMMON
    left = plain
    for name in sorted((fold(part) for text in names for part in re.split(r"[\s@.\-_]", text)), key=len, reverse=True):
        left = left.replace(name.replace(" ", ""), "") if len(name) > 2 else left
    return TOO_CLOSE if left != plain and len(re.sub(r"\d", "", left)) < 6 else None


@cache
def _common():
    lines = COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def _repeats(plain):
    """Whether it is one short piece or one common word over and over: « abcabcabcabc », « soleilsoleil »."""
    for size in range(1, len(plain) // 2 + 1):
        piece = plain[:size]
        if plain == (piece * len(plain))[: len(plain)] and (size < 5 or piece in _common()):
            return True
    return False


def _counts(plain):
    """Whether each sign follows the one before it, up or down: « 123456789012 », « abcdefghijkl »."""
    steps = [ord(after) - ord(before) for before, after in pairwise(plain)]
    return len(set(steps)) == 1 or plain.isdigit() and len({step % 10 for step in steps}) == 1


def _normal(password):
    """Return the password in one form of Unicode: the same accent is typed in two ways on two devices."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
