//! `tympan.yaml`: every key, read and checked.

use std::collections::BTreeMap;

use semver::{Version, VersionReq};

use super::ConfigProblem;
use super::fields::{Reader, required};
use super::flows::is_range;
use super::size::parse_size;
use crate::finding::{Severity, did_you_mean, nearest};
use crate::source::FileId;
use crate::yaml::{self, Node};

/// The versions of Kubernetes whose schemas are known, as minor versions of 1.
pub const KUBERNETES: std::ops::RangeInclusive<u32> = 31..=37;

/// What `tympan.yaml` says; every key has a default.
#[derive(Clone, Debug)]
pub struct Config {
    /// The Kubernetes version of environments that name none.
    pub kubernetes: Option<String>,
    /// Settings of single environments.
    pub environments: BTreeMap<String, EnvironmentConfig>,
    /// How Argo CD gets the manifests.
    pub delivery: Delivery,
    /// Where the project is kept.
    pub repository: Repository,
    /// What the cluster's network is.
    pub network: Network,
    /// Objects that exist though this project does not render them.
    pub external: Vec<External>,
    /// Objects that one environment may have and another lack.
    pub parity: Vec<External>,
    /// Severities of rules, by id or `family/*`.
    pub rules: BTreeMap<String, RuleSetting>,
    /// The engine's fuel for one template.
    pub fuel: u64,
    /// The bytes one template may give, and one text may have.
    pub output: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            kubernetes: None,
            environments: BTreeMap::new(),
            delivery: Delivery::Directory,
            repository: Repository::default(),
            network: Network::default(),
            external: Vec::new(),
            parity: Vec::new(),
            rules: BTreeMap::new(),
            fuel: 10_000_000,
            output: 64 << 20,
        }
    }
}

/// Settings of one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentConfig {
    /// The Kubernetes version, `X.Y`.
    pub kubernetes: Option<String>,
    /// Whether placeholders such as all-zero GUIDs are refused.
    pub forbid_placeholders: bool,
    /// What policies do in the cluster.
    pub policy_actions: Vec<PolicyAction>,
    /// The Pod Security level of namespaces without a label.
    pub pod_security: Option<Level>,
}

/// What a policy's binding does with a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyAction {
    /// Refuses the request.
    Deny,
    /// Warns the client.
    Warn,
    /// Writes to the audit log.
    Audit,
}

impl PolicyAction {
    /// Returns the word that Kubernetes has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "Deny",
            Self::Warn => "Warn",
            Self::Audit => "Audit",
        }
    }
}

/// A Pod Security Standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// No bounds.
    Privileged,
    /// Known escalations are refused.
    Baseline,
    /// Hardened pods only.
    Restricted,
}

impl Level {
    /// Every level, from the laxest.
    pub const ALL: [Self; 3] = [Self::Privileged, Self::Baseline, Self::Restricted];

    /// Returns the level's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }

    /// Reads a level's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

/// How Argo CD gets the manifests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// It reads `rendered/` on the main branch.
    #[default]
    Directory,
    /// It reads a branch for each environment.
    Branches,
    /// It runs Tympan as a config management plugin.
    Plugin,
}

/// Where the project is kept, and where it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repository {
    /// The repository's URL.
    pub url: Option<String>,
    /// The revision Argo CD follows.
    pub revision: Option<String>,
    /// The cluster's API server.
    pub cluster: Option<String>,
}

/// What the cluster's network is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// The engine that enforces policies.
    pub plugin: Option<String>,
    /// Where the addresses of pods are, as `10.244.0.0/16`; nothing where nobody says.
    pub pod_addresses: Vec<String>,
    /// The ingress controllers.
    pub ingress_controllers: Vec<IngressController>,
}

/// An ingress controller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngressController {
    /// Its ingress class.
    pub class: String,
    /// The namespace of its pods.
    pub namespace: String,
    /// The labels of its pods.
    pub pods: BTreeMap<String, String>,
}

