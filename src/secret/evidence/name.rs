//! Names: whether what a name stands for is a secret.
//!
//! The last word of a name says what its value is: a `password_file` is a file, a `secretName` a name, a `tokenUrl` an
//! address. So names are read by their ends, and no list of exceptions has to be complete.

/// How sure it is that the value of a name is a secret itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// It may be, and it may be the name of an object that holds it: `secret`, `token`, or of a user: `accessKey`.
    Weak,
    /// It is in a variable, and may be the name of an object elsewhere: `secretKey`, `API_KEY`.
    Key,
    /// It is, where a program reads it: `clientSecret`, `API_TOKEN`.
    Medium,
    /// It is: `password`.
    Strong,
}

/// The longest name in bytes.
pub(super) const LONGEST: usize = 96;

/// The longest word that is looked at.
const WORDS: usize = 12;

/// What the last word may be followed by without meaning something else.
const SUFFIXES: &[&str] = &[
    "value",
    "plain",
    "plaintext",
    "cleartext",
    "literal",
    "b64",
    "base64",
    "hex",
    "raw",
    "new",
    "old",
    "current",
    "previous",
    "primary",
    "secondary",
];

/// Last words that are passwords, whatever stands before them.
const STRONG: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "passwort",
    "pswd",
    "bindpw",
    "rootpw",
    "adminpw",
    "userpw",
    "dbpw",
    "requirepass",
    "masterauth",
    "storepass",
    "keypass",
];

/// Endings of words that are written together: `rootpassword`.
const JOINED: &[&str] = &["password", "passwd", "passphrase"];

/// Words before a password that make it something else: a switch, a text of a form, a hash.
const NO_PASSWORD: &[&str] = &[
    "no",
    "not",
    "without",
    "skip",
    "show",
    "hide",
    "hidden",
    "forgot",
    "forgotten",
    "lost",
    "reset",
    "recover",
    "change",
    "changed",
    "generate",
    "generated",
    "random",
    "confirm",
    "confirmation",
    "enter",
    "invalid",
    "wrong",
    "incorrect",
    "missing",
    "min",
    "max",
    "use",
    "allow",
    "require",
    "required",
    "is",
    "has",
    "weak",
    "disable",
    "disabled",
    "enable",
    "enabled",
    "encrypted",
    "hashed",
    "hash",
    "sealed",
    "expired",
    "repeat",
    "update",
];

/// What `pass` stands behind where it is a password, and not a step or a way through (`proxy_pass`).
const PASS: &[&str] = &[
    "db",
    "database",
    "user",
    "smtp",
    "mail",
    "email",
    "mysql",
    "mariadb",
    "postgres",
    "postgresql",
    "pg",
    "redis",
    "admin",
    "root",
    "ldap",
    "bind",
    "basic",
    "auth",
    "http",
    "rabbitmq",
    "amqp",
    "mongo",
    "mongodb",
    "ftp",
    "sftp",
    "store",
    "key",
    "trust",
    "imap",
    "login",
    "mq",
    "broker",
    "mqtt",
    "jdbc",
    "sql",
    "app",
    "default",
    "service",
    "client",
    "rpc",
    "git",
    "registry",
    "docker",
    "elastic",
    "es",
    "kafka",
    "sasl",
    "ssh",
    "sudo",
    "account",
    "master",
    "influx",
    "grafana",
];

/// What a `secret` or `token` stands behind where a program reads the secret itself.
const QUALIFIERS: &[&str] = &[
    "access",
    "account",
    "admin",
    "api",
    "app",
    "application",
    "auth",
    "authentication",
    "bearer",
    "bot",
    "client",
    "cookie",
    "consul",
    "deploy",
    "discord",
    "github",
    "gitlab",
    "hmac",
    "influx",
    "influxdb",
    "join",
    "jwt",
    "login",
    "nextauth",
    "npm",
    "oauth",
    "oauth2",
    "oidc",
    "personal",
    "private",
    "proxy",
    "refresh",
    "registry",
    "root",
    "secret",
    "security",
    "service",
    "session",
    "shared",
    "sign",
    "signing",
    "slack",
    "sonar",
    "telegram",
    "user",
    "vault",
    "webhook",
    "webhooks",
];

