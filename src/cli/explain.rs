//! `tympan explain`.

use std::fmt::Write as _;
use std::io::Write;

use super::Settings;
use super::load::objects_of;
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::finding::{did_you_mean, nearest};
use crate::manifest::Resource;
use crate::policy::is_policy;
use crate::project::Project;
use crate::registry;
use crate::report::escaped;
use crate::yaml::Node;

/// The well-known annotation that says what an object is.
const DESCRIPTION: &str = "kubernetes.io/description";

/// A rule as it is explained.
struct Explained {
    id: String,
    severity: &'static str,
    page: String,
}

pub(super) fn run(
    id: Option<&str>,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let built_in = registry::rules().into_iter().map(|rule| Explained {
        id: rule.id.to_string(),
        severity: rule.severity.as_str(),
        page: rule.page.to_owned(),
    });
    let mut rules: Vec<Explained> = built_in.collect();
    // A mistake in the project is no reason not to explain a rule.
    rules.extend(policies(settings).unwrap_or_default());
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    let Some(id) = id else {
        return list(&rules, out);
    };
    if let Some(rule) = rules.iter().find(|rule| rule.id == id) {
        out.write_all(rule.page.as_bytes())?;
        return Ok(ExitStatus::Clean);
    }
    let near = nearest(id, rules.iter().map(|rule| rule.id.as_str()));
    let near = did_you_mean(near);
    Err(Failure::new(format!("there is no rule `{id}`{near}"))
        .hint("`tympan explain` lists the rules"))
}

fn list(rules: &[Explained], out: &mut impl Write) -> Result<ExitStatus, Failure> {
    let width = rules
        .iter()
        .map(|rule| rule.id.len())
        .max()
        .unwrap_or_default();
    for Explained { id, severity, page } in rules {
        writeln!(out, "{id:width$}  {severity:7}  {}", sentence(page))?;
    }
    Ok(ExitStatus::Clean)
}

/// Returns the sentence under a page's title.
fn sentence(page: &str) -> &str {
    page.lines()
        .skip(1)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

/// Returns the policies of the project, where there is one.
fn policies(settings: &Settings) -> Option<Vec<Explained>> {
    let project =
        Project::load(&settings.directory, &registry::rules(), &settings.progress).ok()?;
    let mut explained = Vec::new();
    for policy in &project.layout.policies {
        let file = project.file(&policy.path)?;
        let objects = objects_of(&project.sources, [file].into_iter()).ok()?;
        let objects = objects.into_iter().map(Resource::new);
        explained.extend(objects.filter(is_policy).map(|object| Explained {
            id: format!("policy/{}", object.id.name),
            severity: "error",
            page: page(&object, &policy.path),
        }));
    }
    Some(explained)
}

/// Writes a policy's page: what its description says, and what it checks.
fn page(policy: &Resource, path: &str) -> String {
    let root = policy.root();
    let description = root
        .path(&["metadata", "annotations", DESCRIPTION])
        .and_then(Node::as_str)
        .map_or_else(
            || format!("A policy of this project; its annotation `{DESCRIPTION}` would say more."),
            |text| text.trim().to_owned(),
        );
    let mut page = format!(
        "# policy/{}\n\n{description}\n\n## What it checks\n",
        policy.id.name
    );
    let validations = root.path(&["spec", "validations"]);
    for validation in validations.into_iter().flat_map(Node::items) {
        let text = |key: &str| validation.get(key).and_then(Node::as_str);
        let expression = text("expression").unwrap_or_default().trim();
        let message = text("message").unwrap_or("this must hold");
        // Writing to a string cannot fail.
        let _ = write!(page, "\n{message}:\n\n```cel\n{expression}\n```\n");
    }
    let _ = write!(
        page,
        "\n## Where it is\n\n`{path}`, a ValidatingAdmissionPolicy: what it refuses here, a cluster refuses as its binding says.\n\n## How to accept it\n\nA waiver in `policies/waivers.yaml`, or another severity in `rules` of `tympan.yaml`.\n"
    );
    // Who wrote the policy may not write to the terminal.
    let lines: Vec<_> = page.lines().map(escaped).collect();
    lines.join("\n") + "\n"
}
