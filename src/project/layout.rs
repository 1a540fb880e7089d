//! What the folders of a project hold.

#![expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "the names are part of the contract: `.YAML` is not `.yaml`"
)]

use std::collections::BTreeMap;

use super::ProjectError;
use crate::finding::{did_you_mean, nearest};

/// The folders' files, sorted, as paths from the root with `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Below `templates/`: the path from there, and whether it is a template of its own or for others.
    pub templates: Vec<TemplatePath>,
    /// The environments, by name.
    pub environments: BTreeMap<String, EnvironmentFiles>,
    /// Whether there is a `values/schema.json`.
    pub schema: bool,
    /// The schemas of custom resources, as paths from the root.
    pub schemas: Vec<String>,
    /// Policies, their bindings and what they take for params, as paths from the root.
    pub policies: Vec<PolicyPath>,
    /// The unit tests of policies, as paths from the root.
    pub policy_tests: Vec<String>,
    /// Whether there is a `policies/flows.yaml`.
    pub flows: bool,
    /// Whether there is a `policies/waivers.yaml`.
    pub waivers: bool,
}

/// A file of policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyPath {
    /// The path from the root.
    pub path: String,
    /// The environment it is for: that whose name the folder below `policies/` has; all where there is none.
    pub environment: Option<String>,
}

/// The declared connections.
pub const FLOWS: &str = "policies/flows.yaml";
/// The accepted findings.
pub const WAIVERS: &str = "policies/waivers.yaml";
/// The folder of the policies' unit tests.
const POLICY_TESTS: &str = "tests";

/// A file below `templates/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplatePath {
    /// The path from `templates/`.
    pub path: String,
    /// Whether the engine may render, include or import it; other files are data.
    pub template: bool,
}

/// The values files of an environment, the lowest layer first, as paths from the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentFiles {
    /// `common`, the environment's own, then its further layers in byte order of their names.
    pub layers: Vec<String>,
}

/// Names that no environment may have.
const RESERVED: &[&str] = &["common", "schema"];

/// Sorts the paths of a project's files into what they are for.
pub(super) fn resolve_layout(paths: &[String]) -> Result<Layout, ProjectError> {
    let mut layout = Layout::default();
    for path in paths
        .iter()
        .filter_map(|path| path.strip_prefix("templates/"))
    {
        layout.templates.push(template(path)?);
    }
    let values: Vec<&str> = paths
        .iter()
        .filter_map(|path| path.strip_prefix("values/"))
        .collect();
    for name in values
        .iter()
        .filter_map(|name| name.strip_suffix(".yaml"))
        .filter(|name| !name.contains('.'))
    {
        if RESERVED.contains(&name) {
            continue;
        }
        if !name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        {
            return Err(unfit(
                &format!("values/{name}.yaml"),
                "an environment's name is made of `a` to `z`, `0` to `9` and `-`",
            ));
        }
        layout
            .environments
            .insert(name.to_owned(), EnvironmentFiles::default());
    }
    for (name, files) in &mut layout.environments {
        let own = format!("{name}.yaml");
        let further = values
            .iter()
            .filter(|file| is_layer(file, name) && **file != own);
        let common = values.iter().filter(|file| **file == "common.yaml");
        let own = values.iter().filter(|file| **file == own);
        files.layers = common
            .chain(own)
            .chain(further)
            .map(|file| format!("values/{file}"))
            .collect();
    }
    layout.schema = values.contains(&"schema.json");
    layout.schemas = paths
        .iter()
        .filter(|path| path.starts_with("schemas/") && is_manifest(path))
        .cloned()
        .collect();
    check_values(&values, &layout)?;
    resolve_policies(paths, &mut layout);
    Ok(layout)
}

fn resolve_policies(paths: &[String], layout: &mut Layout) {
    for path in paths {
        let Some(below) = path.strip_prefix("policies/") else {
            continue;
        };
        let folder = below.split_once('/').map(|(folder, _)| folder);
        match (path.as_str(), folder) {
            (FLOWS, _) => layout.flows = true,
            (WAIVERS, _) => layout.waivers = true,
            _ if !is_manifest(path) => {}
            (_, Some(POLICY_TESTS)) => layout.policy_tests.push(path.clone()),
            (_, folder) => layout.policies.push(PolicyPath {
                path: path.clone(),
                environment: folder
                    .filter(|folder| layout.environments.contains_key(*folder))
                    .map(str::to_owned),
            }),
        }
    }
}

