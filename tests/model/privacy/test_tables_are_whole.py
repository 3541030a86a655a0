"""The words of the tables of rules, written down a second time: none may be lost unnoticed."""

from __future__ import annotations

import pytest

from foretype_model.privacy.names import KINDS_OF_KEYS, KINDS_OF_PASSES
from foretype_model.privacy.secret_scanner import redact

KEYS = """access account activation admin aes api app auth client cipher crypt crypto deploy
encryption hmac hook ingest jwt licence license maps master network private product recovery secret
security server service session shared signing storage stripe vault webhook wi-fi wifi wlan wpa
wpa2"""
PASSES = """admin app auth become bind cert db default email ftp http imap key ldap login mail mongo
mqtt mysql pg postgres proxy redis require root router sftp smtp sql ssh store sudo user vpn wifi"""
SENTENCES = """
كلمة المرور: هي هو
парола: е
পাসওয়ার্ড: হল হলো
contrasenya: és
heslo: je
adgangskode: er
passwort: ist lautet war sind
κωδικός: είναι ειναι
contraseña: es son era será é
parool: on
pasahitz: da
رمز عبور: است
salasana: on oli
mot de passe: est sont sera était devient
סיסמה: היא הוא
पासवर्ड: है हैं
lozinka: je
лозинка: је
jelszó: az ez
kata sandi: adalah ialah yaitu
parola chiave: è e'
slaptažodis: yra
parole: ir
wachtwoord: is was luidt
hasło: to jest brzmi
senha: é e era será
parola: este e
пароль: это будет був
lösenord: är blir
รหัสผ่าน: คือ เป็น
şifre: olarak
mật khẩu: là
"""
COMMANDS = """
printf Zx81kkq0abcd | sudo -S true
sudo -S true <<< Zx81kkq0abcd
printf ann:Zx81kkq0abcd | chpasswd
curl --user ann:Zx81kkq0abcd https://example.org
curl --proxy-user ann:Zx81kkq0abcd https://example.org
http --auth ann:Zx81kkq0abcd example.org
http -a ann:Zx81kkq0abcd example.org
skopeo copy --creds ann:Zx81kkq0abcd a b
smbclient //host/share --user ann%Zx81kkq0abcd
net use z: \\\\host\\share Zx81kkq0abcd
ftp ann Zx81kkq0abcd
htdigest ann Zx81kkq0abcd
vault login Zx81kkq0abcd
bw login ann@example.org Zx81kkq0abcd
bw unlock Zx81kkq0abcd
wpa_passphrase home Zx81kkq0abcd
rabbitmqctl add_user ann Zx81kkq0abcd
sqlplus ann/Zx81kkq0abcd@db
connect ann/Zx81kkq0abcd@db
impdp ann/Zx81kkq0abcd@db
expdp ann/Zx81kkq0abcd@db
sqlldr ann/Zx81kkq0abcd@db
admin Zx81kkq0abcd
root Zx81kkq0abcd
administrator Zx81kkq0abcd
enter Zx81kkq0abcd when asked
type Zx81kkq0abcd when asked
use Zx81kkq0abcd when asked
login ann:Zx81kkq0abcd
creds ann:Zx81kkq0abcd
credentials ann:Zx81kkq0abcd
host:5432:app:ann:Zx81kkq0abcd
host:5433:app:ann:Zx81kkq0abcd
host:6432:app:ann:Zx81kkq0abcd
host:*:app:ann:Zx81kkq0abcd
{SHA}Zx81kkq0abcd
{SHA256}Zx81kkq0abcd
{SSHA}Zx81kkq0abcd
{MD5}Zx81kkq0abcd
{SMD5}Zx81kkq0abcd
{CRYPT}Zx81kkq0abcd
{PBKDF2}Zx81kkq0abcd
{ARGON2}Zx81kkq0abcd
{PLAIN}Zx81kkq0abcd
{CLEARTEXT}Zx81kkq0abcd
https://hooks.example.com/Zx81kkq0abcd
https://example.com/api/webhooks/Zx81kkq0abcd
https://a.webhook.office.com/Zx81kkq0abcd
basic_auth: ann:Zx81kkq0abcd
basicauth: ann:Zx81kkq0abcd
userpwd: ann:Zx81kkq0abcd
"""


def test_kinds_are_all_kept():
    """No word that makes "key" or "pass" the name of a secret is lost or misspelt."""
    assert {kind.decode() for kind in KINDS_OF_KEYS} == {*KEYS.split()}
    assert {kind.decode() for kind in KINDS_OF_PASSES} == {*PASSES.split()}


@pytest.mark.parametrize("line", SENTENCES.strip().splitlines())
def test_verb_of_language_counts(line):
    """A value after a name and a verb is masked in each language, in the midst of a sentence."""
    name, _, verbs = line.partition(": ")
    for verb in verbs.split():
        assert b"hunter22x" not in redact(f"{name} {verb} hunter22x xyz\n".encode()), verb
    assert b"hunter22x" in redact(f"{name} xyz hunter22x xyz\n".encode())


@pytest.mark.parametrize("line", COMMANDS.strip().splitlines())
def test_keyword_of_context_counts(line):
    """The password of each command and format is masked."""
    assert b"Zx81kkq0abcd" not in redact(f"{line}\n".encode())
    assert b"Zx81kkq0abcd" in redact(f"{line.rpartition('Zx')[0][-1:]}Zx81kkq0abcd\n".encode())
