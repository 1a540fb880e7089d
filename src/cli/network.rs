//! `tympan network`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::PathBuf;

use serde::Serialize;

use super::args::{NetworkArgs, NetworkFormat};
use super::load::{load_manifests, load_project, pipeline_input, project_checks};
use super::network_picture;
use super::render::tell;
use super::{Settings, network_diff};
use crate::cluster::{self, Cluster, Index};
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::finding::{Severity, did_you_mean, nearest};
use crate::manifest::{Resource, Scopes};
use crate::network::draw;
use crate::network::{
    Action, Connection, Connections, Direction, End, Engine, Name, PeerId, Protocol, Range, Reach,
    Reason, connections, names, reasons,
};
use crate::pipeline::{Checks, Environment, Outcome, read_manifests, render_project};
use crate::progress::Step;
use crate::project::Delivery;
use crate::report::escaped;
use crate::schema::KubernetesVersion;
use crate::source::Location;
use crate::yaml::{Limits, Node};

/// Who may talk to whom in one environment, or in plain manifests.
pub(super) struct Known<'o> {
    /// The environment's name; empty for plain manifests.
    pub(super) name: &'o str,
    environment: Option<&'o Environment>,
    outcome: &'o Outcome,
    pub(super) reach: Reach<'o>,
}

pub(super) fn run(
    args: &NetworkArgs,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let loaded = if args.paths.is_empty() {
        of_project(args, settings)?
    } else {
        of_manifests(args, settings)?
    };
    if let Some(side) = &args.diff {
        return network_diff::run(args, side, &loaded, settings, out);
    }
    let traced = loaded.traced(settings);
    let known: Vec<Known<'_>> = loaded
        .clusters()
        .map(|(name, environment, cluster)| {
            let reach = Reach::new(&cluster);
            traced.one();
            Known {
                name,
                environment,
                outcome: &loaded.outcome,
                reach,
            }
        })
        .collect();
    let reaches: Vec<&Reach<'_>> = known.iter().map(|one| &one.reach).collect();
    must_be_known(args, &reaches)?;
    if !settings.quiet {
        notes(&known, settings)?;
    }
    if let Some(folder) = &args.docs {
        let folder = settings.directory.join(folder);
        return network_picture::docs(args, &folder, &known, &loaded.checks, settings, out);
    }
    match args.format {
        NetworkFormat::Text => text(args, &known, out)?,
        NetworkFormat::Json => json(args, &known, out)?,
        NetworkFormat::Dot => network_picture::one(args, &known, draw::dot, out)?,
        NetworkFormat::Mermaid => network_picture::one(args, &known, draw::mermaid, out)?,
        NetworkFormat::Svg => network_picture::one(args, &known, draw::svg, out)?,
    }
    Ok(ExitStatus::Clean)
}

/// Renders the project; all of it must render, for what is missing would be told as closed.
fn of_project(args: &NetworkArgs, settings: &Settings) -> Result<Loaded, Failure> {
    let project = load_project(settings)?;
    let root = project.root.clone();
    let delivery = project.config.delivery;
    let mut checks = project_checks(&project, &[], settings)?;
    let mut chosen = args.environments.clone();
    let other = args
        .diff
        .as_deref()
        .and_then(|side| side.strip_prefix(network_diff::ENVIRONMENT));
    chosen.extend(other.filter(|_| !chosen.is_empty()).map(str::to_owned));
    let (input, _) = pipeline_input(project, &chosen, &[], settings)?;
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
    Ok(Loaded {
        outcome,
        checks,
        root: Some(root),
        delivery,
    })
}

fn of_manifests(args: &NetworkArgs, settings: &Settings) -> Result<Loaded, Failure> {
    let sources = load_manifests(&args.paths, settings, io::stdin().lock())?;
    let outcome = read_manifests(sources, &Limits::default(), &settings.progress);
    let worst = outcome.findings.worst();
    if worst.is_some_and(|worst| worst == Severity::Error) {
        tell(&outcome, settings)?;
        return Err(Failure::new(
            "nothing can be told, because not everything could be read",
        ));
    }
    let known = cluster::Settings {
        versions: vec![KubernetesVersion::NEWEST],
        ..cluster::Settings::default()
    };
    let checks = Checks {
        settings: [(String::new(), known)].into(),
        ..Checks::default()
    };
    Ok(Loaded {
        outcome,
        checks,
        root: None,
        delivery: Delivery::Directory,
    })
}

