//! What Argo CD's source hydrator writes beside manifests, so that whoever promotes them by it finds its way.

use serde::Serialize;

/// The name of the files, and of the notes, that say which commit manifests were made of.
pub const METADATA: &str = "hydrator.metadata";

/// The commit that manifests are made of.
#[derive(Clone, Copy, Debug)]
pub struct DryCommit<'a> {
    /// Where its repository is, where that is known.
    pub repository: Option<&'a str>,
    /// Its id.
    pub id: &'a str,
    /// Its author's name.
    pub author: &'a str,
    /// Its author's address.
    pub email: &'a str,
    /// When it was written, as RFC 3339 has it.
    pub date: &'a str,
    /// The first paragraph of its message.
    pub subject: &'a str,
    /// The rest of its message.
    pub body: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(rename = "repoURL", skip_serializing_if = "Option::is_none")]
    repository: Option<&'a str>,
    dry_sha: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    commands: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    date: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    subject: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    body: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<Reference>,
}

#[derive(Debug, Serialize)]
struct Reference {
    commit: Referenced,
}

/// A commit that the commit's message names, such as that of an application whose image is set.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Referenced {
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<Person>,
    #[serde(skip_serializing_if = "String::is_empty")]
    sha: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    subject: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    body: String,
    #[serde(rename = "repoURL", skip_serializing_if = "String::is_empty")]
    repository: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    date: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Person {
    name: String,
    email: String,
}

/// Returns the file at a branch's root.
pub fn root_metadata(commit: &DryCommit<'_>) -> String {
    let (named, body) = references(commit.body);
    let references = (named != Referenced::default()).then_some(Reference { commit: named });
    text(&Metadata {
        repository: commit.repository,
        dry_sha: commit.id,
        commands: &[],
        author: Some(format!("{} <{}>", commit.author, commit.email)),
        date: commit.date,
        subject: commit.subject,
        body,
        references: references.into_iter().collect(),
    })
}

/// Returns the file in a folder: which commands make its manifests.
pub fn folder_metadata(repository: Option<&str>, id: &str, commands: &[String]) -> String {
    text(&Metadata {
        repository,
        dry_sha: id,
        commands,
        author: None,
        date: "",
        subject: "",
        body: String::new(),
        references: Vec::new(),
    })
}

/// Returns the note of a commit whose manifests are those of another commit.
pub fn note(id: &str) -> String {
    format!("{{\"drySha\":\"{id}\"}}")
}

fn text(metadata: &Metadata<'_>) -> String {
    // Texts only: these can always be written.
    serde_json::to_string_pretty(metadata).unwrap_or_default() + "\n"
}

/// Where the trailers begin that name another commit.
const REFERENCE: &str = "Argocd-reference-commit-";

/// Takes out of a message the trailers that name another commit; what cannot be read stays in it.
fn references(body: &str) -> (Referenced, String) {
    let mut referenced = Referenced::default();
    let (above, trailers) = match body.rsplit_once("\n\n") {
        Some((above, last)) => (above, last),
        None => ("", body),
    };
    let mut rest: Vec<&str> = Vec::new();
    for line in trailers.lines() {
        let field = line.strip_prefix(REFERENCE);
        let taken = field
            .and_then(|field| field.split_once(':'))
            .is_some_and(|(field, value)| take(&mut referenced, field, value.trim()));
        if !taken {
            rest.push(line);
        }
    }
    let rest = rest.join("\n");
    let parts = [above, &rest].into_iter().filter(|part| !part.is_empty());
    (referenced, parts.collect::<Vec<_>>().join("\n\n"))
}

/// Takes one field over; tells whether it could be read.
fn take(commit: &mut Referenced, field: &str, value: &str) -> bool {
    match field {
        "author" => match person(value) {
            Some(person) => commit.author = Some(person),
            None => return false,
        },
        "sha" if is_id(value) => value.clone_into(&mut commit.sha),
        "subject" => value.clone_into(&mut commit.subject),
        "body" => match serde_json::from_str::<String>(value) {
            Ok(body) => commit.body = body,
            Err(_not_a_string) => return false,
        },
        "repourl" if !value.is_empty() && !value.contains(char::is_whitespace) => {
            value.clone_into(&mut commit.repository);
        }
        "date" if is_time(value) => value.clone_into(&mut commit.date),
        _ => return false,
    }
    true
}

fn person(text: &str) -> Option<Person> {
    let (name, email) = text.strip_suffix('>')?.rsplit_once('<')?;
    let is_address = email.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !email.contains(char::is_whitespace)
    });
    is_address.then(|| Person {
        name: name.trim().trim_matches('"').to_owned(),
        email: email.to_owned(),
    })
}

fn is_id(text: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (5..=40).contains(&text.len()) && text.bytes().all(hex)
}

/// Tells whether a text has the form of a time in RFC 3339: `2027-06-30T12:00:00Z`, `…+02:00`.
fn is_time(text: &str) -> bool {
    let form = |text: &str, form: &str| {
        text.len() == form.len()
            && text
                .bytes()
                .zip(form.bytes())
                .all(|(byte, form)| match form {
                    b'0' => byte.is_ascii_digit(),
                    form => byte == form,
                })
    };
    let Some((time, rest)) = text.split_at_checked(19) else {
        return false;
    };
    let zone = rest.strip_prefix('.').map_or(rest, |fraction| {
        fraction.trim_start_matches(|letter: char| letter.is_ascii_digit())
    });
    form(time, "0000-00-00T00:00:00")
        && (zone == "Z" || form(zone, "+00:00") || form(zone, "-00:00"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: DryCommit<'_> = DryCommit {
        repository: Some("https://example.org/x"),
        id: "1234567890123456789012345678901234567890",
        author: "A <b",
        email: "a@example.org",
        date: "2026-01-02T03:04:05+01:00",
        subject: "web: \"2\" <replicas> & more",
        body: "Why.\n\nSigned-off-by: x\nArgocd-reference-commit-sha: abcdef1\nArgocd-reference-commit-sha: ABC\nArgocd-reference-commit-author: \"Ann B\" <ann@example.org>\nArgocd-reference-commit-body: \"a\\nb\"\nArgocd-reference-commit-date: 2026-01-02T03:04:05.25Z\nArgocd-reference-commit-date: yesterday\nArgocd-reference-commit-other: x",
    };

    #[test]
    fn the_root_file_is_what_the_hydrator_writes() {
        let expected = r#"{
  "repoURL": "https://example.org/x",
  "drySha": "1234567890123456789012345678901234567890",
  "author": "A <b <a@example.org>",
  "date": "2026-01-02T03:04:05+01:00",
  "subject": "web: \"2\" <replicas> & more",
  "body": "Why.\n\nSigned-off-by: x\nArgocd-reference-commit-sha: ABC\nArgocd-reference-commit-date: yesterday\nArgocd-reference-commit-other: x",
  "references": [
    {
      "commit": {
        "author": {
          "name": "Ann B",
          "email": "ann@example.org"
        },
        "sha": "abcdef1",
        "body": "a\nb",
        "date": "2026-01-02T03:04:05.25Z"
      }
    }
  ]
}
"#;
        assert_eq!(root_metadata(&COMMIT), expected);
    }

    #[test]
    fn the_file_of_a_folder_has_its_commands() {
        let commands = ["tympan render -e prod".to_owned()];
        assert_eq!(
            folder_metadata(None, "12345", &commands),
            "{\n  \"drySha\": \"12345\",\n  \"commands\": [\n    \"tympan render -e prod\"\n  ]\n}\n"
        );
        assert_eq!(note("12345"), r#"{"drySha":"12345"}"#);
    }
}
