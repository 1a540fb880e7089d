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
}
