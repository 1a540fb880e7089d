//! Rights: who can do what, and what that leads to.
//!
//! In: roles, bindings, pods. Out: faults at the role's rule that gives a power, with the binding and the subject that has
//! it; wildcards, wide bindings, and tokens that nobody needs.

mod accounts;
mod grants;
mod powers;
pub mod rules;

use std::collections::{BTreeMap, HashMap, HashSet};

use self::grants::{Grant, Grants, Place, RoleRule, Subject};
use self::powers::{POWERS, Power};
use crate::cluster::{Cluster, Found, Index};
use crate::finding::Severity;
use crate::manifest::Fault;
use crate::yaml::Node;

/// Built-in roles that everybody may have: they show what the API is.
const HARMLESS: &[&str] = &[
    "system:basic-user",
    "system:discovery",
    "system:public-info-viewer",
    "system:service-account-issuer-discovery",
];
/// Built-in roles that write almost all of a namespace.
const WRITERS: &[&str] = &["admin", "edit"];
/// Groups and users that are everybody.
const EVERYBODY: &[&str] = &[
    "system:anonymous",
    "system:authenticated",
    "system:serviceaccounts",
    "system:unauthenticated",
];

/// How many labels, bindings, subjects and accounts are looked at beyond once each. A role may be aggregated into many, and
/// a power lead to many accounts: whoever makes so many hides no power, but who has it is not told.
const STEPS: usize = 1 << 23;

/// Checks the rights that the objects of an environment give.
pub fn check<'a>(cluster: &Cluster<'a>) -> Vec<Found<'a>> {
    check_within(cluster, STEPS)
}

fn check_within<'a>(cluster: &Cluster<'a>, mut steps: usize) -> Vec<Found<'a>> {
    let grants = Grants::of(cluster, &mut steps);
    let strongest = Strongest::of(&grants);
    let mut found = Vec::new();
    // A role gives a power to the same, however many of its rules do.
    let mut told: HashMap<(Index, usize), Option<Told<'a>>> = HashMap::new();
    for rule in &grants.rules {
        if let Some(wild) = wildcard(*rule) {
            let all = is_everything(rule.node);
            found.push(wild);
            // Every power is in it.
            if all {
                continue;
            }
        }
        for (number, power) in POWERS.iter().enumerate() {
            if let Some(resource) = power.given_by(rule.node) {
                let told = told
                    .entry((rule.role, number))
                    .or_insert_with(|| power_of(power, rule.role, &grants, &strongest, &mut steps));
                found.extend(
                    told.as_ref()
                        .map(|told| told.of(power, resource, rule.role)),
                );
            }
        }
    }
    for grant in &grants.all {
        binding(grant, &mut found);
    }
    accounts::check(cluster, &grants, &mut found);
    if !cluster.settings().whole {
        for one in &mut found {
            one.fault.severity = one.fault.severity.min(Severity::Warning);
        }
    }
    found
}

fn has_star<'a>(rule: Node<'a>, field: &str) -> Option<Node<'a>> {
    let items = rule.get(field).into_iter().flat_map(Node::items);
    items.into_iter().find(|item| item.as_str() == Some("*"))
}

/// Tells whether a rule is about every resource.
fn is_everything(rule: Node<'_>) -> bool {
    has_star(rule, "resources").is_some() && has_star(rule, "apiGroups").is_some()
}

fn wildcard<'a>(rule: RoleRule<'a>) -> Option<Found<'a>> {
    let parts = [
        ("verbs", "every verb"),
        ("resources", "every resource"),
        ("apiGroups", "every API group"),
        ("nonResourceURLs", "every path"),
    ];
    let stars: Vec<(Node<'a>, &str)> = parts
        .iter()
        .filter_map(|(field, words)| Some((has_star(rule.node, field)?, *words)))
        .collect();
    let (node, _) = *stars.first()?;
    let words: Vec<&str> = stars.iter().map(|(_, words)| *words).collect();
    let message = format!("this rule allows {}", words.join(", "));
    let help = "list what is needed: what a later version, or a new custom resource, brings is allowed from its first day";
    // Every verb of a resource that is named is known; every resource is not.
    let severity = if has_star(rule.node, "resources").is_some() {
        Severity::Error
    } else {
        Severity::Warning
    };
    let fault = Fault::new(&rules::WILDCARD, node, message)
        .severity(severity)
        .help(help);
    Some(Found::new(rule.role, fault))
}

/// A ServiceAccount, its worst power by the place in the list of powers, and the rule that gives it.
type Strength<'a> = (usize, Account<'a>, RoleRule<'a>);

/// A ServiceAccount by its namespace and name.
type Account<'a> = (&'a str, &'a str);

