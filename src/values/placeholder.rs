//! Placeholders among the values: what stands in for a value that nobody has filled in yet.
//!
//! Only what cannot be meant as it is: a false alarm here would block a delivery.

use super::{ValueOrigin, Values, rules};
use crate::finding::Finding;
use crate::source::{Location, SourceMap, Span};
use crate::yaml::Node;

/// Finds the placeholders among the merged values of an environment, one finding for each value that is or holds one.
pub fn placeholders(values: &Values, environment: &str, sources: &SourceMap) -> Vec<Finding> {
    let mut walk = Walk {
        values,
        environment,
        sources,
        path: Vec::new(),
        findings: Vec::new(),
    };
    walk.visit(values.tree().root());
    walk.findings
}

/// A step of a path in the values.
#[derive(Clone, Copy)]
enum Step<'v> {
    Key(&'v str),
    Item(usize),
}

struct Walk<'v> {
    values: &'v Values,
    environment: &'v str,
    sources: &'v SourceMap,
    path: Vec<Step<'v>>,
    findings: Vec<Finding>,
}

impl<'v> Walk<'v> {
    fn visit(&mut self, node: Node<'v>) {
        for (key, value) in node.entries() {
            self.path.push(Step::Key(key.as_str().unwrap_or_default()));
            self.visit(value);
            self.path.pop();
        }
        for (at, item) in node.items().enumerate() {
            self.path.push(Step::Item(at));
            self.visit(item);
            self.path.pop();
        }
        if let Some(text) = node.as_str()
            && let Some(origin) = self.values.origin(node)
            && let Some(found) = find(text)
        {
            self.findings.push(self.finding(text, found, origin));
        }
    }

    fn finding(&self, text: &str, found: Placeholder<'_>, origin: &ValueOrigin) -> Finding {
        let holds = if found.text == text { "is" } else { "holds" };
        let message = format!(
            "`{}` {holds} a placeholder: {}",
            written(&self.path),
            found.looks()
        );
        let place = Location::new(origin.file, self.span(found.text, origin));
        Finding::new(&rules::PLACEHOLDER, message, place)
            .environment(self.environment)
            .help(self.help(origin))
    }

    /// Returns the placeholder's own bytes where they stand in the file as they are: a text of many lines is too much to
    /// point at.
    fn span(&self, placeholder: &str, origin: &ValueOrigin) -> Span {
        let written = self.sources.file(origin.file).slice(origin.value);
        match written.find(placeholder) {
            Some(at) => {
                let start = origin.value.start as usize + at;
                Span::new(start, start + placeholder.len())
            }
            None => origin.value,
        }
    }

    /// Says where to set the value: in its own file, or in the environment's where all environments share the file.
    fn help(&self, origin: &ValueOrigin) -> String {
        let file = self.sources.file(origin.file).path();
        let environment = self.environment;
        let own = format!("values/{environment}.");
        let mend = if file.ends_with(".terraform.json") {
            format!(
                "write `{file}` again with `terraform output -json` once the infrastructure is there"
            )
        } else if file.starts_with(&own) {
            format!("set `{}` in `{file}`", written(&self.path))
        } else {
            // A list is replaced as a whole.
            let list = self
                .path
                .iter()
                .position(|step| matches!(step, Step::Item(_)));
            let path = self.path.get(..list.unwrap_or(self.path.len()));
            format!("set `{}` in `{own}yaml`", written(path.unwrap_or_default()))
        };
        format!(
            "{mend}; `environments.{environment}.placeholders: allow` in tympan.yaml lets placeholders be"
        )
    }
}

fn written(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Step::Item(at) => {
                text.push('[');
                text.push_str(&at.to_string());
                text.push(']');
            }
        }
    }
    text
}

/// A placeholder in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Placeholder<'t> {
    text: &'t str,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Guid,
    Host(&'static str),
    Brackets,
    Word,
}

impl Placeholder<'_> {
    fn looks(&self) -> String {
        match self.form {
            Form::Guid => format!("the GUID `{}`", self.text),
            Form::Host(domain) => {
                format!("a host of the domain `{domain}`, which RFC 2606 reserves for examples")
            }
            Form::Brackets => "words in angle brackets".to_owned(),
            Form::Word => format!("`{}`", self.text),
        }
    }
}

/// Finds the first placeholder of a value.
fn find(text: &str) -> Option<Placeholder<'_>> {
    let found = |text, form| Placeholder { text, form };
    if is_word(text.trim()) {
        return Some(found(text.trim(), Form::Word));
    }
    guid(text)
        .map(|text| found(text, Form::Guid))
        .or_else(|| host(text).map(|(text, domain)| found(text, Form::Host(domain))))
        .or_else(|| brackets(text).map(|text| found(text, Form::Brackets)))
}

