//! `tympan network --diff`: what a change opens and closes.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;

use super::Settings;
use super::args::{NetworkArgs, NetworkFormat};
use super::base::{manifests_before, rendered_before};
use super::load::known;
use super::network::{JsonPorts, Loaded, is_meant, is_source, must_be_known};
use super::side::{Home, holds_nothing};
use crate::cluster::Cluster;
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::manifest::Resource;
use crate::network::{Change, Changed, Versions};
use crate::report::escaped;

/// How another environment is named.
pub(super) const ENVIRONMENT: &str = "env:";

/// Where one version is compared with another.
struct Compared<'l> {
    /// The environment's name; empty for plain manifests.
    name: &'l str,
    versions: Versions<'l>,
}

pub(super) fn run(
    args: &NetworkArgs,
    side: &str,
    loaded: &Loaded,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    if !matches!(args.format, NetworkFormat::Text | NetworkFormat::Json) {
        return Err(Failure::new("a change is told as text or json only"));
    }
    let other = side.strip_prefix(ENVIRONMENT);
    if let Some(name) = other {
        must_be_there(name, args, loaded)?;
    }
    let chosen = |name: &str| other.is_none_or(|other| other != name);
    let names: Vec<&str> = loaded.clusters().map(|(name, ..)| name).collect();
    let before = match other {
        Some(_) => Vec::new(),
        None => earlier(side, &names, loaded, settings)?,
    };
    let traced = loaded.traced(settings);
    let mut compared = Vec::new();
    for (name, _, after) in loaded.clusters().filter(|(name, ..)| chosen(name)) {
        let earlier = match other {
            Some(other) => loaded
                .clusters()
                .find(|(name, ..)| *name == other)
                .map(|(.., one)| one),
            None => cluster_of(name, &before, loaded),
        };
        if let Some(earlier) = earlier {
            let versions = Versions::new(&earlier, &after);
            compared.push(Compared { name, versions });
            traced.one();
        }
    }
    let reaches = compared
        .iter()
        .flat_map(|one| [&one.versions.before, &one.versions.after]);
    must_be_known(args, &reaches.collect::<Vec<_>>())?;
    let engines = compared
        .iter()
        .map(|one| one.versions.after.engine.to_string());
    let engines: BTreeSet<String> = engines.collect();
    engines.iter().try_for_each(|line| settings.note(line))?;
    let differs = match args.format {
        NetworkFormat::Json => json(args, side, &compared, out)?,
        _ => text(args, &compared, out)?,
    };
    Ok(if differs {
        ExitStatus::Findings
    } else {
        ExitStatus::Clean
    })
}

fn must_be_there(name: &str, args: &NetworkArgs, loaded: &Loaded) -> Result<(), Failure> {
    if loaded.root.is_none() {
        let failure = Failure::new("plain manifests have no environments to compare with");
        return Err(failure.hint("name a folder or file of manifests"));
    }
    let names: Vec<&str> = loaded.clusters().map(|(name, ..)| name).collect();
    known("environment", &[name.to_owned()], &names)?;
    if names.len() == 1 || args.environments.iter().any(|one| one == name) {
        return Err(
            Failure::new(format!("`{name}` is compared with itself")).hint(
                "name the environment to compare with `-e`, and another one with `--diff env:`",
            ),
        );
    }
    Ok(())
}

/// The objects of the version before, by environment.
type Earlier<'l> = Vec<(&'l str, Vec<Resource>)>;

fn earlier<'l>(
    side: &str,
    names: &[&'l str],
    loaded: &Loaded,
    settings: &Settings,
) -> Result<Earlier<'l>, Failure> {
    let Some(root) = &loaded.root else {
        let objects = manifests_before(side, settings)?;
        return Ok(vec![("", objects.into_iter().map(Resource::new).collect())]);
    };
    let home = Home {
        root,
        environments: names,
        delivery: loaded.delivery,
    };
    let before = rendered_before(side, home, settings)?;
    let mut before = before.ok_or_else(|| holds_nothing(side, loaded.delivery))?;
    let all = names.iter().map(|name| {
        let objects = before.remove(*name).unwrap_or_default();
        (*name, objects.into_iter().map(Resource::new).collect())
    });
    Ok(all.collect())
}

fn cluster_of<'l>(name: &str, before: &'l Earlier<'_>, loaded: &'l Loaded) -> Option<Cluster<'l>> {
    let (_, objects) = before.iter().find(|(own, _)| *own == name)?;
    Some(loaded.cluster(objects.iter().collect(), loaded.settings(name)?))
}

fn each<E>(
    args: &NetworkArgs,
    versions: &Versions<'_>,
    change: Change,
    mut tell: impl FnMut(Changed) -> Result<(), E>,
) -> Result<(), E> {
    versions.changes(
        change,
        |name| is_source(args, name),
        |name| is_meant(args.to.as_deref(), name),
        |changed| match args.port {
            Some((protocol, port)) if !changed.connections.contains(protocol, port) => Ok(()),
            _ => tell(changed),
        },
    )
}

/// Writes one connection a line: `+` is opened, `-` is closed. What is opened comes first.
fn text(args: &NetworkArgs, compared: &[Compared<'_>], out: &mut impl Write) -> io::Result<bool> {
    let mut differs = false;
    for one in compared {
        if compared.len() > 1 {
            writeln!(out, "# {}", one.name)?;
        }
        for (change, sign) in Change::ALL.into_iter().zip(['+', '-']) {
            each(args, &one.versions, change, |changed| {
                differs = true;
                let (from, to) = (escaped(&changed.from), escaped(&changed.to));
                writeln!(out, "{sign} {from} => {to} : {}", changed.connections)
            })?;
        }
    }
    Ok(differs)
}

/// A connection in JSON.
#[derive(Serialize)]
struct JsonChanged<'c> {
    from: &'c str,
    to: &'c str,
    /// Whether every port of every protocol is meant.
    all: bool,
    ports: Vec<JsonPorts>,
}

fn json(
    args: &NetworkArgs,
    side: &str,
    compared: &[Compared<'_>],
    out: &mut impl Write,
) -> io::Result<bool> {
    let mut differs = false;
    let side = serde_json::to_string(side)?;
    write!(
        out,
        "{{\"version\": 1, \"before\": {side}, \"environments\": ["
    )?;
    for (place, one) in compared.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let environment = (!one.name.is_empty()).then_some(one.name);
        let environment = serde_json::to_string(&environment)?;
        write!(out, "{comma}\n{{\"environment\": {environment}")?;
        for (change, key) in Change::ALL.into_iter().zip(["opened", "closed"]) {
            write!(out, ", \"{key}\": [")?;
            let mut comma = "";
            each(args, &one.versions, change, |changed| {
                differs = true;
                writeln!(out, "{comma}")?;
                comma = ",";
                let shown = JsonChanged {
                    from: &changed.from,
                    to: &changed.to,
                    all: changed.connections.is_all(),
                    ports: JsonPorts::of(&changed.connections),
                };
                serde_json::to_writer(&mut *out, &shown).map_err(io::Error::from)
            })?;
            let end = if comma.is_empty() { "" } else { "\n" };
            write!(out, "{end}]")?;
        }
        write!(out, "}}")?;
    }
    writeln!(out, "\n]}}")?;
    Ok(differs)
}
