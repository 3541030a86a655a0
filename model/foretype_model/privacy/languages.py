"""The names of passwords and tokens in languages other than English, as a table."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple


class Language(NamedTuple):
    """The names in a language, without the endings of their inflections.

    Attributes:
        passwords: names whose value is a secret, also if it is a word.
        tokens: names whose value may be something else.
        verbs: words between a name and its value.
    """

    passwords: tuple[str, ...]
    tokens: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()


LANGUAGES: Final = {
    "ar": Language(("كلمة المرور", "كلمة مرور", "كلمة السر", "كلمة سر", "الرقم السري"),
                   ("رمز الدخول", "الرمز السري"), ("هي", "هو")),
    "bg": Language(("парола",), (), ("е",)),
    "bn": Language(("পাসওয়ার্ড",), (), ("হল", "হলো")),
    "ca": Language(("contrasenya",), (), ("és",)),
    "cs, sk": Language(("heslo", "hesla", "heslu", "heslem", "hesle"), (), ("je",)),
    "da, nb": Language(("adgangskode", "kodeord", "passord", "løsenord"), ("adgangsnøgle",),
                       ("er",)),
    "de": Language(("passwort", "passwörter", "kennwort", "kennwörter", "losungswort"),
                   ("geheimnis", "zugangscode", "zugangsschlüssel"),
                   ("ist", "lautet", "war", "sind")),
    "el": Language(("κωδικός πρόσβασης", "κωδικος προσβασης", "κωδικός", "κωδικο", "κωδικό",
                    "συνθηματικό", "συνθηματικο"), (), ("είναι", "ειναι")),
    "es, gl": Language(("contraseña", "contrasena", "contrasinal", "clave de acceso", "clave"), (),
                       ("es", "son", "era", "será", "é")),
    "et": Language(("parool", "salasõna"), (), ("on",)),
    "eu": Language(("pasahitz",), (), ("da",)),
    "fa": Language(("رمز عبور", "گذرواژه", "کلمه عبور"), (), ("است",)),
    "fi": Language(("salasana",), ("tunnusluku",), ("on", "oli")),
    "fr": Language(("mot de passe", "mots de passe", "mdp", "phrase secrète", "code secret"),
                   ("jeton", "code d'accès", "clé d'accès", "clé api"),
                   ("est", "sont", "sera", "était", "devient")),
    "he": Language(("סיסמה", "סיסמא", "סיסמת"), ("קוד גישה", "אסימון"), ("היא", "הוא")),
    "hi": Language(("पासवर्ड", "कूटशब्द"), (), ("है", "हैं")),
    "hr, sl, sr": Language(("lozink", "zaporka", "geslo", "gesla", "лозинк"), (), ("je", "је")),
    "hu": Language(("jelszó", "jelszav", "jelszo"), (), ("az", "ez")),
    "id, ms": Language(("kata sandi", "sandi", "kata laluan"), (), ("adalah", "ialah", "yaitu")),
    "it": Language(("parola d'ordine", "parola chiave", "parola di accesso"),
                   ("codice di accesso", "chiave api", "chiave di accesso"), ("è", "e'")),
    "ja": Language(("パスワード", "パスコード", "暗証番号", "合言葉", "シークレット"),
                   ("トークン", "秘密鍵", "アクセスキー"), ("は", "が")),
    "ko": Language(("비밀번호", "패스워드", "암호", "비번", "시크릿"), ("토큰", "비밀 키"),
                   ("는", "은", "이", "가")),
    "lt, lv": Language(("slaptažod", "slaptazod", "parole"), (), ("yra", "ir")),
    "nl": Language(("wachtwoord", "toegangscode", "wachtzin"), ("toegangssleutel",),
                   ("is", "was", "luidt")),
    "pl": Language(("hasło", "haslo", "hasła", "hasłem", "haśle"), ("klucz api",),
                   ("to", "jest", "brzmi")),
    "pt": Language(("senha", "palavra-passe", "palavra passe"), ("chave de acesso", "chave api"),
                   ("é", "e", "era", "será")),
    "ro": Language(("parolă", "parola"), (), ("este", "e")),
    "ru, uk": Language(("пароль", "парол", "пінкод", "пинкод", "пин-код", "пін-код"),
                       ("токен", "секрет", "ключ доступа"), ("это", "будет", "був")),
    "sv": Language(("lösenord", "losenord"), ("åtkomstnyckel",), ("är", "blir")),
    "th": Language(("รหัสผ่าน",), ("โทเค็น",), ("คือ", "เป็น")),
    "tr": Language(("şifre", "sifre"), (), ("olarak",)),
    "vi": Language(("mật khẩu", "mat khau"), ("mã truy cập",), ("là",)),
    "zh": Language(("密码", "密碼", "口令", "通行码", "暗号"), ("令牌", "密钥", "密鑰"),
                   ("是", "为", "為")),
}  # fmt: skip
"""Languages other than English. A language that shares a name with another one leaves it out."""

_LIKE_ENGLISH: Final = frozenset(
    {"az", "da", "e", "er", "era", "es", "ez", "ir", "is", "je", "on", "son", "to", "war", "was"}
)
"""Verbs that are English words, or parts of names, too."""


def _any_of(words: Iterable[str]) -> bytes:
    longest_first = sorted(set(words), key=lambda word: (-len(word), word))
    return b"|".join(re.escape(word.encode()) for word in longest_first)


_VERBS: Final = {verb for row in LANGUAGES.values() for verb in row.verbs}
FOREIGN_VERBS: Final = _any_of(_VERBS)
VERBS: Final = _any_of(_VERBS - _LIKE_ENGLISH)
"""The verbs of all languages as a regex, with and without those that may be English."""


def _spellings(name: str) -> set[bytes]:
    """Return the spellings of a name, of which ASCII letters are in lower case."""
    return {one.encode().lower() for one in (name, name.capitalize(), name.title(), name.upper())}


FOREIGN_PASSWORDS: Final = frozenset(
    spelling
    for row in LANGUAGES.values()
    for name in row.passwords
    for spelling in _spellings(name)
)
FOREIGN_TOKENS: Final = frozenset(
    spelling for row in LANGUAGES.values() for name in row.tokens for spelling in _spellings(name)
)
FOREIGN_NAMES: Final = tuple(FOREIGN_PASSWORDS | FOREIGN_TOKENS)
"""The names in all languages. Of those in ASCII, letters are in lower case."""
