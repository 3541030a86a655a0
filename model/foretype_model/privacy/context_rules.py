"""The passwords that a header, a command, a call or a URL shows, as a table in
the form of gitleaks' rules: `id`, keywords, regex, allow-list. `credentials` applies them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from foretype_model.privacy.nearby_rules import ORDINARY, STRONG
from foretype_model.privacy.values import (
    ANY,
    LITERAL,
    MIXED_OR_JOINED,
    NEVER,
    TEMPLATE,
    WITH_DIGIT,
)


@dataclass(frozen=True)
class ContextRule:
    """Passwords that the text before them shows, such as a header or a command.

    Attributes:
        id: the kind of context.
        keywords: in lower case; the regex is tried only where one of them begins. Without keywords,
            it is searched in the whole text.
        regex: matches from a keyword on; its last group that matched is the password.
        before: the end of the text before the keyword, in lower case, has to match.
        requires: the beginning of the password has to match.
        allow: matches the beginning of a value that is no password.
        pending: matches a text from a keyword to the end in which the password is not settled. A
            keyword that stands in any sentence needs a narrow one: nothing from it on is learnt
            until the password is settled.
    """

    id: str
    keywords: tuple[bytes, ...]
    regex: re.Pattern[bytes]
    before: re.Pattern[bytes] = ANY
    requires: re.Pattern[bytes] = ANY
    allow: re.Pattern[bytes] = TEMPLATE
    pending: re.Pattern[bytes] = NEVER


STRONG_WORD: Final = re.compile(rb"(?:%s)\Z" % STRONG.pattern)
ORDINARY_WORD: Final = re.compile(rb"(?:%s)\Z" % ORDINARY.pattern, re.VERBOSE | re.IGNORECASE)

# Passwords that anything but a name introduces

_LINE: Final = re.compile(rb"[^\n]*\Z")
_CALL: Final = re.compile(rb"\w{0,24}(?:[ ]?=[ ]?)?[(\[,][^)\]\n]*(?:\n[^)\]\n]*){0,3}\Z")
_CREDENTIALS: Final = rb"([\w+/.~=-]+)"
_ARGUMENT: Final = rb"(?:\"([^\"\n]*)|'([^'\n]*)|((?:[^\s\"'`()<>|;&]|&(?=\w))+))"


def _regex(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.IGNORECASE)


CONTEXT_RULES: Final = (
    ContextRule(
        "http-bearer", (b"bearer",), _regex(rb"bearer[ \t]+" + _CREDENTIALS), requires=WITH_DIGIT
    ),
    ContextRule(
        "http-basic", (b"basic",), _regex(rb"basic[ \t]+" + _CREDENTIALS), requires=WITH_DIGIT
    ),
    ContextRule(
        "http-authorization",
        (b"authorization",),
        _regex(rb"authorization[\"']?[ \t]*[:=,][ \t]*[\"']?\w+[ \t]+" + _CREDENTIALS),
        requires=WITH_DIGIT,
    ),
    ContextRule(
        "sql-identified-by",
        (b"identified by",),
        _regex(rb"identified by[ \t]+(?:password[ \t]+)?(?=[\"'])" + _ARGUMENT),
        before=re.compile(rb"(?:\b(?:user|grant|role|to)\b[^\n]*|\n[ \t]*)\Z"),
        requires=LITERAL,
    ),
    ContextRule(
        "sql-identified-by-bare",
        (b"identified by",),
        _regex(rb"identified by[ \t]+([^\s\"'`;,()]+)"),
        requires=MIXED_OR_JOINED,
    ),
    ContextRule(
        "sql-replaced",
        (b" replace ",),
        _regex(rb" replace[ \t]+([^\s\"'`;,()]+)"),
        before=re.compile(rb"identified by[^\n]*\Z"),
        requires=MIXED_OR_JOINED,
    ),
    ContextRule(
        "basic-auth-setting",
        (b"basic_auth", b"basicauth", b"userpwd", b"userpass"),
        _regex(rb"\w+[\"']?\s*[:=,]\s*[\"']?[\w.@-]{1,30}:([^\s\"'/][^\s\"']*)"),
        requires=MIXED_OR_JOINED,
    ),
    ContextRule(
        "sql-crypt",
        (b"crypt(",),
        _regex(rb"crypt\(\s*(?=[\"'])" + _ARGUMENT + rb"[\"']\s*,\s*(?:gen_salt|bcrypt)"),
        requires=LITERAL,
        pending=_CALL,
    ),
    ContextRule(
        "curl-auth-user",
        (b" -u", b" --user", b" -a ", b"--auth", b"--proxy-user", b"--creds"),
        _regex(
            rb"[ ]?--?(?:u|user|a|auth|proxy-user|creds)[ \t=]*[\"']?"
            rb"(?:[\w.-]{1,30}[\\/])?[\w.@-]{1,64}[:%]"
            rb"([^\s\"'`]+)"
        ),
        requires=MIXED_OR_JOINED,
    ),
    ContextRule(
        "smb-user",
        (b" -u", b" --user"),
        _regex(rb" --?(?:U|user)[ \t=]*[\"']?(?:[\w.-]{1,30}[\\/])?[\w.@-]{1,64}%([^\s\"'`]+)"),
        requires=LITERAL,
    ),
    ContextRule(
        "option-of-command",
        (b" -p", b" -a ", b" -w ", b" -b ", b" -k ", b" -x ", b" /p:", b'"-p', b"'-p"),
        _regex(
            rb"[ \"'](?:-[pawbkx](?:[ \t]+|[\"'][ ]*,[ ]*(?=[\"']))|-p(?=[^\s\"',])|/p:)"
            + _ARGUMENT
        ),
        before=re.compile(
            rb"\b(?:ldap\w+|redis-cli|htpasswd|sqlcmd|bcp|isql|xfreerdp|rdesktop|zip|unzip|7z|7za"
            rb"|user(?:add|mod)|adduser|psexec\w*|\w*winrm|crackmapexec|netexec|hydra|cqlsh|influx"
            rb"|mosquitto_\w+|snmp\w+|keytool|security|plink|pscp|sshpass|mysql\w*|mariadb|expect"
            rb"|smbclient|mount\.cifs|ipmitool|wpa_passphrase|steghide|rar|unrar|openssl"
            rb"|(?:docker|podman|oc|az|helm[ ]registry)[ ]login)\b[^\n|;&]*\Z"
        ),
        requires=MIXED_OR_JOINED,
    ),
    ContextRule(
        "sshpass",
        (b" -p",),
        _regex(rb" -p[ \t]*" + _ARGUMENT),
        before=re.compile(rb"\bsshpass\Z"),
        requires=LITERAL,
    ),
    ContextRule(
        "database-client",
        (b" -p",),
        _regex(rb" -p[ \t]*" + _ARGUMENT),
        before=re.compile(
            rb"\b(?:login|mongo|mongosh|mongodump|mongorestore|mysql|mysqladmin|mysqldump|mariadb"
            rb"|mariadb-dump)\b[^\n|;&]*\Z"
        ),
        requires=MIXED_OR_JOINED,
    ),
    ContextRule(
        "piped-password",
        (b"echo ", b"printf ", b"<<< "),
        _regex(
            rb"(?:(?:echo|printf)[ ]+(?:-\w[ ]+)?(?:[\"']?%s(?:\\n)?[\"']?[ ]+)?"
            rb"(?:[\"'][\w.-]{1,32}:)?|<<<[ ])"
            + _ARGUMENT
            + rb"[\"']?[ ]*\|[ ]*(?:sudo[ ]+(?:-\w[ ]+)*(?:/\S*/)?)?"
            rb"(?:\w*passwd\b|[^\n|]{0,60}(?:sudo[ ]+-S|(?<=sudo )-S\b|--(?:password"
            rb"|passphrase)-(?:stdin|fd)"
            rb"|--stdin|passphrase-fd|cryptsetup|pass\w*[ ]+insert|rclone[ ]obscure|-S\b))"
        ),
        requires=LITERAL,
        pending=_LINE,
    ),
    ContextRule(
        "piped-user",
        (b"echo ", b"printf "),
        _regex(
            rb"(?:echo|printf)[ ]+(?:-\w[ ]+)?[\"']?[\w.-]{1,32}:([^\s\"'`|]+)[\"']?[ ]*\|[ ]*"
            rb"(?:sudo[ ]+)?\w*(?:chpasswd|newusers)"
        ),
        requires=LITERAL,
        pending=_LINE,
    ),
    ContextRule(
        "rclone-obscure",
        (b"obscure ",),
        _regex(rb"obscure[ ]+" + _ARGUMENT),
        re.compile(rb"rclone\s+\Z"),
        LITERAL,
    ),
    ContextRule(
        "htpasswd-batch",
        (b"htpasswd -",),
        _regex(
            rb"htpasswd[ ]+-\w*b\w*[ ]+(?:-\w[ ]+)*\S+[ ]+(?:[^\s-]\S*[ ]+)?"
            + _ARGUMENT
            + rb"(?=[ \t\r]*(?:\n|\Z|[|;&)]))"
        ),
        requires=LITERAL,
        pending=_LINE,
    ),
    ContextRule(
        "net-use",
        (b"net use ", b"net user "),
        _regex(
            rb"net user?[ ]+(?:[\w:*]+[ ]+)?(?:\\\\\S+[ ]+)?(?:/\S+[ ]+)*"
            + _ARGUMENT
            + rb"(?=[ ]+/|[ \t\r]*(?:\n|\Z))"
        ),
        requires=LITERAL,
        pending=_LINE,
    ),
    ContextRule(
        "user-of-samba",
        (b"smbpasswd ", b"htdigest ", b"pw usermod ", b"saslpasswd2 ", b"ftp "),
        _regex(
            rb"(?:smbpasswd|htdigest|saslpasswd2|ftp)[ ]+(?:-\w+[ ]+)*[^\s-]\S*[ ]+"
            + _ARGUMENT
            + rb"(?=[ \t\r]*(?:\n|\Z|[|;&)]))"
        ),
        requires=MIXED_OR_JOINED,
        pending=_LINE,
    ),
    ContextRule(
        "login-command",
        (
            b"vault login",
            b"bw login",
            b"bw unlock",
            b"op signin",
            b"wpa_passphrase ",
            b"rabbitmqctl ",
            b"identify ",
            b"auth ",
            b"_authtoken ",
            b" key s:",
            b"wlan0 key",
            b"useradd ",
            b"rest-login ",
            b"heroku login",
        ),
        _regex(
            rb"(?:(?:vault|bw|op|heroku)[ ](?:login|signin|unlock)|wpa_passphrase"
            rb"|rabbitmqctl[ ](?:add_user|change_password|authenticate_user)|identify|auth"
            rb"|_authtoken|[ ]key[ ]s:|rest-login)[ ]?(?:[\w.@-]{2,40}[ ]){0,2}?"
            rb"(?=[^\s\"'`<>()]*[0-9])" + _ARGUMENT + rb"(?=[\"']?[ \t\r]*(?:\n|\Z|[|;&]))"
        ),
        requires=MIXED_OR_JOINED,
        # The two words of the command, a name, a password of two words.
        pending=re.compile(rb"(?:\S*[ ]){0,5}\S*\Z"),
    ),
    ContextRule(
        "here-string",
        (b"<<< ",),
        _regex(rb"<<<[ ]" + _ARGUMENT),
        before=re.compile(rb"\b(?:secret|passwd|pass\w*|sudo|login|unlock)\b[^\n]*\Z"),
        requires=LITERAL,
    ),
    ContextRule(
        "oracle-login",
        (b"sqlplus ", b"connect ", b"impdp ", b"expdp ", b"sqlldr "),
        _regex(rb"(?:sqlplus|connect|impdp|expdp|sqlldr)[ ]+(?:-\w[ ]+)?[\"']?\w+/([^\s@/\"']+)@"),
        requires=LITERAL,
    ),
    ContextRule(
        "sql-setting",
        (b" set value", b" set val"),
        _regex(
            rb" set val(?:ue)?\s*=\s*(?=')" + _ARGUMENT + rb"'[^;\n]{0,40}\bwhere\b[^;\n]{0,40}"
            rb"'[\w./-]*(?:pass|secret|token|key|pwd|pw)\w*'"
        ),
        requires=LITERAL,
        pending=_LINE,
    ),
    ContextRule(
        "administrator",
        (b"admin ", b"root ", b"administrator "),
        _regex(
            rb"\w+[ ](?:[/:][ ])?([^\s\"'`()<>/\\]{8,48})(?=[\"'`]?"
            rb"(?:[.,]?[ \t\r]*(?:\n|\Z)|[ ]\())"
        ),
        requires=STRONG_WORD,
        allow=ORDINARY_WORD,
    ),
    ContextRule(
        "mail-and-password",
        (),
        re.compile(
            rb"@[\w-]+(?:\.[\w-]+)+(?:\s{0,2}[/|,;:][ ]|[ \t]{1,4}|[ ]and[ ]|\n)"
            rb"([^\s\"'`()<>/\\]{8,48})(?=[\"'`]?[.,]?[ \t\r]*(?:\n|\Z))"
        ),
        requires=STRONG_WORD,
        allow=ORDINARY_WORD,
    ),
    ContextRule(
        "typed-when-asked",
        (b"enter ", b"type ", b"use ", b"with ", b"try "),
        _regex(
            rb"\w+[ ][\"'`]?([^\s\"'`()<>]{6,64})[\"'`]?[ ](?:when|if)[ ](?:\w+[ ]){0,2}"
            rb"(?:asked|prompted|asks)\b"
        ),
        requires=WITH_DIGIT,
        pending=re.compile(
            rb"\w+[ ][\"'`]?(?:[^\s\"'`()<>]*"
            rb"|(?=[^\s\"'`()<>]*[0-9])[^\s\"'`()<>]{6,64}[\"'`]?(?:[ ][A-Za-z]*){0,5})\Z"
        ),
    ),
    ContextRule(
        "secure-string",
        (b"convertto-securestring", b"totp(", b"hotp(", b"fernet("),
        _regex(
            rb"(?:convertto-securestring[ ]+(?:-string[ ]+)?|[th]otp\([ ]*|fernet\([ ]*b?)(?=[\"'])"
            + _ARGUMENT
        ),
        requires=LITERAL,
    ),
    ContextRule(
        "user-and-password",
        (b" / ",),
        _regex(rb" / ([^\s\"'`()<>|]{6,64})(?=[\s).,;]|\Z)"),
        before=re.compile(
            rb"(?:@[\w.-]+|(?:\b(?:as|account|login|logins|user|creds|credentials|admin"
            rb"|root)\b|\s-)[:\s]+[\w.@-]{2,40})\Z"
        ),
        requires=MIXED_OR_JOINED,
        pending=re.compile(rb" / [^\s\"'`()<>|]*\Z"),
    ),
    ContextRule(
        "user-colon-password",
        (b"now ", b"login ", b"creds ", b"credentials ", b"account ", b"auth "),
        _regex(
            rb"\w+[ ](?:is[ ]|are[ ])?[\"'`(]?[a-z][\w.-]{1,30}:([^\s\"'`()<>:/]{6,64})"
            rb"(?=[\s\"'`).,;]|\Z)"
        ),
        requires=MIXED_OR_JOINED,
        pending=re.compile(rb"\w+[ ](?:\w{2,3}[ ])?[\"'`(]?[\w.-]*(?::[^\s\"'`()<>:/]*)?\Z"),
    ),
    ContextRule(
        "pgpass",
        (b":5432:", b":5433:", b":6432:", b":*:"),
        _regex(rb":(?:\d+|\*):[\w*.-]+:[\w*.-]+:([^\s:]+)"),
        before=re.compile(rb"(?:\A|\n|[\s`\"'])[\w.*-]+\Z"),
        requires=LITERAL,
        pending=_LINE,
    ),
    ContextRule(
        "ldap-hash",
        (
            b"{sha",
            b"{ssha",
            b"{md5}",
            b"{smd5}",
            b"{crypt}",
            b"{pbkdf2",
            b"{argon2",
            b"{plain}",
            b"{cleartext}",
        ),
        _regex(rb"(\{[\w-]{3,16}\}[\w+/=.$,-]{8,})"),
        allow=NEVER,
        pending=_LINE,
    ),
    ContextRule(
        "webhook-url",
        (b"https://hooks.", b"/api/webhooks/", b"webhook.office.com/"),
        _regex(rb"((?:https://hooks\.[\w.-]+/|/api/webhooks/|webhook\.office\.com/)[\w/@.-]{12,})"),
        allow=NEVER,
        pending=_LINE,
    ),
    ContextRule(
        "password-hash",
        (),
        re.compile(rb"(\$(?:apr1|[156y]|2[abxy]|argon2(?:id?|d))\$[\w./$,=+-]*)"),
        requires=re.compile(rb".{20}"),
        allow=NEVER,
    ),
)

URL_RULE: Final = ContextRule("url", (b"://",), re.compile(rb"://[^\s/:\"'`<>]*:([^\s/\"'`<>]+)"))
"""The group holds the password up to its last "@", and the host after it."""