/// The worst power of each ServiceAccount in the whole cluster, the worst first.
struct Strongest<'a> {
    all: Vec<Strength<'a>>,
    by_namespace: HashMap<&'a str, Vec<Strength<'a>>>,
}

impl<'a> Strongest<'a> {
    fn of(grants: &Grants<'a>) -> Self {
        // Of each role the worst of its rules, the first of these.
        let mut roles: BTreeMap<Index, (usize, usize, RoleRule<'a>)> = BTreeMap::new();
        for (number, rule) in grants.rules.iter().enumerate() {
            let rank = if is_everything(rule.node) && has_star(rule.node, "verbs").is_some() {
                Some(0)
            } else {
                let given = |power: &Power| power.given_by(rule.node).is_some();
                POWERS.iter().position(given)
            };
            let Some(rank) = rank else { continue };
            let worst = roles.entry(rule.role).or_insert((rank, number, *rule));
            if rank < worst.0 {
                *worst = (rank, number, *rule);
            }
        }
        // Whoever has a role has the rules of those that are aggregated into it.
        let mut bound: BTreeMap<Index, (usize, usize, RoleRule<'a>)> = BTreeMap::new();
        for (role, own) in roles {
            for role in grants.with_aggregating(role) {
                let worst = bound.entry(role).or_insert(own);
                if (own.0, own.1) < (worst.0, worst.1) {
                    *worst = own;
                }
            }
        }
        let mut accounts: BTreeMap<Account<'a>, (usize, usize, RoleRule<'a>)> = BTreeMap::new();
        for (role, own) in bound {
            let everywhere = grants
                .naming(role)
                .filter(|grant| grant.place == Place::Everywhere);
            let subjects = everywhere.flat_map(|grant| &grant.subjects);
            for subject in subjects.filter(|subject| subject.kind == "ServiceAccount") {
                let account = (subject.namespace, subject.name);
                let worst = accounts.entry(account).or_insert(own);
                if (own.0, own.1) < (worst.0, worst.1) {
                    *worst = own;
                }
            }
        }
        let all = accounts.into_iter();
        let mut all: Vec<Strength<'a>> = all
            .map(|(account, (rank, _, rule))| (rank, account, rule))
            .collect();
        all.sort_by_key(|(rank, account, _)| (*rank, *account));
        let mut by_namespace: HashMap<&str, Vec<Strength<'a>>> = HashMap::new();
        for strength in &all {
            by_namespace
                .entry(strength.1.0)
                .or_default()
                .push(*strength);
        }
        Self { all, by_namespace }
    }

    /// Returns those that whoever has a power in a place can reach.
    fn in_place(&self, place: Place<'_>) -> &[Strength<'a>] {
        match place {
            Place::Everywhere => &self.all,
            Place::Namespace(name) => {
                let own = self.by_namespace.get(name);
                own.map(Vec::as_slice).unwrap_or_default()
            }
        }
    }
}

/// What is said of a power that a role gives.
struct Told<'a> {
    message: String,
    related: Vec<(Index, Node<'a>)>,
}

impl<'a> Told<'a> {
    fn of(&self, power: &'static Power, resource: Node<'a>, role: Index) -> Found<'a> {
        let fault = Fault::new(power.rule, resource, self.message.clone()).help(power.help);
        let related = self.related.iter();
        related.fold(Found::new(role, fault), |found, (index, node)| {
            found.related(*index, *node)
        })
    }
}

/// Says who has a power by a role, and what it leads to; nothing where no binding gives it.
fn power_of<'a>(
    power: &'static Power,
    role: Index,
    grants: &Grants<'a>,
    strongest: &Strongest<'a>,
    steps: &mut usize,
) -> Option<Told<'a>> {
    let all = grants.of_role(role, steps).unwrap_or_default();
    let counting: Vec<&Grant<'a>> = all
        .iter()
        .copied()
        .filter(|grant| !power.cluster || grant.place == Place::Everywhere)
        .collect();
    if counting.is_empty() && !all.is_empty() {
        return None;
    }
    let place = counting.iter().map(|grant| grant.place).min();
    let who = who(&counting, grants.adds_to.get(&role).copied());
    let scope = match place {
        _ if power.cluster => String::new(),
        None => String::new(),
        Some(Place::Everywhere) => " in all namespaces".to_owned(),
        Some(Place::Namespace(name)) => format!(" in namespace `{name}`"),
    };
    let mut message = format!("{who} may {}{scope}", power.may);
    let chain = place
        .filter(|_| power.acts)
        .and_then(|place| leads_to(power, place, &counting, strongest, steps));
    if let Some((rank, (namespace, name), _)) = chain {
        let may = POWERS.get(rank).map_or("", |power| power.may);
        message = format!("{message}; `{namespace}/{name}`, which it can become, may {may}");
    }
    let bindings = counting.iter().take(2).map(|grant| {
        let node = grant.subjects.first();
        (grant.binding, node.map_or(grant.role_node, |one| one.node))
    });
    let gives = chain.map(|(_, _, rule)| (rule.role, rule.node));
    Some(Told {
        message,
        related: bindings.chain(gives).collect(),
    })
}