fn template(path: &str) -> Result<TemplatePath, ProjectError> {
    let is_yaml = path.ends_with(".yaml");
    let shared = path.split('/').any(|part| part.starts_with('_'));
    if is_yaml && !shared && !path.contains('/') {
        return Err(unfit(
            &format!("templates/{path}"),
            "a template stands in the folder of its namespace, for example `templates/demo/`; for text to include begin its name with `_`",
        ));
    }
    // What others include may have any name that begins with `_`; it is compiled only when it is used.
    Ok(TemplatePath {
        path: path.to_owned(),
        template: is_yaml || shared,
    })
}

fn is_manifest(path: &str) -> bool {
    [".yaml", ".yml", ".json"]
        .iter()
        .any(|end| path.ends_with(end))
}

fn is_layer(file: &str, environment: &str) -> bool {
    let rest = file
        .strip_prefix(environment)
        .and_then(|rest| rest.strip_prefix('.'));
    rest.is_some_and(|rest| rest.ends_with("yaml") || rest.ends_with("json"))
}

/// Refuses values files that belong to no environment: they would never be read.
fn check_values(values: &[&str], layout: &Layout) -> Result<(), ProjectError> {
    for file in values {
        let used = matches!(*file, "common.yaml" | "schema.json")
            || layout.environments.values().any(|files| {
                files
                    .layers
                    .iter()
                    .any(|layer| layer.ends_with(&format!("/{file}")))
            });
        // Notes beside the values, such as a README, are nobody's layer.
        if used || !(file.ends_with(".yaml") || file.ends_with(".json")) || file.starts_with('.') {
            continue;
        }
        let name = file.split('.').next().unwrap_or_default();
        let near = nearest(name, layout.environments.keys().map(String::as_str));
        let hint = did_you_mean(near);
        return Err(unfit(
            &format!("values/{file}"),
            &format!(
                "there is no environment `{name}`{hint}; environments are the `values/<environment>.yaml` there are"
            ),
        ));
    }
    Ok(())
}

fn unfit(path: &str, message: &str) -> ProjectError {
    ProjectError::Unfit {
        path: path.to_owned(),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(paths: &[&str]) -> Result<Layout, String> {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        resolve_layout(&paths).map_err(|error| error.to_string())
    }

    #[test]
    fn layers_are_in_their_order() {
        let found = layout(&[
            "templates/_lib/m.yaml",
            "templates/demo/a.conf",
            "templates/demo/a.yaml",
            "values/common.yaml",
            "values/dev.b.json",
            "values/dev.terraform.json",
            "values/dev.yaml",
            "values/prod-eu.yaml",
            "values/schema.json",
        ])
        .unwrap();
        let dev = [
            "values/common.yaml",
            "values/dev.yaml",
            "values/dev.b.json",
            "values/dev.terraform.json",
        ];
        assert_eq!(found.environments["dev"].layers, dev);
        assert_eq!(
            found.environments["prod-eu"].layers,
            ["values/common.yaml", "values/prod-eu.yaml"]
        );
        assert!(found.schema);
        let templates: Vec<(&str, bool)> = found
            .templates
            .iter()
            .map(|file| (file.path.as_str(), file.template))
            .collect();
        assert_eq!(
            templates,
            [
                ("_lib/m.yaml", true),
                ("demo/a.conf", false),
                ("demo/a.yaml", true)
            ]
        );
    }

    #[test]
    fn policies_are_for_all_environments_or_for_one() {
        let found = layout(&[
            "policies/README.md",
            "policies/dev/params.yaml",
            "policies/flows.yaml",
            "policies/images/registries.yaml",
            "policies/tests/images.yaml",
            "policies/waivers.yaml",
            "values/dev.yaml",
        ])
        .unwrap();
        let policies: Vec<(&str, Option<&str>)> = found
            .policies
            .iter()
            .map(|file| (file.path.as_str(), file.environment.as_deref()))
            .collect();
        assert_eq!(
            policies,
            [
                ("policies/dev/params.yaml", Some("dev")),
                ("policies/images/registries.yaml", None)
            ]
        );
        assert_eq!(found.policy_tests, ["policies/tests/images.yaml"]);
        assert!(found.flows && found.waivers);
    }

    #[test]
    fn files_without_a_place_are_told() {
        let error =
            layout(&["values/production.yaml", "values/produciton.terraform.json"]).unwrap_err();
        assert!(
            error.contains("`produciton`; did you mean `production`?"),
            "{error}"
        );
        assert!(
            layout(&["values/Prod.yaml"])
                .unwrap_err()
                .contains("values/Prod.yaml")
        );
        assert!(
            layout(&["templates/a.yaml"])
                .unwrap_err()
                .contains("folder of its namespace")
        );
        assert!(layout(&["values/README.md", "values/dev.yaml"]).is_ok());
    }
}