/// A pattern of objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct External {
    /// The kind.
    pub kind: String,
    /// The namespace; none for cluster-scoped objects.
    pub namespace: Option<String>,
    /// The name; `*` stands for any characters.
    pub name: String,
}

impl External {
    /// Tells whether an object is one of the pattern's; the namespace of cluster-scoped objects is empty.
    pub fn matches(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let own = self.namespace.as_deref().unwrap_or_default();
        self.kind == kind && glob(own, namespace) && glob(&self.name, name)
    }

    /// Tells whether some objects of a kind and namespace are the pattern's.
    pub fn is_in(&self, kind: &str, namespace: &str) -> bool {
        let own = self.namespace.as_deref().unwrap_or_default();
        self.kind == kind && glob(own, namespace)
    }
}

/// Tells whether a text is what a pattern describes, in which `*` stands for any characters.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    // The first place is as good as any later one: what follows has more left to find itself in.
    for part in middle.split('*').filter(|part| !part.is_empty()) {
        let Some(at) = text.find(part) else {
            return false;
        };
        text = text.get(at + part.len()..).unwrap_or_default();
    }
    text.ends_with(end)
}

/// What is done with a rule's findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleSetting {
    /// They are left out.
    Off,
    /// They have this severity.
    Severity(Severity),
}

impl Config {
    /// Returns the Kubernetes version of an environment, as it is written.
    pub fn kubernetes_of(&self, environment: &str) -> Option<&str> {
        let own = self.environments.get(environment);
        own.and_then(|settings| settings.kubernetes.as_deref())
            .or(self.kubernetes.as_deref())
    }

    /// Returns the severity of a rule's findings: the rule's own setting, else its family's, else none.
    pub fn rule(&self, id: &str) -> Option<RuleSetting> {
        let family = id.split('/').next().unwrap_or_default();
        self.rules
            .get(id)
            .or_else(|| self.rules.get(&format!("{family}/*")))
            .copied()
    }
}

const KEYS: &[&str] = &[
    "required-version",
    "kubernetes",
    "environments",
    "delivery",
    "repository",
    "network",
    "external",
    "parity",
    "rules",
    "limits",
];

/// Reads the text of `tympan.yaml`.
pub(super) fn parse_config(
    file: FileId,
    stream: &yaml::Stream,
    known_rules: &[String],
) -> Result<Config, Vec<ConfigProblem>> {
    let mut reader = Reader::of(file, stream);
    let mut config = Config::default();
    if let Some(document) = stream.documents.first() {
        for (key, value) in reader.known(document.root(), KEYS) {
            setting(&mut reader, &mut config, key, value, known_rules);
        }
    }
    if reader.problems.is_empty() {
        Ok(config)
    } else {
        Err(reader.problems)
    }
}

fn setting(
    reader: &mut Reader,
    config: &mut Config,
    key: &str,
    value: Node<'_>,
    known_rules: &[String],
) {
    match key {
        "required-version" => required_version(reader, value),
        "kubernetes" => config.kubernetes = kubernetes(reader, value),
        "environments" => {
            for (name, value) in reader.map(value) {
                let settings = environment(reader, value);
                config
                    .environments
                    .insert(name.as_str().unwrap_or_default().to_owned(), settings);
            }
        }
        "delivery" => {
            let words = [
                ("directory", Delivery::Directory),
                ("branches", Delivery::Branches),
                ("plugin", Delivery::Plugin),
            ];
            config.delivery = reader.one_of(value, &words).unwrap_or(Delivery::Directory);
        }
        "repository" => config.repository = repository(reader, value),
        "network" => config.network = network(reader, value),
        "external" => config.external = patterns(reader, value),
        "parity" => config.parity = patterns(reader, value),
        "rules" => config.rules = rules(reader, value, known_rules),
        _ => limits(reader, value, config),
    }
}

