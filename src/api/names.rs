//! How names, keys and values are written (`k8s.io/apimachinery/pkg/util/validation`).

/// How a text must be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// RFC 1123 label: at most 63 of `a-z`, `0-9` and `-`, beginning and ending with a letter or digit.
    Label,
    /// RFC 1035 label: as [`Spelling::Label`], but beginning with a letter.
    Label1035,
    /// RFC 1123 subdomain: labels of any length with dots between, at most 253 in all.
    Subdomain,
    /// A subdomain that may begin with `*.`.
    WildcardSubdomain,
    /// A label's or annotation's key: a name of at most 63 of letters, digits, `-`, `_` and `.`, and before a `/` an
    /// optional subdomain.
    QualifiedName,
    /// A label's value: nothing, or at most 63 of letters, digits, `-`, `_` and `.`, beginning and ending with a letter or
    /// digit.
    LabelValue,
    /// A port's name (RFC 6335): at most 15 of `a-z`, `0-9` and `-`, with a letter, no `--`, no `-` at an end.
    PortName,
    /// A name that stands in a URL: anything but `.`, `..`, and whatever holds `/` or `%`.
    PathSegment,
    /// A key of a `ConfigMap` or Secret: at most 253 of letters, digits, `-`, `_` and `.`, but not `.` or `..`.
    ConfigKey,
    /// The name of an environment variable: printable ASCII without `=`.
    EnvironmentName,
}

impl Spelling {
    /// Returns what is wrong with a text, as the end of `... must be`, or nothing.
    pub fn fault(self, text: &str) -> Option<&'static str> {
        let fits = match self {
            Self::Label => is_label(text),
            Self::Label1035 => is_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase()),
            Self::Subdomain => is_subdomain(text),
            Self::WildcardSubdomain => is_subdomain(text.strip_prefix("*.").unwrap_or(text)),
            Self::QualifiedName => is_qualified_name(text),
            Self::LabelValue => text.is_empty() || is_name(text),
            Self::PortName => is_port_name(text),
            Self::PathSegment => !matches!(text, "." | "..") && !text.contains(['/', '%']),
            Self::ConfigKey => {
                !text.is_empty()
                    && text.len() <= 253
                    && !matches!(text, "." | "..")
                    && !text.starts_with("..")
                    && text.bytes().all(is_name_byte)
            }
            Self::EnvironmentName => {
                !text.is_empty()
                    && text
                        .bytes()
                        .all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=')
            }
        };
        (!fits).then(|| self.words())
    }

    /// Returns the text as it may have been meant, where it is written so: `my-app` for `My_App`.
    ///
    /// Only letters and what people put between words are changed; a text with other faults is none of these.
    pub fn corrected(self, text: &str) -> Option<String> {
        let small = text.to_ascii_lowercase();
        let corrected = match self {
            Self::Label | Self::Label1035 | Self::PortName => joined(&small, is_label_byte)?,
            Self::Subdomain | Self::WildcardSubdomain => {
                let (star, host) = match small.strip_prefix("*.") {
                    Some(host) if self == Self::WildcardSubdomain => ("*.", host),
                    _ => ("", small.as_str()),
                };
                let parts = host.split('.').map(|part| joined(part, is_label_byte));
                let parts: Vec<String> = parts.collect::<Option<_>>()?;
                let parts: Vec<String> = parts.into_iter().filter(|it| !it.is_empty()).collect();
                format!("{star}{}", parts.join("."))
            }
            Self::QualifiedName => match text.split_once('/') {
                Some((prefix, name)) => {
                    let prefix = match Self::Subdomain.fault(prefix) {
                        None => prefix.to_owned(),
                        Some(_) => Self::Subdomain.corrected(prefix)?,
                    };
                    format!("{prefix}/{}", joined(name, is_name_byte)?)
                }
                None => joined(text, is_name_byte)?,
            },
            Self::LabelValue | Self::ConfigKey => joined(text, is_name_byte)?,
            Self::PathSegment | Self::EnvironmentName => return None,
        };
        (corrected != text && self.fault(&corrected).is_none()).then_some(corrected)
    }

    /// Returns how such a text is written.
    pub fn words(self) -> &'static str {
        match self {
            Self::Label => {
                "at most 63 lower-case letters, digits and `-`, with a letter or digit at both ends"
            }
            Self::Label1035 => {
                "at most 63 lower-case letters, digits and `-`, with a letter first and a letter or digit last"
            }
            Self::Subdomain => {
                "at most 253 lower-case letters, digits, `-` and `.`, with a letter or digit at both ends of each part"
            }
            Self::WildcardSubdomain => {
                "a host name of lower-case letters, digits, `-` and `.`, which may begin with `*.`"
            }
            Self::QualifiedName => {
                "at most 63 letters, digits, `-`, `_` and `.` with a letter or digit at both ends, after an optional `domain/`"
            }
            Self::LabelValue => {
                "at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"
            }
            Self::PortName => {
                "at most 15 lower-case letters, digits and single `-`, with at least one letter and no `-` at an end"
            }
            Self::PathSegment => "without `/` and `%`, and not `.` or `..`",
            Self::ConfigKey => {
                "at most 253 letters, digits, `-`, `_` and `.`, and must not begin with `..`"
            }
            Self::EnvironmentName => "printable ASCII without `=`",
        }
    }
}