/// Finds the strongest ServiceAccount that somebody can act as who has a power in a place.
fn leads_to<'a>(
    power: &Power,
    place: Place<'a>,
    grants: &[&Grant<'a>],
    strongest: &Strongest<'a>,
    steps: &mut usize,
) -> Option<Strength<'a>> {
    let own = POWERS.iter().position(|one| std::ptr::eq(one, power))?;
    let subjects = || grants.iter().flat_map(|grant| &grant.subjects);
    let accounts = subjects().filter(|one| one.kind == "ServiceAccount");
    let accounts: HashSet<Account<'a>> = accounts.map(|one| (one.namespace, one.name)).collect();
    let groups = subjects().filter(|one| one.kind == "Group");
    let groups: HashSet<&str> = groups.map(|one| one.name).collect();
    if ["system:serviceaccounts", "system:authenticated"]
        .iter()
        .any(|all| groups.contains(all))
    {
        return None;
    }
    let namespaces = groups
        .iter()
        .filter_map(|name| name.strip_prefix("system:serviceaccounts:"));
    let namespaces: HashSet<&str> = namespaces.collect();
    let is_itself =
        |account: &Account<'a>| accounts.contains(account) || namespaces.contains(account.0);
    let reachable = strongest.in_place(place).iter();
    reachable
        .take_while(|(rank, ..)| *rank < own)
        .take_while(|_| {
            *steps = steps.saturating_sub(1);
            *steps > 0
        })
        .find(|(_, account, _)| !is_itself(account))
        .copied()
}

/// Says who has the rights of a role.
fn who(grants: &[&Grant<'_>], adds_to: Option<&str>) -> String {
    let mut subjects: Vec<&Subject<'_>> = grants.iter().flat_map(|grant| &grant.subjects).collect();
    subjects.sort_by_key(|one| (one.kind != "ServiceAccount", one.namespace, one.name));
    subjects.dedup_by_key(|one| (one.kind, one.namespace, one.name));
    match (subjects.as_slice(), adds_to) {
        ([], Some(role)) => format!("whoever has the built-in role `{role}`"),
        ([], None) => "whoever this role is bound to".to_owned(),
        ([only], _) => only.words(),
        ([first, rest @ ..], _) => format!("{} (and {} more)", first.words(), rest.len()),
    }
}

/// Looks at a binding by itself: to `cluster-admin`, to everybody.
fn binding<'a>(grant: &Grant<'a>, found: &mut Vec<Found<'a>>) {
    if grant.built_in && grant.role == "cluster-admin" && !grant.subjects.is_empty() {
        let place = match grant.place {
            Place::Everywhere => "in the whole cluster".to_owned(),
            Place::Namespace(name) => format!("in namespace `{name}`"),
        };
        let message = format!("{} may do everything {place}", who(&[grant], None));
        let fault = Fault::new(&rules::CLUSTER_ADMIN, grant.role_node, message)
            .help("bind a role that lists what is needed");
        found.push(Found::new(grant.binding, fault));
    }
    let account = grant
        .subjects
        .iter()
        .find(|one| one.kind == "ServiceAccount");
    if let Some(account) = account.filter(|_| grant.built_in && WRITERS.contains(&grant.role)) {
        let place = match grant.place {
            Place::Everywhere => "in all namespaces".to_owned(),
            Place::Namespace(name) => format!("in namespace `{name}`"),
        };
        let message = format!(
            "{} has the built-in role `{}`: it may write every Secret and run pods as any ServiceAccount {place}",
            account.words(),
            grant.role
        );
        let fault = Fault::new(&rules::WRITE_SECRETS, grant.role_node, message)
            .help("bind a role that lists what the program needs; this one is for people");
        found.push(Found::new(grant.binding, fault));
    }
    if grant.built_in && HARMLESS.contains(&grant.role) {
        return;
    }
    for subject in &grant.subjects {
        if subject.kind != "ServiceAccount" && EVERYBODY.contains(&subject.name) {
            let whom = match subject.name {
                "system:serviceaccounts" => "every pod of the cluster",
                "system:authenticated" => "everybody who can log in, every pod included",
                _ => "everybody, without logging in,",
            };
            let message = format!("{whom} has the rights of `{}`", grant.role);
            let fault = Fault::new(&rules::EVERYBODY, subject.node, message)
                .help("bind the groups or ServiceAccounts that need them");
            found.push(Found::new(grant.binding, fault));
        }
    }
}

#[cfg(test)]
mod tests;