fn required_version(reader: &mut Reader, node: Node<'_>) {
    let Some(text) = reader.string(node) else {
        return;
    };
    let Ok(wanted) = VersionReq::parse(&text) else {
        reader.problem(
            node,
            format!("`{text}` is no version requirement"),
            Some("write it as `>=0.1` or `^1.2`".into()),
        );
        return;
    };
    let own = env!("CARGO_PKG_VERSION");
    if Version::parse(own).is_ok_and(|own| !wanted.matches(&own)) {
        let help =
            "install a version that the project asks for: the hook, CI and Argo CD must agree";
        reader.problem(
            node,
            format!("this project needs Tympan `{text}`, and this is {own}"),
            Some(help.into()),
        );
    }
}

fn kubernetes(reader: &mut Reader, node: Node<'_>) -> Option<String> {
    if node.as_float().is_some() {
        let help = "write it in quotes: \"1.34\"; without them 1.30 would be the number 1.3";
        reader.problem(
            node,
            "a version is a string, not a number",
            Some(help.into()),
        );
        return None;
    }
    let text = reader.string(node)?;
    let minor = text
        .strip_prefix("1.")
        .and_then(|minor| minor.parse::<u32>().ok());
    if minor.is_some_and(|minor| KUBERNETES.contains(&minor)) {
        return Some(text);
    }
    let help = format!(
        "known versions are 1.{} to 1.{}",
        KUBERNETES.start(),
        KUBERNETES.end()
    );
    reader.problem(
        node,
        format!("`{text}` is no known version of Kubernetes"),
        Some(help),
    );
    None
}

fn environment(reader: &mut Reader, node: Node<'_>) -> EnvironmentConfig {
    let mut settings = EnvironmentConfig::default();
    for (key, value) in reader.known(
        node,
        &[
            "kubernetes",
            "placeholders",
            "policy-actions",
            "pod-security",
        ],
    ) {
        match key {
            "kubernetes" => settings.kubernetes = kubernetes(reader, value),
            "placeholders" => {
                settings.forbid_placeholders =
                    reader.one_of(value, &[("forbid", true), ("allow", false)]) == Some(true);
            }
            "policy-actions" => {
                let words = [
                    ("Deny", PolicyAction::Deny),
                    ("Warn", PolicyAction::Warn),
                    ("Audit", PolicyAction::Audit),
                ];
                let items = reader.list(value);
                settings.policy_actions = items
                    .into_iter()
                    .filter_map(|item| reader.one_of(item, &words))
                    .collect();
            }
            _ => {
                let words = Level::ALL.map(|level| (level.as_str(), level));
                settings.pod_security = reader.one_of(value, &words);
            }
        }
    }
    settings
}

fn repository(reader: &mut Reader, node: Node<'_>) -> Repository {
    let mut repository = Repository::default();
    for (key, value) in reader.known(node, &["url", "revision", "cluster"]) {
        let text = reader.string(value);
        match key {
            "url" => repository.url = text,
            "revision" => repository.revision = text,
            _ => repository.cluster = text,
        }
    }
    repository
}

fn network(reader: &mut Reader, node: Node<'_>) -> Network {
    let mut network = Network::default();
    for (key, value) in reader.known(node, &["plugin", "pod-addresses", "ingress-controllers"]) {
        if key == "plugin" {
            network.plugin = reader.string(value);
            continue;
        }
        if key == "pod-addresses" {
            network.pod_addresses = ranges(reader, value);
            continue;
        }
        for item in reader.list(value) {
            let mut controller = IngressController::default();
            for (key, value) in reader.known(item, &["class", "namespace", "pods"]) {
                match key {
                    "class" => controller.class = reader.string(value).unwrap_or_default(),
                    "namespace" => controller.namespace = reader.string(value).unwrap_or_default(),
                    _ => {
                        for (label, value) in reader.map(value) {
                            let text = reader.string(value).unwrap_or_default();
                            controller
                                .pods
                                .insert(label.as_str().unwrap_or_default().to_owned(), text);
                        }
                    }
                }
            }
            required(reader, item, &["class", "namespace"]);
            network.ingress_controllers.push(controller);
        }
    }
    network
}