/// Tells whether a whole value is a word that asks to be replaced.
///
/// Words that could be a name, such as `todo`, count in capitals only.
fn is_word(text: &str) -> bool {
    const ANY_CASE: &[&str] = &["changeme", "replaceme", "fixme"];
    const CAPITALS: &[&str] = &["TODO", "TBD", "PLACEHOLDER"];
    let joined: String = text
        .chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .take(16)
        .collect();
    CAPITALS.contains(&text)
        || ANY_CASE.contains(&joined.to_ascii_lowercase().as_str())
        || text.len() >= 3 && text.bytes().all(|byte| byte.eq_ignore_ascii_case(&b'x'))
}

/// Finds a GUID of zeros, or of the letter x.
fn guid(text: &str) -> Option<&str> {
    const ZEROS: &str = "00000000-0000-0000-0000-000000000000";
    let length = ZEROS.len();
    let bytes = text.as_bytes();
    let continues = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_alphanumeric)
    };
    let starts = text.match_indices("0000-0000-0000-").map(|(at, _)| at);
    let letters = text.char_indices().filter_map(|(at, c)| {
        // The first group is eight long: the second begins nine on.
        matches!(c, 'x' | 'X').then_some(at + 4)
    });
    starts.chain(letters).find_map(|at| {
        let start = at.checked_sub(4)?;
        let candidate = text.get(start..start + length)?;
        let same = candidate
            .bytes()
            .zip(ZEROS.bytes())
            .all(|(byte, zero)| match zero {
                b'0' => matches!(byte, b'0' | b'x' | b'X'),
                dash => byte == dash,
            });
        let uniform = !candidate.contains('0') || !candidate.contains(['x', 'X']);
        let alone = !continues(start.checked_sub(1)) && !continues(Some(start + length));
        (same && uniform && alone).then_some(candidate)
    })
}

/// The domains of RFC 2606, found anywhere in a value.
const DOMAINS: &[&str] = &["example.com", "example.org", "example.net"];
/// The top-level domains of RFC 2606 but `localhost`, which is used as what it is. Files and packages end in these too,
/// so they count only where a host stands.
const TOP_LEVEL: &[&str] = &["example", "invalid", "test"];

/// Finds a host name that is reserved for examples, and its domain.
fn host(text: &str) -> Option<(&str, &'static str)> {
    let of_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let mut at = 0;
    while let Some(start) = text.get(at..)?.find(of_host).map(|next| at + next) {
        let rest = text.get(start..)?;
        let run = rest.get(..rest.find(|c| !of_host(c)).unwrap_or(rest.len()))?;
        at = start + run.len();
        // A pattern such as `*.example.com`, and the stop at the end of a sentence.
        let name = run.trim_matches('.');
        let lower = name.to_ascii_lowercase();
        let below = |domain: &str| {
            lower
                .strip_suffix(domain)
                .is_some_and(|front| front.is_empty() || front.ends_with('.'))
        };
        if let Some(domain) = DOMAINS.iter().find(|domain| below(domain)) {
            return Some((name, domain));
        }
        let Some(domain) = TOP_LEVEL.iter().find(|domain| below(domain)) else {
            continue;
        };
        let before = text.get(..start).unwrap_or_default();
        let whole = before.is_empty() && run == name && is_port(text.get(at..)?);
        let named = before.ends_with("://") || before.ends_with('@');
        if (whole || named) && is_host_name(&lower) {
            return Some((name, domain));
        }
    }
    None
}

/// Tells whether nothing but a port follows a host name.
fn is_port(rest: &str) -> bool {
    let port = rest.strip_prefix(':');
    rest.is_empty()
        || port
            .is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Tells whether a name is one of a host: two labels or more, and no package of Java, Go or Kubernetes.
fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !label.contains('_')
    };
    name.contains('.')
        && name.split('.').all(label)
        && !["com.", "dev.", "io.", "net.", "org."]
            .iter()
            .any(|package| name.starts_with(package))
}

/// Finds words in angle brackets that stand in for something: `<tenant-id>`, alone or as a part of a URL or path.
///
/// A single word in small letters may be markup or an answer such as `<none>`.
fn brackets(text: &str) -> Option<&str> {
    let trimmed = text.trim();
    if trimmed.starts_with('<') {
        return stands_in(trimmed).filter(|found| *found == trimmed);
    }
    let path = trimmed.starts_with('/') || trimmed.contains("://");
    if !path || trimmed.contains(char::is_whitespace) {
        return None;
    }
    trimmed.match_indices('<').find_map(|(at, _)| {
        // Regular expressions name their groups `(?<name>...)`.
        let joint = trimmed.get(..at)?.ends_with(['/', '.', '-', '@', ':', '=']);
        stands_in(trimmed.get(at..)?).filter(|_| joint)
    })
}

