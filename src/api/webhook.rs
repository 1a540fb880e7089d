//! Where the server calls a webhook (`k8s.io/apiserver/pkg/util/webhook`), and the versions of reviews that it speaks.

use std::collections::HashSet;

use super::fact::{Fact, given, spelled, text, wanting};
use super::field::{items, present};
use super::names::Spelling;
use super::rules;
use crate::manifest::Fault;
use crate::yaml::Node;

/// Checks that a client is a URL or a Service, and that one.
pub(super) fn client<'a>(config: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    match (present(config, "url"), present(config, "service")) {
        (Some(url), None) => {
            if let Some(message) = url.as_str().and_then(url_fault) {
                let fault = Fault::new(&rules::FORMAT, url, message);
                faults.push(fault.help("write it as `https://host/path`"));
            }
        }
        (None, Some(service)) => {
            for field in ["name", "namespace"] {
                if given(service, field).is_none() && service.get(field).is_some() {
                    faults.push(wanting(
                        service,
                        field,
                        format!("`{field}` must not be empty"),
                    ));
                }
            }
            Fact::Port.check("port", service, faults);
            if let Some(path) = given(service, "path")
                && path.as_str().is_some_and(|path| !is_service_path(path))
            {
                let message =
                    "this must be a path whose parts are lower-case letters, digits, `-` and `.`";
                faults.push(Fault::new(&rules::PATH, path, message).help("write it as `/path`"));
            }
        }
        (Some(_), Some(_)) => Fact::ExactlyOneOf(&["url", "service"]).of_value(config, faults),
        (None, None) => {
            let fault = Fault::new(
                &rules::ALTERNATIVES,
                config,
                "one of `url`, `service` is missing",
            );
            faults.push(fault.help("set exactly one of them"));
        }
    }
}

/// Returns what is wrong with a webhook's URL.
fn url_fault(url: &str) -> Option<&'static str> {
    let Some(rest) = url.strip_prefix("https://").or_else(|| {
        // A scheme's case does not matter.
        let (scheme, rest) = url.split_once("://")?;
        scheme.eq_ignore_ascii_case("https").then_some(rest)
    }) else {
        return Some("a webhook's URL begins with `https://`");
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(end)?;
    if host.contains('@') {
        return Some("a webhook's URL names no user");
    }
    if host.is_empty() {
        return Some("a webhook's URL names a host");
    }
    let (before, fragment) = path.split_once('#').unwrap_or((path, ""));
    if !fragment.is_empty() {
        return Some("a webhook's URL has no fragment");
    }
    let query = before.split_once('?').map_or("", |(_, query)| query);
    (!query.is_empty()).then_some("a webhook's URL has no query")
}

fn is_service_path(path: &str) -> bool {
    if path == "/" {
        return true;
    }
    let Some(steps) = path.strip_prefix('/') else {
        return false;
    };
    let steps = steps.strip_suffix('/').unwrap_or(steps);
    steps
        .split('/')
        .all(|step| Spelling::Subdomain.fault(step).is_none())
}

/// Checks the versions of reviews that a webhook understands: one of them must be the server's.
pub(super) fn review_versions<'a>(
    owner: Node<'a>,
    field: &'static str,
    faults: &mut Vec<Fault<'a>>,
) {
    let Some(list) = present(owner, field) else {
        return;
    };
    let (mut seen, mut known) = (HashSet::new(), false);
    for version in items(owner, field) {
        let Some(name) = version.as_str() else {
            continue;
        };
        if !seen.insert(name) {
            faults.push(Fault::new(
                &rules::DUPLICATE,
                version,
                "this version is there twice",
            ));
            continue;
        }
        known = known || matches!(name, "v1" | "v1beta1");
        spelled(Spelling::Label1035, version, faults);
    }
    if seen.is_empty() {
        let fault = Fault::new(
            &rules::REQUIRED,
            list,
            format!("`{field}` must not be empty"),
        );
        faults.push(fault.help("list `v1`"));
    } else if !known {
        let fault = Fault::new(
            &rules::ENUM,
            list,
            "the server speaks none of these versions",
        );
        faults.push(fault.help("one of them must be `v1` or `v1beta1`"));
    }
}

/// Returns what is wrong with a kind, which is written with capitals and is a DNS label otherwise.
pub(super) fn kind_fault(kind: &str) -> Option<&'static str> {
    let wrong = Spelling::Label1035.fault(&kind.to_lowercase()).is_some();
    wrong.then_some(
        "at most 63 letters, digits and `-`, with a letter first and a letter or digit last",
    )
}

/// Checks the name of a kind under a field.
pub(super) fn kind<'a>(owner: Node<'a>, field: &str, faults: &mut Vec<Fault<'a>>) {
    let name = text(owner, field);
    if let (Some(node), false, Some(words)) = (owner.get(field), name.is_empty(), kind_fault(name))
    {
        faults.push(Fault::new(
            &rules::NAME,
            node,
            format!("this must be {words}"),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_paths() {
        for url in [
            "https://a",
            "https://a:8443/x",
            "HTTPS://a/",
            "https://a/?",
            "https://[::1]/x",
        ] {
            assert_eq!(url_fault(url), None, "{url}");
        }
        for url in [
            "",
            "http://a",
            "a.b/c",
            "https://",
            "https:///x",
            "https://u@a",
            "https://a/?b=c",
            "https://a#b",
            "https://u:p@a/x",
        ] {
            assert!(url_fault(url).is_some(), "{url}");
        }
        for path in ["/", "/validate", "/validate/", "/a.b/c-d"] {
            assert!(is_service_path(path), "{path}");
        }
        for path in ["validate", "//", "/a//b", "/Validate", "/a_b"] {
            assert!(!is_service_path(path), "{path}");
        }
    }
}