/// What the command looks at.
pub(super) struct Loaded {
    pub(super) outcome: Outcome,
    checks: Checks,
    /// The project's folder; none for plain manifests.
    pub(super) root: Option<PathBuf>,
    /// How Argo CD is given what is rendered.
    pub(super) delivery: Delivery,
}

impl Loaded {
    /// Returns every environment's objects, by its name; those of plain manifests under the empty one.
    pub(super) fn clusters(
        &self,
    ) -> impl Iterator<Item = (&str, Option<&Environment>, Cluster<'_>)> {
        self.checks.settings.iter().map(|(name, settings)| {
            let mut environments = self.outcome.environments.iter();
            let environment = environments.find(|one| one.name == *name);
            let objects = objects(&self.outcome, environment);
            (name.as_str(), environment, self.cluster(objects, settings))
        })
    }

    /// Counts environments whose connections are known.
    pub(super) fn traced(&self, settings: &Settings) -> Step {
        let environments = self.checks.settings.len();
        let progress = &settings.progress;
        progress.count("tracing connections in", environments, "environments")
    }

    /// Returns what is known about an environment.
    pub(super) fn settings(&self, environment: &str) -> Option<&cluster::Settings> {
        self.checks.settings.get(environment)
    }

    /// Looks at objects together.
    pub(super) fn cluster<'l>(
        &'l self,
        objects: Vec<&'l Resource>,
        settings: &'l cluster::Settings,
    ) -> Cluster<'l> {
        let mut scopes = Scopes::default();
        let schemas = self.checks.schemas.iter();
        schemas.for_each(|schema| scopes.learn(schema.root()));
        Cluster::new(objects, scopes, settings)
    }
}

/// Returns the objects of an environment; where there is none, those of plain manifests.
fn objects<'o>(outcome: &'o Outcome, environment: Option<&'o Environment>) -> Vec<&'o Resource> {
    match environment {
        Some(environment) => environment
            .objects
            .iter()
            .map(|one| &one.resource)
            .collect(),
        None => outcome.manifests.iter().map(|(_, one)| one).collect(),
    }
}

impl Known<'_> {
    /// Returns the line where a node of an object can be mended, `file:line`, with that of the macro where one wrote it.
    fn place(&self, object: Index, node: Option<Node<'_>>) -> Option<String> {
        let locations = if let Some(environment) = self.environment {
            let object = environment.objects.get(object)?;
            let node = node.unwrap_or_else(|| object.resource.root());
            object.templates(environment, node)
        } else {
            let (file, object) = self.outcome.manifests.get(object)?;
            let node = node.unwrap_or_else(|| object.root());
            vec![Location::new(*file, node.span())]
        };
        let line = |location: &Location| {
            let file = self.outcome.sources.file(location.file);
            let line = file.position(location.span.start).line;
            format!("{}:{line}", file.path())
        };
        let (written, callers) = locations.split_first()?;
        Some(match callers.last() {
            Some(caller) => format!("{}, by {}", line(caller), line(written)),
            None => line(written),
        })
    }

    /// Returns the name of a policy: its kind, its namespace where it has one, and its own.
    fn policy(&self, object: Index) -> String {
        let resource = match self.environment {
            Some(environment) => environment.objects.get(object).map(|one| &one.resource),
            None => self.outcome.manifests.get(object).map(|(_, one)| one),
        };
        resource.map_or_else(String::new, |resource| {
            let id = &resource.id;
            let namespace = id.namespace.as_deref().map(|name| format!("{name}/"));
            format!("{} {}{}", id.kind, namespace.unwrap_or_default(), id.name)
        })
    }

    /// Tells why one side of the connections between two ends is as it is.
    fn why(&self, from: &[PeerId], to: &[PeerId], direction: Direction) -> Vec<String> {
        let mut told = BTreeSet::new();
        let mut lines = Vec::new();
        for from in from
            .iter()
            .filter(|peer| self.reach.numbering.is_source(**peer))
        {
            let is_target =
                |peer: &&PeerId| !matches!(self.reach.numbering.end(**peer), End::Source(_));
            for to in to.iter().filter(is_target) {
                for reason in reasons(&self.reach, *from, *to, direction) {
                    let line = self.reason(&reason);
                    if told.insert(line.clone()) {
                        lines.push(line);
                    }
                }
            }
        }
        lines
    }

    fn reason(&self, reason: &Reason<'_>) -> String {
        let at = |object, node| match self.place(object, node) {
            Some(place) => format!("{} ({place})", self.policy(object)),
            None => self.policy(object),
        };
        match reason {
            Reason::NoPolicy => "no policy is about these pods".to_owned(),
            Reason::Rule {
                object,
                node,
                action,
                connections,
            } => {
                let does = match action {
                    Action::Allow => "allows",
                    Action::Deny => "refuses",
                    Action::Pass => "passes on",
                };
                format!("{} {does} {connections}", at(*object, Some(*node)))
            }
            Reason::Closes { object } => {
                format!("{} closes what no rule allows", at(*object, None))
            }
        }
    }
}

