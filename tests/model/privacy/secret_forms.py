"""The forms in which passwords are written, as a table: three texts of each, or more.

The secrets are between guillemets. They have letters alone where the form itself shows a password,
and letters with digits or signs elsewhere.
"""

from __future__ import annotations

from typing import Final, NamedTuple

FORMS: Final = {
    "JSON, name and value": (
        '{"name":"DB_PASSWORD","value":"«whiskey»"}',
        '{"env":[{"name":"TZ","value":"UTC"},{"name":"SMTP_PASS","value":"«quartz-heron»"}]}',
        '[{"key":"jwt_secret","type":"string","value":"«marmalade»"},{"key":"tz","value":"UTC"}]',
        '{"Key": "ApiPassword", "Scope": "all", "Value": "«velvetmoon»"}',
    ),
    "JSON, value before name": (
        '{"value":"«whiskey»","name":"DB_PASSWORD"}',
        '{"secure":true,"value":"«bluebottle»","key":"root_password"}',
        '{\n  "value": "«marmalade»",\n  "name": "ADMIN_PASSWORD"\n}',
    ),
    "JSON, value on the next line": (
        '{"password":\n    "«whiskey»"}',
        '{\n  "db_password" :\n\n    "«marmalade»",\n  "port": 5432\n}',
        '{\n  "name": "SMTP_PASSWORD",\n  "value":\n    "«quartzheron»"\n}',
    ),
    "JSON, nested value": (
        '{"password": {"type": "string", "default": "«whiskey»"}}',
        '{"password":{"value":"«marmalade»","encrypted":false}}',
        '{\n  "adminPassword": {\n    "metadata": { "description": "of the VM" },\n'
        '    "defaultValue": "«Quartz!heron»"\n  }\n}',
        '{"name":"DB_PASSWORD","spec":{"value":"«bluebottle»"}}',
    ),
    "JSON, list": (
        '"passwords": ["«whiskey»"]',
        '{"passwords":["«whiskey»","«marmalade»"]}',
        '{"secrets": [\n  "«quartz-heron»",\n  "«velvet-moon»"\n]}',
    ),
    "JSON in a string": (
        'SETTINGS = "{\\"password\\":\\"«hunter22»\\",\\"user\\":\\"ann\\"}"',
        'payload=\'{"user":"ann","password":"«whiskey»"}\'',
        'curl -d "{\\"password\\": \\"«velvet-moon7»\\"}" https://api.example.org',
    ),
    "netrc": (
        "machine example.org\n  login ann\n  password «whiskey»",
        "machine git.example.org\nlogin ann\npassword «marmalade»",
        "machine ftp.example.org login ann password «quartz-heron»",
        "default\n\tlogin anonymous\n\tpassword «velvetmoon»",
        "machine example.org\n  login ann\n  account main\n  password «bluebottle»\n  macdef init",
    ),
    "typed declaration": (
        'let password: &str = "«whiskey»";',
        'const DB_PASSWORD: &\'static str = "«marmalade»";',
        'let password: string = "«velvetmoon»";',
        'password: str = "«quartzheron»"',
        'val password: String = "«whiskey»"',
        'var dbPassword: String? = "«bluebottle»"',
    ),
    "declaration, type before the value": (
        'var password string = "«whiskey»"',
        'const dbPassword string = "«marmalade»"',
        'Dim password As String = "«velvetmoon»"',
        "declare password text := '«quartz-heron»';",
    ),
    "declaration, type before the name": (
        'const char *password = "«whiskey»";',
        'private static final String DB_PASSWORD = "«marmalade»";',
        'std::string password{"«velvetmoon»"};',
        'static const char wifi_password[] = "«quartz-heron»";',
        'string constant password = "«bluebottle»";',
    ),
    "assignment of any language": (
        'password := "«whiskey»"',
        '(def password "«velvetmoon»")',
        '(setq smtp-password "«marmalade»")',
        "$password = '«quartzheron»';",
        'set password "«bluebottle»"',
        'password <- "«marmalade»"',
        "my $db_pass = q{«whiskey»};",
        '-define(DB_PASSWORD, "«velvetmoon»").',
        '#define WIFI_PASSWORD "«quartz-heron»"',
        'local password <const> = "«marmalade»"',
        "@password = '«bluebottle»'",
        '(defparameter *password* "«whiskey»")',
    ),
    "converted value": (
        'let password = String::from("«whiskey»");',
        'password := []byte("«marmalade»")',
        'let password = "«velvetmoon»".to_string();',
        'std::string password = std::string("«quartz-heron»");',
        'password = SecretStr("«bluebottle»")',
        "$password = ConvertTo-SecureString '«whiskey»' -AsPlainText -Force",
    ),
    "Terraform": (
        'variable "db_password" {\n  type = string\n  default = "«whiskey»"\n}',
        'variable "db_password" {\n  description = "Of the database"\n  type        = string\n'
        '  sensitive   = true\n  default     = "«marmalade»"\n}',
        'variable "admin_password" { default = "«velvetmoon»" }',
        'resource "aws_db_instance" "db" {\n  username = "ann"\n  password = "«quartzheron»"\n}',
        'locals {\n  db_password = "«bluebottle»"\n}',
    ),
    "XML, text of an element": (
        "<password>«whiskey»</password>",
        "<password>\n  «whiskey»\n</password>",
        "<ns:Password>\n    «marmalade»\n</ns:Password>",
        "<db-password><![CDATA[«velvetmoon»]]></db-password>",
        '<password type="plain">«whiskey»</password>',
        '<wsse:Password\n    Type="PasswordText">«quartz-heron»</wsse:Password>',
    ),
    "XML, attribute": (
        '<user name="ann" password="«whiskey»"/>',
        '<add key="DbPassword" value="«marmalade»"/>',
        '<property name="hibernate.connection.password" value="«velvetmoon»" />',
        '<add value="«quartzheron»" key="SmtpPassword"/>',
        '<entry key="password">«whiskey»</entry>',
        '<setting name="Password" serializeAs="String">\n  <value>«bluebottle»</value>\n</setting>',
        "<key>password</key>\n<string>«marmalade»</string>",
        "<name>db.password</name>\n<value>«velvet-moon»</value>",
    ),
    "YAML, block": (
        "password: |\n  «whiskey»\nuser: ann",
        "db:\n  password: >-\n    «marmalade»\n  user: ann",
        'stringData:\n  password: |-\n    «velvetmoon»\n  user: "ann"',
        "password: |\n\n  «quartz-heron»\n",
    ),
    "YAML, list and pairs": (
        "passwords:\n  - «hunter22»\n  - «hunter33»",
        "- name: DB_PASSWORD\n  value: «whiskey»",
        "      - DB_PASSWORD=«whiskey»",
        "env:\n  - name: SMTP_PASSWORD\n    # of the relay\n    value: '«marmalade»'",
        "environment:\n  MYSQL_ROOT_PASSWORD: «bluebottle»",
        "password: !!str «hunter22»",
        "credentials: {user: ann, password: «velvet7moon»}",
    ),
    "TOML and INI": (
        '[database]\nuser = "ann"\npassword = "«whiskey»"',
        "[pypi]\nusername = ann\npassword = «whiskey»",
        "[client]\nuser=ann\npassword=«marmalade»",
        'password = """\n«velvetmoon»"""',
        "auth = { user = \"ann\", password = '«quartzheron»' }",
    ),
    "properties and environment": (
        "spring.datasource.password=«whiskey»",
        "export DB_PASSWORD=«marmalade»",
        "DB_PASSWORD=«whiskey»",
        "set DB_PASSWORD=«velvetmoon»",
        "ENV DB_PASSWORD «quartzheron»",
        "$env:DB_PASSWORD = '«bluebottle»'",
        "SECRET_KEY='«marmalade jar»'",
    ),
    "default of a call": (
        'os.environ.get("DB_PASSWORD", "«whiskey»")',
        'val p = System.getenv("DB_PASSWORD") ?: "«marmalade»"',
        'config("DB_PASSWORD", default="«velvetmoon»")',
        "const p = process.env.DB_PASSWORD || '«quartzheron»';",
        'p = ENV.fetch("DB_PASSWORD") { "«bluebottle»" }',
        'os.getenv("DB_PASSWORD") or "«whiskey»"',
        'viper.SetDefault("db.password", "«marmalade»")',
        "env('DB_PASSWORD', '«velvetmoon»')",
        'System.getProperty("db.password", "«quartz-heron»")',
        'Environment.GetEnvironmentVariable("DB_PASSWORD") ?? "«bluebottle»"',
        'parser.add_argument("--password", help="of the database", default="«whiskey»")',
        'flag.String("password", "«marmalade»", "of the database")',
        '@Value("${db.password:«velvetmoon»}")',
        "@click.option('--password', default='«quartzheron»')",
        'std::env::var("DB_PASSWORD").unwrap_or("«bluebottle»".to_string())',
        'password: str = Field(default="«whiskey»")',
        'password = forms.CharField(initial="«marmalade»")',
        "${DB_PASSWORD:-«velvetmoon»}",
        'def connect(user, password="«quartzheron»"):',
    ),
    "argument of a call": (
        'db.connect(user="ann", password="«whiskey»")',
        'builder.withPassword("«marmalade»").build()',
        "client.setPassword('«velvetmoon»');",
        'login("ann@example.org", "«quartz-heron7»")',
        'page.fill("#password", "«bluebottle7»")',
        'DriverManager.getConnection(url, "ann", "«Velvet!moon»")',
        'new PasswordCredential("ann", "«hunter22»")',
        "setPassword(user, '«whiskey7»')",
        'driver.findElement(By.id("password")).sendKeys("«marmalade»");',
        'props.put("password", "«quartzheron»");',
        "define('DB_PASSWORD', '«whiskey jar»');",
        'hash_password("«velvetmoon»")',
        'assertTrue(check_password("«bluebottle»"))',
        'new SqlCredential("ann", ToSecureString("«hunter22»"))',
        'User.create(name: "ann", password: "«marmalade»")',
        "smtp.login('ann', '«hunter!22»')",
    ),
    "option of a command": (
        "tool --password «hunter22»",
        "mysqldump --user=root --password=«whiskey» app",
        "docker login -u ann -p «hunter22» registry.local",
        "mysql -u root -p«hunter22» app",
        "sshpass -p '«whiskey jar»' ssh root@10.0.0.2",
        "echo «whiskey7» | sudo -S reboot",
        "helm install app ./chart --set db.password=«velvetmoon»",
        "kubectl create secret generic db --from-literal=password=«marmalade»",
        "curl -u ann:«hunter22» https://example.org",
    ),
    "SQL": (
        "ALTER USER ann PASSWORD '«whiskey»';",
        "CREATE USER ann IDENTIFIED BY '«marmalade»';",
        "CREATE LOGIN ann WITH PASSWORD = '«velvetmoon»', CHECK_POLICY = OFF;",
        "INSERT INTO users (name, password) VALUES ('ann', '«hunter22»');",
        "UPDATE users SET password = '«quartzheron»' WHERE id = 4;",
        "SET PASSWORD FOR 'ann'@'%' = PASSWORD('«bluebottle»');",
        "INSERT INTO users (id, login, password, mail)\nVALUES (1, 'ann', '«whiskey»', 'a@b.org'),"
        "\n"
        "       (2, 'bob', '«marmalade»', 'b@b.org');",
        "SELECT crypt('«velvetmoon»', gen_salt('bf')) AS password;",
        "CREATE USER ann IDENTIFIED BY «hunter22»;",
        "SELECT * FROM users WHERE name = 'ann' AND password = '«whiskey»';",
        "UPDATE users SET password = MD5('«quartzheron»') WHERE id = 4;",
    ),
    "connection string": (
        "postgres://ann:«whiskey»@db.example.org/app",
        "Server=db;Database=app;Uid=sa;Pwd=«velvetmoon»;Encrypt=yes",
        "host=db user=ann password=«marmalade» dbname=app",
        "jdbc:mysql://db:3306/app?user=ann&password=«quartzheron»",
        "localhost:5432:app:ann:«whiskey»",
        "//registry.example.org/:_authToken=«abc-123-def»",
    ),
    "columns": (
        "user;password\nann;«whiskey»\nbob;«marmalade»\n",
        "name,login,password\nAnn,ann,«velvetmoon»\n",
        "| user | password |\n| --- | --- |\n| ann | «hunter22» |",
        "host\tuser\tpassword\nweb1\tann\t«quartzheron»\n",
    ),
    "notes, a line below": (
        "Password:\n    «hunter22»",
        "wifi password\n«velvet7moon»\n",
        "Router password:\n\n«hunter22»\n",
        "# Password\n\n- «hunter22»\n",
        "Passwort Drucker:\n«Velvet!moon»\n",
        "The new password for the printer:\n\n> «hunter22»\n",
        "**Admin password**\n`«velvetmoon7»`\n",
    ),
    "notes, a dash": (
        "wifi password - «hunter22»",
        "password – «hunter22»",
        "Netflix password — «Velvet!moon»",
        "router pw -- «hunter22»",
        "- admin password - «velvet-moon7»",
    ),
    "notes, an arrow": (
        "wifi password → «hunter22»",
        "password -> «hunter22»",
        "root password => «Velvet!moon»",
        "Passwort ➜ «hunter22»",
        "NAS admin pw --> «velvet7moon»",
    ),
    "notes, a colon of full width": (
        "Password：«hunter22»",
        "密码：«hunter22»",
        "wifi password ： «velvet7moon»",
        "パスワード：«hunter22»",
    ),
    "notes, name and user": (
        "user: ann / password: «hunter22»",
        "login ann, pw «hunter22»",
        "ann / «hunter22» is the login for the wiki",
        "Username: ann\nPassword: «hunter22»",
        "wiki: ann, password «velvet7moon»",
        "user = ann pass = «hunter22»",
    ),
    "prose, a verb": (
        "the password is now «hunter22».",
        "The password has been changed to «hunter22».",
        "I set the password to «Velvet!moon», please keep it.",
        "We reset your password to «hunter22» today.",
        "My password was «hunter22» until May.",
        "The wifi password will be «hunter22» from Monday on.",
        "For the password we chose «velvet7moon».",
        "The password for the archive you asked for yesterday is still «hunter22».",
        "The password, as always, is «hunter22».",
        "the password's «hunter22»",
    ),
    "prose, name after the value": (
        "«hunter22» is the password.",
        "Use «hunter22» as the password.",
        "Enter «hunter22» when asked for the password.",
        "«hunter22» (the wifi password)",
        "«velvet7moon» <- password of the router",
        "It's «hunter22», that is the new password.",
        "Log in as ann with «hunter22» as your password.",
    ),
    "prose, name in the sentence before": (
        "You asked for the wifi password. It is «hunter22».",
        "About the password: I changed it yesterday. Now it's «hunter22».",
        "Forgot the password again? Try «Velvet!moon».",
        "Here is the password you wanted, write it down: «hunter22»",
        "The archive has a password. Please type «hunter22» to open it.",
    ),
    "chat": (
        "ann: what's the wifi password?\nbob: «hunter22»",
        "[10:32] ann: password for the NAS?\n[10:33] bob: it's «velvet7moon»",
        "<ann> whats the root pw\n<bob> «hunter22»",
        "Ann: can you send me the password\nBob: sure\nBob: «Velvet!moon»",
        "ann: pw pls\nbob: try «hunter22»",
    ),
    "mail": (
        "Dear Ann,\n\nyour account is ready.\n\nUser: ann\nPassword: «hunter22»\n\nRegards",
        "Hi,\n\nthe login is ann with password «hunter22».\n\nBob",
        "> What was the password again?\n\nIt's «velvet7moon».\n",
        "Your temporary password is:\n\n    «hunter22»\n\nPlease change it.",
        "The zip is encrypted, the password comes here: «Velvet!moon»",
    ),
    "a PIN or the code of a lock": (
        "The PIN is «4711».",
        "Door code: «4711#»",
        "The alarm code is «1 9 0 7».",
        "PIN «0815» for the SIM",
        "The code for the bike shed is «3385».",
        "ann: code for the door?\nbob: «3385»",
    ),
    "pass phrase": (
        "The passphrase is «correct horse battery staple».",
        "passphrase: «purple walrus gazette»",
        "Recovery phrase:\n«abandon ability able about above absent absorb abstract absurd abuse "
        "access accident»",
    ),
    "comment": (
        "# password: «hunter22»",
        "// the password is «hunter22»",
        "/* pw: «Velvet!moon» */",
        "<!-- admin password: «hunter22» -->",
        "-- password = «hunter22»",
    ),
    "comparison": (
        'if password == "«whiskey»":',
        'if ("«marmalade»".equals(password)) {',
        'if [ "$PASSWORD" = "«velvetmoon»" ]; then',
        "assert user.password == '«quartzheron»'",
        'expect(password).toBe("«bluebottle»");',
        'case password of "«whiskey»" -> true',
    ),
    "HTML and forms": (
        '<input type="password" name="pw" value="«whiskey»">',
        '<input name="password" type="hidden" value="«marmalade»"/>',
        "<td>Password</td><td>«hunter22»</td>",
        "<dt>Password</dt>\n<dd>«velvet7moon»</dd>",
        "<b>Password:</b> «hunter22»<br>",
    ),
}
"""Texts by the form."""


class Form(NamedTuple):
    """A text of a form, and its secrets.

    Attributes:
        kind: the form.
        text: with a line before and after it.
        secrets: the parts of the text that are secret.
    """

    kind: str
    text: bytes
    secrets: tuple[bytes, ...]


def parse(kind: str, marked: str) -> Form:
    """Return the form of a text in which the secrets are between guillemets."""
    pieces = marked.replace("«", "»").split("»")
    text = "first line\n{}\nlast line\n".format("".join(pieces))
    return Form(kind, text.encode(), tuple(piece.encode() for piece in pieces[1::2]))


ALL_FORMS: Final = [parse(kind, text) for kind, texts in FORMS.items() for text in texts]
