//! Values: whether a text can be a secret itself, and how much it looks like one that was made by chance.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::bracket;

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// No secret: empty, a switch, a number, a reference to where the secret is, a path, an address, a placeholder.
    Nothing,
    /// A number of four digits or more.
    Number,
    /// A word, perhaps with a number behind it.
    Word,
    /// Words with marks between them, as objects are named.
    Name,
    /// Anything else.
    Plain,
    /// Long, mixed and of many characters, as what is made by chance.
    Random,
}

/// The longest value in bytes; a secret that is longer is known by its form.
pub(super) const LONGEST: usize = 2048;

/// Words that are no secrets, in any case: what switches, types and empty places are called.
const WORDS: &[&str] = &[
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "null",
    "nil",
    "none",
    "undefined",
    "default",
    "auto",
    "enabled",
    "disabled",
    "enable",
    "disable",
    "optional",
    "required",
    "string",
    "str",
    "text",
    "bytes",
    "bytea",
    "varchar",
    "bool",
    "boolean",
    "int",
    "integer",
    "number",
    "object",
    "any",
    "hidden",
    "unset",
    "empty",
    "unknown",
    "never",
    "always",
    "basic",
    "bearer",
    "file",
    "files",
    "token",
    "env",
    "vault",
    "kubernetes",
    "plain",
    "md5",
    "trust",
    "peer",
    "ident",
    "reject",
    "dummy",
    "fake",
];

/// Parts of texts that stand in for a value or cover it up.
static STAND_INS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    finder(&[
        "redacted",
        "masked",
        "placeholder",
        "replaceme",
        "replace-me",
        "replace_me",
        "insert-",
        "insert_",
        "your-",
        "your_",
        "not-a-real",
        "todo",
        "fixme",
        "xxx",
        "***",
        "...",
        "…",
        "•",
        "dummy-",
        "dummy_",
        "fake-",
        "fake_",
        "example",
    ])
});

/// Parts of texts that something else fills.
static PLACEHOLDERS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    finder(&[
        "${", "$(", "{{", "%(", "%{", "#{", "@{", "((", "[[", "$__", "$[",
    ])
});

/// Parts of regular expressions, formats and addresses.
static PATTERNS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    finder(&[
        ".*", ".+", "[^", "(?", "\\s", "\\w", "\\d", "\\.", "\\(", "%s", "%v", "%d", "{}", "{0}",
        "\\1", "\\2", "://",
    ])
});

/// Makes what finds parts of texts in one pass, in any case.
#[expect(clippy::expect_used, reason = "a few hundred bytes of fixed patterns")]
fn finder(parts: &[&str]) -> AhoCorasick {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(parts)
        .expect("the patterns are few")
}

/// Beginnings of what says where a secret is.
const REFERENCES: &[&str] = &[
    "vault:",
    "urn:",
    "ref+",
    "secret:",
    "secretref:",
    "secret-ref:",
    "arn:",
    "op:",
    "ssm:",
    "awssm:",
    "gcpsm:",
    "gsm:",
    "keyvault:",
    "akv:",
    "azurekeyvault:",
    "env:",
    "env.",
    "os.",
    "sys.",
    "file:",
    "enc[",
    "enc:",
    "encrypted:",
    "sealed:",
    "projects/",
    "kv/",
    "sha1:",
    "sha256:",
    "sha512:",
    "pbkdf2",
    "scrypt",
    "argon2",
    "scram-sha",
    "sops:",
    "valuefrom:",
    "local.",
    "remote.",
    "var.",
    "data.",
    "module.",
    "random_password.",
    "process.",
    "config.",
    "values.",
];

