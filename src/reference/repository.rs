//! Repositories as Argo CD names and compares them.

use crate::cluster::Settings;
use crate::yaml::Node;

/// Returns a repository's URL in the form in which Argo CD compares it.
pub(super) fn normal(url: &str) -> String {
    let url = url.trim().to_lowercase();
    let url = url.strip_suffix(".git").unwrap_or(&url);
    let url = url.strip_prefix("ssh://").unwrap_or(url);
    // `git@host:path` is the same as `ssh://git@host/path`.
    match url.split_once(':') {
        Some((host, path)) if host.contains('@') && !url.contains("://") => {
            format!("{host}/{path}")
        }
        _ => url.to_owned(),
    }
}

/// Returns the sources of an Application's `spec`.
pub(super) fn sources(spec: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let several = spec
        .get("sources")
        .filter(|sources| sources.items().len() > 0);
    let one = spec.get("source").filter(|_| several.is_none());
    one.into_iter()
        .chain(several.into_iter().flat_map(Node::items))
}

/// Tells whether a source is the project's own repository.
pub(super) fn is_own_source(settings: &Settings, source: Node<'_>) -> bool {
    let own = settings.repository.url.as_deref();
    let url = source.get("repoURL").and_then(Node::as_str);
    let chart = source.get("chart").is_some_and(|chart| !chart.is_null());
    !chart
        && own
            .zip(url)
            .is_some_and(|(own, url)| normal(own) == normal(url))
}

/// Tells whether an Application's `spec` names no source but the project's own repository.
pub(super) fn is_own(settings: &Settings, spec: Node<'_>) -> bool {
    let mut sources = sources(spec).peekable();
    sources.peek().is_some() && sources.all(|source| is_own_source(settings, source))
}

/// Returns a URL without the name and password that may stand in it.
pub(super) fn in_words(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let host_at = rest.find('/').unwrap_or(rest.len());
            let host = rest.get(..host_at).and_then(|host| host.rsplit_once('@'));
            match host {
                Some((_, host)) => {
                    format!(
                        "{scheme}://{host}{}",
                        rest.get(host_at..).unwrap_or_default()
                    )
                }
                None => url.to_owned(),
            }
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_repository_has_one_form() {
        for (a, b) in [
            (
                "https://git.example.com/A/b.git",
                "https://git.example.com/a/b",
            ),
            (
                "git@git.example.com:a/b.git",
                "ssh://git@git.example.com/a/b",
            ),
            (" https://x/y ", "https://x/y"),
        ] {
            assert_eq!(normal(a), normal(b));
        }
        assert_ne!(normal("https://x/y"), normal("https://x/z"));
        assert_eq!(normal("https://x:8443/y"), "https://x:8443/y");
    }

    #[test]
    fn passwords_in_urls_are_not_shown() {
        assert_eq!(
            in_words("https://u:p@x.example/a@b"),
            "https://x.example/a@b"
        );
        assert_eq!(in_words("https://x.example/a"), "https://x.example/a");
        assert_eq!(in_words("git@x.example:a/b"), "git@x.example:a/b");
    }
}