/// Says on standard error what is taken for granted, and what is not taken as it is written.
fn notes(known: &[Known<'_>], settings: &Settings) -> io::Result<()> {
    let mut told = BTreeSet::new();
    for one in known {
        told.insert(one.reach.engine.to_string());
        for note in &one.reach.notes {
            let place = one.place(note.object, Some(note.node)).unwrap_or_default();
            told.insert(format!("{place}: {}", note.message));
        }
    }
    told.iter().try_for_each(|line| settings.note(line))
}

/// Tells whether connections from what has a name are asked for.
pub(super) fn is_source(args: &NetworkArgs, name: &Name) -> bool {
    let shard = args.shard.is_none_or(|shard| shard.has(&[&name.shown]));
    shard && is_meant(args.from.as_deref(), name)
}

/// Tells whether a name is the one that is asked for: as it is shown, without the kind, or by an address of its range.
pub(super) fn is_meant(wanted: Option<&str>, name: &Name) -> bool {
    let Some(wanted) = wanted else {
        return true;
    };
    let bare = name.shown.split('[').next();
    match (wanted.parse::<IpAddr>(), name.range) {
        (Ok(address), Some(range)) => range.contains(&Range::of(address)),
        _ => wanted == name.shown || name.range.is_none() && bare == Some(wanted),
    }
}

/// Refuses to look for ends that there are none of.
pub(super) fn must_be_known(args: &NetworkArgs, known: &[&Reach<'_>]) -> Result<(), Failure> {
    let wanted = [&args.from, &args.to].into_iter().flatten();
    let wanted: Vec<&String> = wanted.collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let all: Vec<Name> = known.iter().flat_map(|reach| names(reach)).collect();
    let mut unknown = wanted
        .into_iter()
        .filter(|wanted| !all.iter().any(|name| is_meant(Some(wanted), name)));
    let Some(wanted) = unknown.next() else {
        return Ok(());
    };
    let bare = all.iter().filter_map(|name| name.shown.split('[').next());
    let near = did_you_mean(nearest(wanted, bare));
    let failure = Failure::new(format!("there is no workload `{wanted}`{near}"));
    Err(failure.hint("write a workload as `namespace/name`, or an address such as 192.0.2.1"))
}

/// Tells the connections that are asked for; where both ends are and nothing is open, that nothing is, if one wants to
/// know why.
pub(super) fn each<E>(
    args: &NetworkArgs,
    known: &Known<'_>,
    mut tell: impl FnMut(Connection<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut open = BTreeSet::new();
    let asks_why = args.why && args.from.is_some() && args.to.is_some();
    connections(
        &known.reach,
        |name| is_source(args, name),
        |name| is_meant(args.to.as_deref(), name),
        |connection| match args.port {
            Some((protocol, port)) if !connection.connections.contains(protocol, port) => Ok(()),
            _ => {
                if asks_why {
                    open.insert((connection.from.to_owned(), connection.to.to_owned()));
                }
                tell(connection)
            }
        },
    )?;
    if !asks_why {
        return Ok(());
    }
    let names = names(&known.reach);
    let asked = |is_asked: &dyn Fn(&Name) -> bool| -> BTreeSet<&str> {
        let names = names.iter().filter(|name| is_asked(name));
        names.map(|name| name.shown.as_str()).collect()
    };
    let targets = asked(&|name| is_meant(args.to.as_deref(), name));
    for from in asked(&|name| is_source(args, name)) {
        for to in targets.iter().copied().filter(|to| *to != from) {
            if !open.contains(&(from.to_owned(), to.to_owned())) {
                tell(Connection {
                    from,
                    to,
                    connections: Connections::default(),
                })?;
            }
        }
    }
    Ok(())
}

/// Returns what each name is the name of.
fn peers(args: &NetworkArgs, known: &Known<'_>) -> BTreeMap<String, Vec<PeerId>> {
    let mut peers: BTreeMap<String, Vec<PeerId>> = BTreeMap::new();
    if args.why {
        for name in names(&known.reach) {
            peers.entry(name.shown).or_default().extend(name.peers);
        }
    }
    peers
}

/// Writes one connection a line; where there are several environments, each under its name.
fn text(args: &NetworkArgs, known: &[Known<'_>], out: &mut impl Write) -> io::Result<()> {
    for one in known {
        if known.len() > 1 {
            writeln!(out, "# {}", one.name)?;
        }
        let peers = peers(args, one);
        let of = |name: &str| peers.get(name).map(Vec::as_slice).unwrap_or_default();
        each(args, one, |connection| {
            let Connection {
                from,
                to,
                connections,
            } = connection;
            writeln!(out, "{} => {} : {connections}", escaped(from), escaped(to))?;
            for direction in [Direction::Egress, Direction::Ingress]
                .into_iter()
                .filter(|_| args.why)
            {
                for line in one.why(of(from), of(to), direction) {
                    writeln!(out, "  {}: {}", direction.as_str(), escaped(&line))?;
                }
            }
            io::Result::Ok(())
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
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<JsonWhy>,
}

/// What enforces the policies, and what is taken for granted of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonEngine<'e> {
    /// Its name; none where nobody says.
    name: Option<&'e str>,
    /// Whether an `ipBlock` may mean pods.
    addresses_mean_pods: bool,
    /// Whether pods in the node's network count as the node.
    host_network_is_node: bool,
}

impl<'e> JsonEngine<'e> {
    fn of(engine: &Engine<'e>) -> Self {
        Self {
            name: engine.name,
            addresses_mean_pods: engine.addresses_mean_pods(),
            host_network_is_node: engine.is_cilium(),
        }
    }
}

/// Ports in JSON; both ends belong to them.
#[derive(Serialize)]
pub(super) struct JsonPorts {
    protocol: &'static str,
    first: u32,
    last: u32,
}

impl JsonPorts {
    pub(super) fn of(connections: &Connections) -> Vec<Self> {
        let one = |(protocol, first, last): (Protocol, u32, u32)| Self {
            protocol: protocol.as_str(),
            first,
            last,
        };
        connections.parts().map(one).collect()
    }
}

/// What has to do with each side of a connection, in words.
#[derive(Serialize)]
struct JsonWhy {
    egress: Vec<String>,
    ingress: Vec<String>,
}

/// Writes connections one by one: there may be more than fit in memory.
fn json(args: &NetworkArgs, known: &[Known<'_>], out: &mut impl Write) -> io::Result<()> {
    write!(out, "{{\"version\": 1, \"environments\": [")?;
    for (place, one) in known.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let environment = (!one.name.is_empty()).then_some(one.name);
        let environment = serde_json::to_string(&environment)?;
        write!(
            out,
            "{comma}\n{{\"environment\": {environment}, \"engine\": {}, \"connections\": [",
            serde_json::to_string(&JsonEngine::of(&one.reach.engine))?
        )?;
        let peers = peers(args, one);
        let of = |name: &str| peers.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut comma = "";
        each(args, one, |connection| {
            let why = |direction| one.why(of(connection.from), of(connection.to), direction);
            let shown = JsonConnection {
                from: connection.from,
                to: connection.to,
                all: connection.connections.is_all(),
                ports: JsonPorts::of(&connection.connections),
                why: args.why.then(|| JsonWhy {
                    egress: why(Direction::Egress),
                    ingress: why(Direction::Ingress),
                }),
            };
            writeln!(out, "{comma}")?;
            comma = ",";
            serde_json::to_writer(&mut *out, &shown).map_err(io::Error::from)
        })?;
        write!(out, "\n]}}")?;
    }
    writeln!(out, "\n]}}")
}