/// Says what a value looks like.
pub(super) fn class(value: &str) -> Class {
    let value = value.trim();
    let bare = value.len() > LONGEST || value.contains(char::is_whitespace);
    if value.is_empty() || bare || is_nothing(value) {
        return Class::Nothing;
    }
    let bytes = value.as_bytes();
    let all = |test: fn(&u8) -> bool| bytes.iter().all(test);
    if all(u8::is_ascii_digit) {
        let long = bytes.len() >= 4;
        return if long { Class::Number } else { Class::Nothing };
    }
    if is_measure(value) || is_path(value) || is_mail(value) {
        return Class::Nothing;
    }
    if is_name(value) {
        let marked = value.contains(MARKS);
        return if marked { Class::Name } else { Class::Word };
    }
    if is_random(bytes) {
        return Class::Random;
    }
    if all(u8::is_ascii_alphabetic) {
        return Class::Word;
    }
    Class::Plain
}

/// Tells whether a text stands in for a value that is not there yet, or covers one up.
pub(crate) fn is_stand_in(value: &str) -> bool {
    STAND_INS.is_match(value)
}

/// Returns the beginning of a text, in lower case.
fn beginning(value: &str) -> String {
    let beginning = value.get(..value.floor_char_boundary(64));
    beginning.unwrap_or_default().to_ascii_lowercase()
}

/// Tells whether a text says where a value is, or that none is there yet: `${PASSWORD}`, `<path:kv/data/db#password>`.
pub(crate) fn is_reference(value: &str) -> bool {
    let lower = beginning(value);
    REFERENCES.iter().any(|front| lower.starts_with(front))
        || has_placeholder(value)
        || is_call(value)
}

/// Tells whether a text holds a place that something else fills: `$NAME`, `${NAME}`, `$(NAME)`, `{{ name }}`, `<name>`,
/// `%(name)s`, `((name))`, `#{name}#`, `__name__`.
pub(super) fn has_placeholder(value: &str) -> bool {
    let bytes = value.as_bytes();
    let second = bytes.get(1);
    let variable = bytes.first() == Some(&b'$')
        && second.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_@*#?".contains(byte));
    let around = |open: &str, close: &str| {
        value.len() > open.len() + close.len() && value.starts_with(open) && value.ends_with(close)
    };
    variable
        || PLACEHOLDERS.is_match(value)
        || around("%", "%")
        || around("__", "__")
        || value.contains("<path:")
        || bracket::is_placeholder(value)
}

fn is_nothing(value: &str) -> bool {
    let lower = beginning(value);
    let first = value.chars().next().unwrap_or_default();
    WORDS.contains(&lower.as_str())
        || value.chars().all(|c| c == first)
        || bracket::is_markup(value)
        || is_stand_in(value)
        // Lists, maps, aliases, tags and wildcards of YAML, patterns, what begins a block; the rest of a hash.
        || value.starts_with(['[', '{', '*', '&', '?', '|', '>', '`', '%', ',', ';', ')'])
        || is_pattern(value)
        || is_reference(value)
}

/// Tells whether a value is a regular expression, a format or an address.
pub(super) fn is_pattern(value: &str) -> bool {
    PATTERNS.is_match(value)
}

/// Tells whether a value is a call or an index in a program: `getPassword()`, `env("X")`, `data["password"]`.
fn is_call(value: &str) -> bool {
    let name = value.find(['(', '[']).and_then(|at| value.get(..at));
    name.is_some_and(|name| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || b"._$!".contains(&byte))
    })
}

/// Tells whether a value is a number with a unit, or several: `30s`, `1h30m`, `12.5%`, `1_000`, `-1`.
fn is_measure(value: &str) -> bool {
    const UNITS: &[&str] = &[
        "", "ns", "us", "ms", "s", "sec", "m", "min", "h", "d", "w", "y", "k", "K", "Ki", "M",
        "Mi", "G", "Gi", "T", "Ti", "B", "KB", "kB", "MB", "GB", "KiB", "MiB", "GiB", "%",
    ];
    let mut rest = value.trim_start_matches(['-', '+']);
    let of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '_');
    while !rest.is_empty() {
        let unit = rest.trim_start_matches(of_number);
        if unit.len() == rest.len() {
            return false;
        }
        let next = unit.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
        let length = unit.len() - next.len();
        if !UNITS.contains(&unit.get(..length).unwrap_or_default()) {
            return false;
        }
        rest = next;
    }
    !value.is_empty()
}