/// Returns the bracket that a text begins with, where it holds words.
fn stands_in(text: &str) -> Option<&str> {
    // Nobody writes more than a few words; a text of brackets alone is passed over quickly.
    let end = text.bytes().take(80).position(|byte| byte == b'>')?;
    let inner = text.get(1..end)?;
    let joints = ['-', '_', ' ', '.'];
    let mut words = inner.split(joints);
    let spelt = words.all(|word| !word.is_empty() && word.chars().all(char::is_alphanumeric))
        && inner.starts_with(char::is_alphabetic);
    let capitals = inner.len() > 4 && inner.chars().all(|c| c.is_ascii_uppercase());
    let told = inner.contains(joints) && !inner.eq_ignore_ascii_case("no value");
    (spelt && (told || capitals || is_word(inner))).then(|| text.get(..=end))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Option<(&str, Form)> {
        find(text).map(|found| (found.text, found.form))
    }

    #[test]
    fn placeholders_are_found_whole_and_inside_a_longer_text() {
        const GUID: &str = "00000000-0000-0000-0000-000000000000";
        for text in [
            GUID.to_owned(),
            format!("{{{GUID}}}"),
            format!("https://login.microsoftonline.com/{GUID}/v2.0"),
            format!("/subscriptions/{GUID}/resourceGroups/rg"),
            format!("id-{GUID}-x"),
        ] {
            assert_eq!(form(&text), Some((GUID, Form::Guid)), "{text}");
        }
        let letters = "XXXXXXXX-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
        assert_eq!(form(letters), Some((letters, Form::Guid)));
        for (text, name, domain) in [
            ("example.com", "example.com", "example.com"),
            (
                "https://Grafana.Example.ORG/login",
                "Grafana.Example.ORG",
                "example.org",
            ),
            (
                "ops@example.net",
                "ops@example.net".split_at(4).1,
                "example.net",
            ),
            ("*.apps.example.com", "apps.example.com", "example.com"),
            ("see example.com.", "example.com", "example.com"),
            ("db.internal.test", "db.internal.test", "test"),
            ("db.invalid:5432", "db.invalid", "invalid"),
            ("amqp://user@mq.example:5671/x", "mq.example", "example"),
        ] {
            assert_eq!(form(text), Some((name, Form::Host(domain))), "{text}");
        }
        for text in [
            "CHANGEME",
            "change_me",
            "Change-Me",
            "REPLACE_ME",
            "TODO",
            "xxx",
            "XXXX",
            " TBD\n",
        ] {
            assert_eq!(form(text), Some((text.trim(), Form::Word)), "{text}");
        }
        for (text, words) in [
            ("<tenant-id>", "<tenant-id>"),
            ("<YOUR_TENANT>", "<YOUR_TENANT>"),
            ("<TENANT>", "<TENANT>"),
            ("<changeme>", "<changeme>"),
            ("<your domain>", "<your domain>"),
            ("https://<vault-name>.vault.azure.net/", "<vault-name>"),
            ("/subscriptions/<subscription-id>/x", "<subscription-id>"),
        ] {
            assert_eq!(form(text), Some((words, Form::Brackets)), "{text}");
        }
    }

    #[test]
    fn what_may_be_meant_is_none() {
        for text in [
            "",
            "todo",
            "xx",
            "xxl",
            "TODO: later",
            "changemenot",
            "0",
            "00000000-0000-0000-0000-000000000001",
            "a00000000-0000-0000-0000-000000000000",
            "0000-0000-0000-0000",
            "00000000-0000-0000-0000-0000000000000",
            "x0000000-0000-0000-0000-000000000000",
            "ééé0000-0000-0000-0000-000000000000",
            "myexample.com",
            "example.com.au",
            "example.community",
            "my_example.com",
            "example",
            "test",
            "app.kubernetes.io/name",
            "localhost",
            "config.yaml.example /etc/x",
            "/etc/app/settings.test",
            ".env.example",
            "com.acme.test",
            "*_test.test",
            "make test.",
            "<none>",
            "<no value>",
            "<p>",
            "<b>bold</b>",
            "<a-b>c</a-b>",
            "a < b-c > d",
            "/(?P<name-x>.*)",
            "/(?<NAMED>.*)",
            "{{ <not-here> }}",
            "<14>",
            "<",
            "é<é-é",
        ] {
            assert_eq!(form(text), None, "{text}");
        }
    }
}
