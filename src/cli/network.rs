//! `tympan network`.

use std::io::{self, Write};
use std::net::IpAddr;

use serde::Serialize;

use super::Settings;
use super::args::{NetworkArgs, NetworkFormat};
use super::load::{load_project, pipeline_input, project_checks};
use super::render::tell;
use crate::cluster::{self, Cluster};
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::finding::{Severity, nearest};
use crate::manifest::{Resource, Scopes};
use crate::network::{Connection, Name, Range, Reach, connections, names};
use crate::pipeline::{Checks, Outcome, read_manifests, render_project};
use crate::project::load_manifests;
use crate::report::escaped;
use crate::schema::KubernetesVersion;
use crate::yaml::Limits;

pub(super) fn run(
    args: &NetworkArgs,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let (outcome, checks) = if args.paths.is_empty() {
        of_project(args, settings)?
    } else {
        of_manifests(args, settings)?
    };
    let mut scopes = Scopes::default();
    let schemas = checks.schemas.iter();
    schemas.for_each(|schema| scopes.learn(schema.root()));
    let clusters = checks.settings.iter().filter_map(|(name, settings)| {
        let objects = objects(&outcome, name)?;
        Some((name, Cluster::new(objects, scopes.clone(), settings)))
    });
    let reaches: Vec<(&str, Reach<'_>)> = clusters
        .map(|(name, cluster)| (name.as_str(), Reach::new(&cluster)))
        .collect();
    for wanted in [&args.from, &args.to].into_iter().flatten() {
        must_be_known(wanted, &reaches)?;
    }
    match args.format {
        NetworkFormat::Text => text(args, &reaches, out)?,
        NetworkFormat::Json => json(args, &reaches, out)?,
    }
    Ok(ExitStatus::Clean)
}

/// Renders the project; all of it must render, for what is missing would be told as closed.
fn of_project(args: &NetworkArgs, settings: &Settings) -> Result<(Outcome, Checks), Failure> {
    let project = load_project(&settings.directory)?;
    let mut checks = project_checks(&project, &[])?;
    let (input, _) = pipeline_input(project, &args.environments, &[])?;
    let outcome = render_project(input);
    if !outcome.complete {
        tell(&outcome, settings)?;
        return Err(Failure::new(
            "nothing can be told, because not everything could be rendered",
        ));
    }
    let environments = &outcome.environments;
    checks
        .settings
        .retain(|name, _| environments.iter().any(|one| one.name == *name));
    Ok((outcome, checks))
}

fn of_manifests(args: &NetworkArgs, settings: &Settings) -> Result<(Outcome, Checks), Failure> {
    let sources = load_manifests(&settings.directory, &args.paths, io::stdin().lock())?;
    let outcome = read_manifests(sources, &Limits::default());
    let worst = outcome.findings.worst();
    if worst.is_some_and(|worst| worst == Severity::Error) {
        tell(&outcome, settings)?;
        return Err(Failure::new(
            "nothing can be told, because not everything could be read",
        ));
    }
    let settings = cluster::Settings {
        versions: vec![KubernetesVersion::NEWEST],
        ..cluster::Settings::default()
    };
    let checks = Checks {
        settings: [(String::new(), settings)].into(),
        ..Checks::default()
    };
    Ok((outcome, checks))
}

/// Returns the objects of an environment; under the empty name, those of plain manifests.
fn objects<'o>(outcome: &'o Outcome, environment: &str) -> Option<Vec<&'o Resource>> {
    if environment.is_empty() {
        return Some(outcome.manifests.iter().map(|(_, one)| one).collect());
    }
    let mut environments = outcome.environments.iter();
    let found = environments.find(|one| one.name == environment)?;
    Some(found.objects.iter().map(|one| &one.resource).collect())
}

/// Tells whether a name is the one that is asked for: as it is shown, without the kind, or by an address of its range.
fn is_meant(wanted: Option<&str>, name: &Name) -> bool {
    let Some(wanted) = wanted else {
        return true;
    };
    let bare = name.shown.split('[').next();
    match (wanted.parse::<IpAddr>(), name.range) {
        (Ok(address), Some(range)) => range.contains(&Range::of(address)),
        _ => wanted == name.shown || name.range.is_none() && bare == Some(wanted),
    }
}

fn must_be_known(wanted: &str, reaches: &[(&str, Reach<'_>)]) -> Result<(), Failure> {
    let known: Vec<Name> = reaches.iter().flat_map(|(_, one)| names(one)).collect();
    if known.iter().any(|name| is_meant(Some(wanted), name)) {
        return Ok(());
    }
    let bare = known.iter().filter_map(|name| name.shown.split('[').next());
    let near = nearest(wanted, bare).map(|near| format!("; did you mean `{near}`?"));
    let near = near.unwrap_or_default();
    let failure = Failure::new(format!("there is no workload `{wanted}`{near}"));
    Err(failure.hint("write a workload as `namespace/name`, or an address such as 192.0.2.1"))
}

fn each<E>(
    args: &NetworkArgs,
    reach: &Reach<'_>,
    mut tell: impl FnMut(Connection<'_>) -> Result<(), E>,
) -> Result<(), E> {
    connections(
        reach,
        |name| is_meant(args.from.as_deref(), name),
        |name| is_meant(args.to.as_deref(), name),
        |connection| match args.port {
            Some((protocol, port)) if !connection.connections.contains(protocol, port) => Ok(()),
            _ => tell(connection),
        },
    )
}

/// Writes one connection a line; where there are several environments, each under its name.
fn text(args: &NetworkArgs, reaches: &[(&str, Reach<'_>)], out: &mut impl Write) -> io::Result<()> {
    for (environment, reach) in reaches {
        if reaches.len() > 1 {
            writeln!(out, "# {environment}")?;
        }
        each(args, reach, |connection| {
            let Connection {
                from,
                to,
                connections,
            } = connection;
            let (from, to) = (escaped(from), escaped(to));
            writeln!(out, "{from} => {to} : {connections}")
        })?;
    }
    Ok(())
}

/// A connection in JSON.
#[derive(Serialize)]
struct JsonConnection<'c> {
    from: &'c str,
    to: &'c str,
    /// Whether every port of every protocol is open.
    all: bool,
    ports: Vec<JsonPorts>,
}

/// Ports in JSON; both ends belong to them.
#[derive(Serialize)]
struct JsonPorts {
    protocol: &'static str,
    first: u32,
    last: u32,
}

/// Writes connections one by one: there may be more than fit in memory.
fn json(args: &NetworkArgs, reaches: &[(&str, Reach<'_>)], out: &mut impl Write) -> io::Result<()> {
    write!(out, "{{\"version\": 1, \"environments\": [")?;
    for (place, (environment, reach)) in reaches.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let environment = (!environment.is_empty()).then_some(environment);
        let environment = serde_json::to_string(&environment)?;
        write!(
            out,
            "{comma}\n{{\"environment\": {environment}, \"connections\": ["
        )?;
        let mut comma = "";
        each(args, reach, |connection| {
            let parts = connection.connections.parts();
            let ports = parts.map(|(protocol, first, last)| JsonPorts {
                protocol: protocol.as_str(),
                first,
                last,
            });
            let shown = JsonConnection {
                from: connection.from,
                to: connection.to,
                all: connection.connections.is_all(),
                ports: ports.collect(),
            };
            writeln!(out, "{comma}")?;
            comma = ",";
            serde_json::to_writer(&mut *out, &shown).map_err(io::Error::from)
        })?;
        write!(out, "\n]}}")?;
    }
    writeln!(out, "\n]}}")
}