/// Extensions of files that are named where a secret could be.
const FILES: &[&str] = &[
    "crt",
    "key",
    "pem",
    "json",
    "yaml",
    "yml",
    "txt",
    "conf",
    "cfg",
    "ini",
    "jks",
    "p12",
    "pfx",
    "der",
    "cer",
    "pub",
    "toml",
    "properties",
    "xml",
    "env",
    "sh",
    "py",
    "js",
    "sql",
];

/// Tells whether a value is the path of a file or of something in a vault, or a name with a namespace or domain before it.
fn is_path(value: &str) -> bool {
    let rooted =
        value.starts_with(['/', '~']) || value.starts_with("./") || value.starts_with("../");
    let windows = value.get(1..3) == Some(":\\");
    let of_path = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~@:#,".contains(&byte);
    if windows || (rooted && value.len() > 1 && value.bytes().all(of_path)) {
        return true;
    }
    let has_extension = || {
        let (stem, extension) = value.rsplit_once('.').unwrap_or_default();
        !stem.is_empty() && FILES.contains(&extension)
    };
    if value.contains('/') {
        value.bytes().all(of_path) && value.split('/').all(|part| is_wordy(part, 0..=64))
    } else {
        has_extension()
    }
}

fn is_mail(value: &str) -> bool {
    let Some((user, domain)) = value.split_once('@') else {
        return false;
    };
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
    let top = domain.rsplit_once('.').map_or("", |(_, top)| top);
    !user.is_empty()
        && user.bytes().all(of_name)
        && domain.bytes().all(of_name)
        && top.len() >= 2
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// What stands between the words of a name.
pub(super) const MARKS: [char; 5] = ['-', '_', '.', ':', ','];

/// Tells whether a text is made of words, with marks between them, a number or version behind them, or what a tool puts
/// behind a name that it makes.
fn is_name(value: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:,".contains(&byte);
    value.bytes().all(of_name)
        && (is_wordy(value, 1..=64)
            || value.rsplit_once('-').is_some_and(|(front, end)| {
                // `db-password-7f9c8d5b6f`: an object of Kustomize or of a controller.
                let made = end.len() <= 10
                    && end
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
                made && is_wordy(front, 1..=64)
            }))
}

/// Tells whether a text is so many words: letters of one case but for the first, and up to four digits at the end.
fn is_wordy(text: &str, count: RangeInclusive<usize>) -> bool {
    let mut words = 0;
    let all = text
        .split(['-', '_', '.', ':', ',', '@', '#', '~'])
        .all(|word| {
            words += usize::from(!word.is_empty());
            let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
            let digits = word.len() - letters.len();
            let rest = letters.get(1..).unwrap_or_default();
            let lower = rest.bytes().all(|byte| byte.is_ascii_lowercase());
            let upper = letters.bytes().all(|byte| byte.is_ascii_uppercase());
            digits <= 4 && (lower || upper || is_camel(letters))
        });
    all && count.contains(&words)
}

/// Tells whether a word is of words that begin with capitals.
fn is_camel(word: &str) -> bool {
    let capitals = word.bytes().filter(u8::is_ascii_uppercase).count();
    word.bytes().all(|byte| byte.is_ascii_alphabetic()) && capitals * 3 <= word.len()
}

/// Tells whether a text looks as if it was made by chance: hexadecimal, or of several kinds of characters that seldom
/// repeat. A supplement to a name that says a secret, never enough alone: digests and ids look the same.
fn is_random(bytes: &[u8]) -> bool {
    let count = |test: fn(&u8) -> bool| bytes.iter().filter(|byte| test(byte)).count();
    let digits = count(u8::is_ascii_digit);
    let (lower, upper) = (count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase));
    let hex = bytes.len() >= 20
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    let kinds = [digits, lower, upper]
        .iter()
        .filter(|count| **count > 0)
        .count();
    let few = if bytes.len() >= 32 && kinds == 3 {
        1
    } else {
        2
    };
    let mixed =
        bytes.len() >= 16 && digits >= few && kinds >= 2 && lower.max(upper) * 5 <= bytes.len() * 4;
    // Letters and digits that take turns more often than in words with numbers.
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    let turns = pairs
        .filter(|(a, b)| {
            a.is_ascii_digit() != b.is_ascii_digit()
                || a.is_ascii_uppercase() && b.is_ascii_lowercase()
        })
        .count();
    (hex && digits > 0 || mixed && turns * 6 >= bytes.len()) && entropy(bytes) >= 3.0
}

