//! `tympan explain`.

use std::io::Write;

use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::finding::{Rule, nearest};
use crate::registry;

pub(super) fn run(id: Option<&str>, out: &mut impl Write) -> Result<ExitStatus, Failure> {
    let rules = registry::rules();
    let Some(id) = id else {
        return list(&rules, out);
    };
    if let Some(rule) = rules.iter().find(|rule| rule.id.as_str() == id) {
        out.write_all(rule.page.as_bytes())?;
        return Ok(ExitStatus::Clean);
    }
    let near = nearest(id, rules.iter().map(|rule| rule.id.as_str()));
    let near = near
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default();
    Err(Failure::new(format!("there is no rule `{id}`{near}"))
        .hint("`tympan explain` lists the rules"))
}

fn list(rules: &[&Rule], out: &mut impl Write) -> Result<ExitStatus, Failure> {
    let width = rules
        .iter()
        .map(|rule| rule.id.as_str().len())
        .max()
        .unwrap_or_default();
    for rule in rules {
        writeln!(
            out,
            "{:width$}  {:7}  {}",
            rule.id.as_str(),
            rule.severity.as_str(),
            sentence(rule)
        )?;
    }
    Ok(ExitStatus::Clean)
}

/// Returns the sentence under the page's title.
fn sentence(rule: &Rule) -> &str {
    rule.page
        .lines()
        .skip(1)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}