fn ranges(reader: &mut Reader, node: Node<'_>) -> Vec<String> {
    let mut ranges = Vec::new();
    for item in reader.list(node) {
        match reader.string(item) {
            Some(text) if is_range(&text) => ranges.push(text),
            Some(text) => {
                let help = "write addresses as `10.244.0.0/16`".to_owned();
                reader.problem(
                    item,
                    format!("`{text}` is no range of addresses"),
                    Some(help),
                );
            }
            None => {}
        }
    }
    ranges
}

fn patterns(reader: &mut Reader, node: Node<'_>) -> Vec<External> {
    let mut patterns = Vec::new();
    for item in reader.list(node) {
        let mut pattern = External::default();
        for (key, value) in reader.known(item, &["kind", "namespace", "name"]) {
            let text = reader.string(value);
            match key {
                "kind" => pattern.kind = text.unwrap_or_default(),
                "namespace" => pattern.namespace = text,
                _ => pattern.name = text.unwrap_or_default(),
            }
        }
        required(reader, item, &["kind", "name"]);
        patterns.push(pattern);
    }
    patterns
}

fn rules(reader: &mut Reader, node: Node<'_>, known: &[String]) -> BTreeMap<String, RuleSetting> {
    let words = [
        ("off", RuleSetting::Off),
        ("note", RuleSetting::Severity(Severity::Note)),
        ("warning", RuleSetting::Severity(Severity::Warning)),
        ("error", RuleSetting::Severity(Severity::Error)),
    ];
    let mut settings = BTreeMap::new();
    for (key, value) in reader.map(node) {
        let id = key.as_str().unwrap_or_default();
        let family = id.strip_suffix("/*");
        let exists = match family {
            Some(family) => known
                .iter()
                .any(|rule| rule.split('/').next() == Some(family)),
            None => known.iter().any(|rule| rule == id),
        };
        if !exists {
            let near = nearest(id, known.iter().map(String::as_str));
            let near = did_you_mean(near);
            reader.problem(
                key,
                format!("there is no rule `{id}`{near}"),
                Some("`tympan explain` lists the rules".into()),
            );
        }
        if let Some(setting) = reader.one_of(value, &words) {
            settings.insert(id.to_owned(), setting);
        }
    }
    settings
}