/// The bits of a character, as often as it stands in the text (Shannon).
#[expect(clippy::cast_precision_loss, reason = "a text here is short")]
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let length = bytes.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / length;
            -share * share.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_secret_is_known() {
        for value in [
            "",
            " ",
            "true",
            "Off",
            "null",
            "12",
            "30s",
            "1h30m",
            "12.5%",
            "-1",
            "0.5",
            "$NAME",
            "${NAME}",
            "$(NAME)",
            "prefix-${NAME}",
            "{{ .password }}",
            "<password>",
            "<path:kv/data/db#password>",
            "%(NAME)s",
            "((password))",
            "$__file{/run/x}",
            "$oidc.azure.clientSecret",
            "env(\"X\")",
            "sys.env",
            "getPassword()",
            "data[\"x\"]",
            "/run/secrets/db/password",
            "./password",
            "~/x",
            "C:\\x\\y",
            "secret/data/db",
            "openmrs/db-password",
            "registry.example.org/a/b:1.2",
            "tls.key",
            "credentials.json",
            "https://login.example.org/token",
            "*****",
            "xxxxxxxx",
            "----",
            "REDACTED",
            "your-password",
            "REPLACE_ME",
            "arn:aws:secretsmanager:eu-west-3:1:secret:x",
            "vault:secret/data/db#password",
            "ref+awsssm://x",
            "op://vault/item",
            "ENC[AES256_GCM,data:x]",
            "ENC(abc)",
            "$2y$05$abcdefghijklmnopqrstuv",
            "$apr1$x$y",
            "{SSHA}abc",
            "[^&]+",
            ".*",
            "\\S+",
            "user@example.org",
            "two words",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "string",
            "*anchor",
            "|-",
            "?*",
            "__PASSWORD__",
            "app-<environment>-password",
            "<user>-<password>",
            "x<path:kv/data/db#password>",
            "Option<String>",
            "Map<String,",
            "</password>",
            "->password",
            "%PASSWORD%",
        ] {
            assert_eq!(class(value), Class::Nothing, "{value}");
        }
    }

    #[test]
    fn the_rest_is_told_apart() {
        for (class_of, values) in [
            (
                Class::Word,
                "admin Password openmrs supersecretvalue secret2 dbPassword1 Gehoer2024 kQwRtzPlMn",
            ),
            (
                Class::Name,
                "db-password my-app-secret grafana.admin AUTH_TOKEN regcred-v2 my-secret-7f9c8d5b6f monitoring-tls1 \
                 openmrs-db-2024",
            ),
            (Class::Number, "1234 20240101"),
            (
                Class::Plain,
                "Admin@123 hunter2! S3cret! p4ss-w0rd pa$$word a/b+c== a<b>3 <b3c b3c> 1<2",
            ),
            (
                Class::Random,
                "q8Zr3vTn1LxW7pKd 9f86d081884c7d659a2feaa0c55ad015 SW2YcwTIb9zpOOhoPsMm x8J2-kQ7w_Lr4ZpT9s \
                 5f4dcc3b-5aa7-65d6-1d83-27deb882cf99 abc123def456ghi789jkl012",
            ),
        ] {
            for value in values.split_whitespace() {
                assert_eq!(class(value), class_of, "{value}");
            }
        }
    }

    #[test]
    fn hostile_values_are_passed_over() {
        for value in [
            "a".repeat(1 << 20),
            "é".repeat(40),
            "🙂".repeat(20),
            "/".repeat(64),
            "\u{0}\u{1}".into(),
        ] {
            let _: Class = class(&value);
        }
    }
}