/// What a `token` stands behind where it is none that opens anything: those of languages, of pages, of forms.
const NO_TOKEN: &[&str] = &[
    "bos",
    "cls",
    "continuation",
    "continue",
    "csrf",
    "end",
    "eos",
    "mask",
    "max",
    "min",
    "next",
    "page",
    "pad",
    "public",
    "sep",
    "site",
    "special",
    "start",
    "stop",
    "sync",
    "unk",
];

/// What a `key` stands behind where it is a secret.
const KEYS: &[&str] = &[
    "access",
    "account",
    "api",
    "app",
    "application",
    "auth",
    "authentication",
    "client",
    "consumer",
    "cookie",
    "crypto",
    "decryption",
    "deploy",
    "encrypt",
    "encryption",
    "fernet",
    "hmac",
    "ingest",
    "ingestion",
    "integration",
    "routing",
    "jwt",
    "license",
    "master",
    "private",
    "root",
    "secret",
    "service",
    "session",
    "shared",
    "sign",
    "signing",
    "ssh",
    "storage",
    "unseal",
    "webhook",
];

/// Names that are no words of their own.
const WHOLE: &[&str] = &["secret_key_base", "rails_master_key"];

/// Says whether the value of a name is a secret. A name with a path or group before it is read from its last slash.
pub(super) fn strength(name: &str) -> Option<Strength> {
    if !may_be(name.as_bytes()) {
        return None;
    }
    let name = name.rsplit('/').next().unwrap_or(name);
    if name.len() > LONGEST || !may_be(name.as_bytes()) {
        return None;
    }
    // The working folder.
    if matches!(name, "PWD" | "OLDPWD") {
        return None;
    }
    if WHOLE.contains(&name.to_ascii_lowercase().as_str()) {
        return Some(Strength::Medium);
    }
    let mut words = words(name);
    while words.len() > 1
        && words.last().is_some_and(|last| {
            SUFFIXES.contains(&last.as_str()) || last.bytes().all(|byte| byte.is_ascii_digit())
        })
    {
        words.pop();
    }
    let last = words.pop()?;
    let last = last.trim_end_matches(|c: char| c.is_ascii_digit());
    let before = words.last().map_or("", String::as_str);
    of_words(last, before)
}

fn of_words(last: &str, before: &str) -> Option<Strength> {
    let joined = |ends: &[&str]| ends.iter().any(|end| last.ends_with(end));
    if last != "htpasswd" && (STRONG.contains(&last) || joined(JOINED)) {
        return (!NO_PASSWORD.contains(&before)).then_some(Strength::Strong);
    }
    match last {
        "pass" | "pw" if PASS.contains(&before) => Some(Strength::Strong),
        "pass" if before.is_empty() => Some(Strength::Medium),
        "token" | "authtoken" if NO_TOKEN.contains(&before) => None,
        "token" | "secret" if QUALIFIERS.contains(&before) => Some(Strength::Medium),
        "clientsecret" | "authtoken" | "accesstoken" | "apitoken" | "bearertoken" => {
            Some(Strength::Medium)
        }
        "token" | "secret" | "credential" | "credentials" => {
            let denied = matches!(before, "no" | "enable" | "use" | "public" | "existing");
            (!denied).then_some(Strength::Weak)
        }
        "key" if before == "access" => Some(Strength::Weak),
        "key" if KEYS.contains(&before) => Some(Strength::Key),
        "auth" if before == "rediscli" => Some(Strength::Strong),
        "cookie" if before == "erlang" => Some(Strength::Medium),
        "accesskey" => Some(Strength::Weak),
        "apikey" | "secretkey" | "privatekey" | "accountkey" | "authkey" | "encryptionkey"
        | "signingkey" | "masterkey" | "storagekey" => Some(Strength::Key),
        _ => None,
    }
}