fn limits(reader: &mut Reader, node: Node<'_>, config: &mut Config) {
    for (key, value) in reader.known(node, &["output", "fuel"]) {
        if key == "fuel" {
            match value
                .as_int()
                .and_then(|fuel| u64::try_from(fuel).ok())
                .filter(|fuel| *fuel > 0)
            {
                Some(fuel) => config.fuel = fuel,
                None => reader.wrong_kind(value, "a whole number above 0"),
            }
            continue;
        }
        let bytes = match value.as_int() {
            Some(bytes) => u64::try_from(bytes).ok(),
            None => value.as_str().and_then(parse_size),
        };
        match bytes.filter(|bytes| *bytes > 0 && *bytes <= 1 << 31) {
            Some(bytes) => config.output = bytes,
            None => reader.problem(
                value,
                "this must be a size of at most 2GiB, such as `64MiB`",
                None,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "a", true),
            ("a*", "b", false),
            ("*-b", "a-b", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("*", "", true),
            ("", "a", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }
    use crate::source::SourceMap;

    fn parse(text: &str) -> Result<Config, Vec<(String, String)>> {
        let mut sources = SourceMap::new();
        let file = sources.add("tympan.yaml", text);
        let shared: Arc<str> = text.into();
        let stream = yaml::read(&shared, &yaml::Limits::default());
        let rules: Vec<String> = yaml::rules::RULES
            .iter()
            .map(|rule| rule.id.to_string())
            .collect();
        parse_config(file, &stream, &rules).map_err(|problems| {
            let at = |problem: &ConfigProblem| problem.location.span.of(text).to_owned();
            problems
                .iter()
                .map(|problem| (at(problem), problem.message.clone()))
                .collect()
        })
    }

    #[test]
    fn every_key_is_read() {
        let config = parse(
            r#"
required-version: ">=0.1"
kubernetes: "1.34"
environments:
  prod: {kubernetes: "1.35", placeholders: forbid, policy-actions: [Audit, Deny], pod-security: restricted}
delivery: branches
repository: {url: "https://git.example.com/x", revision: main, cluster: "https://kubernetes.default.svc"}
network: {plugin: cilium, pod-addresses: [10.244.0.0/16, "fd00::/8"], ingress-controllers: [{class: c, namespace: ingress, pods: {app: nginx}}]}
external: [{kind: Service, namespace: kube-system, name: kube-dns}, {kind: Secret, namespace: a, name: "b-*"}]
parity: [{kind: PodDisruptionBudget, name: "*"}]
rules: {yaml/ambiguous-scalar: off, yaml/syntax: error, "yaml/*": note}
limits: {output: 1MiB, fuel: 1000}
"#,
        )
        .unwrap();
        assert_eq!(config.kubernetes.as_deref(), Some("1.34"));
        let prod = &config.environments["prod"];
        assert!(prod.forbid_placeholders);
        assert_eq!(
            prod.policy_actions,
            [PolicyAction::Audit, PolicyAction::Deny]
        );
        assert_eq!(prod.pod_security, Some(Level::Restricted));
        assert_eq!(config.delivery, Delivery::Branches);
        assert_eq!(config.network.pod_addresses, ["10.244.0.0/16", "fd00::/8"]);
        assert_eq!(config.network.ingress_controllers[0].pods["app"], "nginx");
        assert_eq!((config.external.len(), config.parity.len()), (2, 1));
        assert_eq!(config.rule("yaml/ambiguous-scalar"), Some(RuleSetting::Off));
        assert_eq!(
            config.rule("yaml/alias"),
            Some(RuleSetting::Severity(Severity::Note))
        );
        assert_eq!(config.rule("values/unused"), None);
        assert_eq!((config.output, config.fuel), (1 << 20, 1000));
    }

    #[test]
    fn an_empty_file_is_all_defaults() {
        for text in ["", "{}", "# nothing\n", "environments:\n"] {
            let config = parse(text).unwrap();
            assert_eq!((config.fuel, config.output), (10_000_000, 64 << 20));
        }
    }

    #[test]
    fn all_problems_are_told_at_their_places() {
        let found = parse(
            "kubernets: '1.34'\nkubernetes: 1.34\ndelivery: brunches\nrules: {yaml/sintax: error, yaml/syntax: loud}\nlimits: {output: 64MB}\nenvironments: {prod: {placeholders: never, extra: 1}}\nnetwork: {pod-addresses: [10.244.0.0]}\nexternal: [{kind: Secret}]\nrequired-version: '>=99'\n",
        )
        .unwrap_err();
        let at: Vec<&str> = found.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(
            at,
            [
                "kubernets",
                "1.34",
                "brunches",
                "yaml/sintax",
                "loud",
                "64MB",
                "extra",
                "never",
                "10.244.0.0",
                "{kind: Secret}",
                "'>=99'"
            ]
        );
        assert_eq!(
            found[0].1,
            "unknown key `kubernets`; did you mean `kubernetes`?"
        );
        assert_eq!(
            found[2].1,
            "this must be `directory`, `branches` or `plugin`; did you mean `branches`?"
        );
        assert!(
            found[3].1.ends_with("did you mean `yaml/syntax`?"),
            "{}",
            found[3].1
        );
    }
}