/// Puts `-` where something else stands between words, and takes away what must not stand at the ends.
fn joined(text: &str, fits: impl Fn(u8) -> bool) -> Option<String> {
    if text.len() > 253 {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut after_gap = false;
    for byte in text.bytes() {
        let gap = !fits(byte);
        if gap && !b" _.:/+,@-".contains(&byte) {
            return None;
        }
        // What is put between words does not stand twice, nor beside a dash that was there.
        let dash = gap || byte == b'-';
        if !(dash && out.ends_with('-') && (gap || after_gap)) {
            out.push(if gap { '-' } else { char::from(byte) });
        }
        after_gap = gap || after_gap && dash;
    }
    let kept = out.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    Some(kept.to_owned())
}

fn is_label_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_label_of_any_length(text)
}

fn is_label_of_any_length(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().copied().is_some_and(plain)
        && bytes.last().copied().is_some_and(plain)
        && bytes.iter().all(|byte| plain(*byte) || *byte == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label_of_any_length)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.len() <= 63
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().copied().all(is_name_byte)
}

fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && !name.contains('/') && is_name(name),
        None => is_name(text),
    }
}

fn is_port_name(text: &str) -> bool {
    (1..=15).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
        && !text.contains("--")
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_corrected_where_it_is_clear_what_was_meant() {
        use Spelling::{
            ConfigKey, EnvironmentName, Label, Label1035, LabelValue, PathSegment, PortName,
            QualifiedName, Subdomain, WildcardSubdomain,
        };
        for (spelling, text, corrected) in [
            (Label, "My_App", Some("my-app")),
            (Label, "my app.v1", Some("my-app-v1")),
            (Label, "-App_", Some("app")),
            (Label, "a--B", Some("a--b")),
            (Label, "a _-_ b", Some("a-b")),
            (Label, "my-app", None),
            (Label, "", None),
            (Label, "___", None),
            (Label, "caf\u{e9}", None),
            (Label, "{{ name }}", None),
            (Label, "$(NAME)", None),
            (Label1035, "1_a", None),
            (Label1035, "A_1", Some("a-1")),
            (Subdomain, "My_App.Example", Some("my-app.example")),
            (Subdomain, "a..b.", Some("a.b")),
            (Subdomain, "*.A", None),
            (
                WildcardSubdomain,
                "*.Example_1.com",
                Some("*.example-1.com"),
            ),
            (PortName, "HTTP", Some("http")),
            (PortName, "http__8080", Some("http-8080")),
            (PortName, "a--b", None),
            (PortName, "8080", None),
            (PortName, "longer-than-fifteen_letters", None),
            (
                QualifiedName,
                "Example.com/My name",
                Some("example.com/My-name"),
            ),
            (QualifiedName, "my name", Some("my-name")),
            (QualifiedName, "a/b/c", Some("a/b-c")),
            (QualifiedName, "/a", None),
            (LabelValue, "v1 (new)", None),
            (LabelValue, "1.2+build", Some("1.2-build")),
            (LabelValue, "Team A.", Some("Team-A")),
            (ConfigKey, "my key.txt", Some("my-key.txt")),
            (PathSegment, "a/b", None),
            (EnvironmentName, "A=B", None),
        ] {
            assert_eq!(
                spelling.corrected(text).as_deref(),
                corrected,
                "{spelling:?}: {text}"
            );
        }
        assert_eq!(Label.corrected(&"A".repeat(64)), None);
    }

    #[test]
    fn spellings_take_what_the_server_takes() {
        let long = "a".repeat(64);
        let cases: &[(Spelling, &[&str], &[&str])] = &[
            (
                Spelling::Label,
                &["a", "0-a", "a-0"],
                &["", "A", "-a", "a-", "a.b", &long],
            ),
            (Spelling::Label1035, &["a", "a0"], &["0a", "a.b"]),
            (
                Spelling::Subdomain,
                &["a.b", "0.1", &long],
                &["", "a..b", ".a", "a_b"],
            ),
            (
                Spelling::WildcardSubdomain,
                &["*.a", "a.b"],
                &["*", "a.*", "*.*.a"],
            ),
            (
                Spelling::QualifiedName,
                &["a", "A_b.c", "a.b/C"],
                &["", "/a", "a/", "a/b/c", "A/b", "-a"],
            ),
            (
                Spelling::LabelValue,
                &["", "a", "A.b_c"],
                &["a b", "-a", "a.", &long],
            ),
            (
                Spelling::PortName,
                &["http", "a-1"],
                &["", "80", "HTTP", "a--b", "-a", "sixteen-letters-"],
            ),
            (
                Spelling::PathSegment,
                &["system:node", "a b"],
                &[".", "..", "a/b", "a%b"],
            ),
            (
                Spelling::ConfigKey,
                &["a.b_C-1", ".hidden"],
                &["", "..", "..a", "a b"],
            ),
            (
                Spelling::EnvironmentName,
                &["A", "a.b", "0"],
                &["", "A=B", "é"],
            ),
        ];
        for (spelling, good, bad) in cases {
            for text in *good {
                assert_eq!(spelling.fault(text), None, "{spelling:?}: {text}");
            }
            for text in *bad {
                assert!(spelling.fault(text).is_some(), "{spelling:?}: {text}");
            }
        }
    }
}
