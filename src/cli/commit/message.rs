//! What a commit says of its source.

use super::Run;
use crate::cli::branches::{ENVIRONMENT, SOURCE};
use crate::git::short;

/// The longest subject that is repeated.
const LONGEST: usize = 200;

/// Returns the message of a commit: the source's subject, and where it all comes from in trailers.
///
/// The source's body is not repeated: what it closes, whom it calls and where it says to skip jobs is meant once.
pub(super) fn message(run: &Run<'_>, environments: &[&str]) -> String {
    let source = run.source;
    let subject: String = one_line(&source.subject).chars().take(LONGEST).collect();
    let mut trailers = vec![format!("{SOURCE}: {}", source.id)];
    if run.dirty {
        trailers.push("Tympan-Dirty: true".to_owned());
    }
    let names = environments.iter();
    trailers.extend(names.map(|name| format!("{ENVIRONMENT}: {name}")));
    trailers.push(format!("Tympan-Version: {}", env!("CARGO_PKG_VERSION")));
    let (author, email) = (one_line(&source.author), one_line(&source.email));
    trailers.push(format!("Co-authored-by: {author} <{email}>"));
    let (id, subject) = (short(&source.id), subject.trim());
    format!("{id}: {subject}\n\n{}\n", trailers.join("\n"))
}

/// Puts a space for whatever could begin another line or lead a terminal astray.
fn one_line(text: &str) -> String {
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().map(plain).collect()
}

/// Takes user and password out of a URL: tokens of CI systems stand there.
pub(super) fn without_password(url: &str) -> String {
    for scheme in ["https://", "http://"] {
        let Some(rest) = url.strip_prefix(scheme) else {
            continue;
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if let Some((_, host)) = host.rsplit_once('@') {
            return format!("{scheme}{host}/{path}");
        }
    }
    url.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_not_told() {
        for (url, shown) in [
            (
                "https://x-access-token:secret@example.org/a/b",
                "https://example.org/a/b",
            ),
            ("http://a@b@example.org/", "http://example.org/"),
            ("https://example.org/a@b", "https://example.org/a@b"),
            ("git@example.org:a/b", "git@example.org:a/b"),
            ("ssh://git@example.org/a", "ssh://git@example.org/a"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