/// Tells whether a name can be one of those that say a secret; most are not, and this is asked of every key.
fn may_be(name: &[u8]) -> bool {
    const ENDS: &[u8] = b"setdnlyxwh0123456789";
    let last = name.last().map(u8::to_ascii_lowercase);
    last.is_some_and(|last| ENDS.contains(&last) || !last.is_ascii_alphanumeric())
        && name.len() >= 3
        && name.windows(3).any(|three| {
            let lower = |at: usize| three.get(at).map_or(0, u8::to_ascii_lowercase);
            matches!(
                &[lower(0), lower(1), lower(2)],
                b"pas"
                    | b"psw"
                    | b"sec"
                    | b"tok"
                    | b"cre"
                    | b"key"
                    | b"aut"
                    | b"coo"
                    | [_, b'p', b'w']
                    | [b'p', b'w', _]
            )
        })
}

/// Splits a name into lower-case words: at what is no letter or digit, and where capitals begin a word. Of many words the
/// last ones are kept.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let bytes = name.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        if !byte.is_ascii_alphanumeric() {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        let previous = at.checked_sub(1).and_then(|at| bytes.get(at));
        let after_lower = previous
            .is_some_and(|previous| previous.is_ascii_lowercase() || previous.is_ascii_digit());
        // `APIKey` is `api` and `key`.
        let before_lower = previous.is_some_and(u8::is_ascii_uppercase)
            && bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        if byte.is_ascii_uppercase() && (after_lower || before_lower) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        word.push(char::from(byte.to_ascii_lowercase()));
    }
    if !word.is_empty() {
        words.push(word);
    }
    let many = words.len().saturating_sub(WORDS);
    words.split_off(many)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_says_what_it_is() {
        use Strength::{Key, Medium, Strong, Weak};
        for (names, expected) in [
            (
                "password DB_PASSWORD adminPassword admin.password spring.datasource.password root-passwd MYSQL_PWD \
                 rootpassword PGPASSWORD requirepass DB_PASS smtp_pass REDISCLI_AUTH password1 PASSWORD_2 passwordPlain \
                 MYSQL_ROOT_PASSWORD javax.net.ssl.keyStorePassword example.org/password passphrase bindPW LDAP_BIND_PW rootpw \
                 SMTP_PSWD",
                Some(Strong),
            ),
            (
                "clientSecret client_secret API_TOKEN auth-token cookie-secret jwtSecret pass bearerToken VAULT_TOKEN \
                 SECRET_KEY_BASE webhookSecret clientsecret accessToken RABBITMQ_ERLANG_COOKIE",
                Some(Medium),
            ),
            (
                "secret token credentials accessKey AWS_SECRET_ACCESS_KEY nginx.ingress.kubernetes.io/auth-tls-secret \
                 tokenValue accesskey",
                Some(Weak),
            ),
            (
                "apiKey API_KEY APIKey privateKey secret_key encryptionKey DJANGO_SECRET_KEY secretkey",
                Some(Key),
            ),
            (
                "passwordFile password_file PASSWORD_FILE secretName secretKeyRef tokenUrl token_url TOKEN_PATH \
                 passwordSecretRef tokenExpirationSeconds existingSecret OMRS_ADMIN_PASSWORD_LOCKED access_key_id \
                 credentials_file proxy_pass bypass eos_token max_tokens publicKey author server_tokens key \
                 authorization keys secretRef credentialName secretNamespace resetPassword forgot_password username \
                 password_policy tokenReview hashedPassword clientId secrets tokens passes compass sec no_password pw PW_LENGTH \
                 federated_credential_audience workload_identity_token_file secret-type htpasswd PWD",
                None,
            ),
        ] {
            for name in names.split_whitespace() {
                assert_eq!(strength(name), expected, "{name}");
            }
        }
    }

    #[test]
    fn names_are_words() {
        for (name, expected) in [
            ("APIKey", "api key"),
            ("clientSecret2", "client secret2"),
            ("OMRS_DB_PASSWORD", "omrs db password"),
            ("--cookie-secret", "cookie secret"),
            ("a.b/c", "a b c"),
            ("X509Key", "x509 key"),
            ("é_password", "password"),
        ] {
            assert_eq!(words(name).join(" "), expected);
        }
        assert_eq!(words(&"a.".repeat(100)).len(), WORDS);
    }
}
