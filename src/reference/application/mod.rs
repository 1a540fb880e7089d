//! Argo CD's Applications: their project and what it allows, the folders that they read, and objects that two own.

mod contents;
mod glob;
mod project;

use std::collections::HashMap;
use std::rc::Rc;

use self::contents::{Contents, Folders};
use self::project::{Destination, Projects, Verdict};
use super::fields::text;
use super::references::{References, Target};
use super::repository::{in_words, is_own_source, sources};
use super::rules;
use crate::cluster::{Cluster, Found, Index};
use crate::finding::{Severity, did_you_mean};
use crate::manifest::Fault;
use crate::yaml::Node;

const GROUP: &str = "argoproj.io";

/// The kinds, and where they have what an Application's `spec` has.
const KINDS: &[(&str, &[&str])] = &[
    ("Application", &["spec"]),
    ("ApplicationSet", &["spec", "template", "spec"]),
];

/// An Application, or what an `ApplicationSet` makes them from.
#[derive(Clone, Copy)]
struct Application<'a> {
    index: Index,
    namespace: &'a str,
    spec: Node<'a>,
    /// Whether it is an Application itself.
    single: bool,
}

impl<'a> Application<'a> {
    /// Returns where its objects go to.
    fn destination(&self) -> Destination<'a> {
        let destination = self.spec.get("destination");
        let field = |field| text(destination?, field);
        Destination {
            server: field("server"),
            name: field("name"),
            namespace: field("namespace"),
        }
    }

    /// Returns the cluster that its objects go to.
    fn cluster(&self) -> &'a str {
        let Destination { server, name, .. } = self.destination();
        match server.or(name) {
            Some(project::IN_CLUSTER) | None => project::SERVER,
            Some(cluster) => cluster,
        }
    }
}

/// Checks Applications and what makes them.
pub(super) fn check<'a>(references: &mut References<'_, 'a>) {
    let cluster = references.cluster;
    let all: Vec<Application<'a>> = KINDS
        .iter()
        .flat_map(|(kind, path)| {
            let objects = cluster.of_kind(GROUP, kind).iter();
            objects.filter_map(|index| {
                Some(Application {
                    index: *index,
                    namespace: cluster.namespace(*index),
                    spec: cluster.get(*index)?.root().path(path)?,
                    single: *kind == "Application",
                })
            })
        })
        .collect();
    if all.is_empty() {
        return;
    }
    let projects = Projects::new(cluster);
    let mut folders = Folders::new(cluster);
    let mut owners = HashMap::new();
    for application in all {
        let project = project(references, &application, &projects);
        if let Some(project) = project {
            allowed(references, &application, project, &projects);
        }
        for source in sources(application.spec) {
            let read = contents(references, &application, source, &mut folders);
            if let Some(contents) = read.filter(|_| application.single) {
                owned(references, &application, &contents, &mut owners);
                if let Some(project) = project {
                    projects.contents(references, &application, project, &contents);
                }
            }
        }
    }
}

/// Returns which objects Applications deliver, where they read what this project renders.
pub(super) fn deliveries(cluster: &Cluster<'_>) -> Vec<(Index, Rc<[Index]>)> {
    let settings = cluster.settings();
    let applications = cluster.of_kind(GROUP, "Application");
    if !settings.whole || applications.is_empty() {
        return Vec::new();
    }
    let mut references = References::new(cluster);
    let mut folders = Folders::new(cluster);
    let mut all = Vec::new();
    for index in applications {
        let spec = cluster
            .get(*index)
            .and_then(|object| object.root().get("spec"));
        for source in spec.into_iter().flat_map(sources) {
            let path = source.get("path").and_then(settled);
            let own = is_own_source(settings, source) && Folders::is_current(settings, source);
            if let Some(path) = path.filter(|_| own)
                && let Some(contents) = folders.read(&mut references, source, path)
            {
                all.push((*index, contents.objects));
            }
        }
    }
    all
}

/// Returns the text of a node that no `ApplicationSet` fills in.
fn settled(node: Node<'_>) -> Option<&str> {
    node.as_str()
        .filter(|text| !text.contains("{{") && !text.contains("{%"))
}

/// Finds the project of an Application, and says where it is not there.
fn project<'a>(
    references: &mut References<'_, 'a>,
    application: &Application<'a>,
    projects: &Projects<'a>,
) -> Option<Index> {
    let node = application.spec.get("project");
    let name = match node {
        Some(node) => settled(node).map(|name| if name.is_empty() { "default" } else { name })?,
        None => "default",
    };
    let namespace = projects.namespace(application.namespace);
    let target = Target {
        group: GROUP,
        kind: "AppProject",
        namespace,
        name,
    };
    if let Some(index) = references
        .cluster
        .find(GROUP, "AppProject", namespace, name)
    {
        return Some(index);
    }
    // Argo CD makes the project `default`, which allows everything.
    if let Some(node) = node.filter(|_| name != "default") {
        references.need_here(application.index, node, target);
    }
    None
}

/// Checks that a project allows the repositories and the destination of an Application.
fn allowed<'a>(
    references: &mut References<'_, 'a>,
    application: &Application<'a>,
    project: Index,
    projects: &Projects<'a>,
) {
    if projects.are_extended() {
        return;
    }
    for source in sources(application.spec) {
        let Some((node, url)) = source
            .get("repoURL")
            .and_then(|node| Some((node, settled(node)?)))
        else {
            continue;
        };
        if let Verdict::Refused(by) = projects.source(references, project, url) {
            let what = format!("the repository `{}`", in_words(url));
            refused(
                references,
                application,
                project,
                (node, &what, "sourceRepos"),
                by,
            );
        }
    }
    let Some(destination) = application.spec.get("destination") else {
        return;
    };
    let fields = ["server", "name", "namespace"].map(|field| destination.get(field));
    let unsettled = |node: &Node<'_>| !node.is_null() && settled(*node).is_none();
    if fields.iter().flatten().any(unsettled) {
        return;
    }
    let whole = application.destination();
    if let Verdict::Refused(by) = projects.destination(references, project, whole) {
        let node = destination.get("namespace").unwrap_or(destination);
        let what = format!(
            "the destination `{}` with namespace `{}`",
            whole.server.or(whole.name).unwrap_or_default(),
            whole.namespace.unwrap_or_default()
        );
        let list = "destinations";
        refused(references, application, project, (node, &what, list), by);
    }
}

/// Says that a project does not allow what an Application names.
fn refused<'a>(
    references: &mut References<'_, 'a>,
    application: &Application<'a>,
    project: Index,
    (node, what, list): (Node<'a>, &str, &'static str),
    by: Option<Node<'a>>,
) {
    let Some(object) = references.cluster.get(project) else {
        return;
    };
    let message = format!("the project `{}` does not allow {what}", object.id.name);
    let help = match by {
        Some(_) => format!("an entry of its `{list}` refuses it; change the entry, or use another"),
        None => format!("add it to `{list}` of the AppProject, or use one that is there"),
    };
    let fault = Fault::new(&rules::NOT_ALLOWED, node, message).help(help);
    let place = object.root().get("spec").and_then(|spec| spec.entry(list));
    let place = by
        .or(place.map(|(key, _)| key))
        .or_else(|| references.name_of(project));
    let found = Found::new(application.index, fault);
    references.push(match place {
        Some(place) => found.related(project, place),
        None => found,
    });
}

/// Returns what is in the folder of a source, where that is one of this project's; says where there is no such folder.
fn contents<'a>(
    references: &mut References<'_, 'a>,
    application: &Application<'a>,
    source: Node<'a>,
    folders: &mut Folders<'a>,
) -> Option<Contents<'a>> {
    let settings = references.cluster.settings();
    let node = source.get("path")?;
    let path = settled(node)?;
    let own = settings.whole && is_own_source(settings, source);
    if !own || !Folders::is_current(settings, source) {
        return None;
    }
    if let Some(near) = folders.missing(references, path) {
        let near = did_you_mean(near.as_deref());
        let message = format!("nothing is rendered to `{path}`{near}");
        let fault = Fault::new(&rules::MISSING_PATH, node, message)
            .help("name a folder that this project renders: `rendered/<environment>/<namespace>`");
        references.push(Found::new(application.index, fault));
        return None;
    }
    folders.read(references, source, path)
}

/// Which Application owns an object, by the cluster that it goes to.
type Owners<'a> = HashMap<(Index, &'a str), Index>;

/// Says that another Application owns the same objects.
fn owned<'a>(
    references: &mut References<'_, 'a>,
    application: &Application<'a>,
    contents: &Contents<'a>,
    owners: &mut Owners<'a>,
) {
    let place = application.cluster();
    for object in contents.objects.iter() {
        let owner = *owners.entry((*object, place)).or_insert(application.index);
        if owner == application.index {
            continue;
        }
        let cluster = references.cluster;
        let (Some(other), Some(shared)) = (cluster.get(owner), cluster.get(*object)) else {
            return;
        };
        let message = format!(
            "the Application `{}` owns objects of this folder too, such as `{}/{}`",
            other.id.name, shared.id.kind, shared.id.name
        );
        let fault = Fault::new(&rules::CONFLICT, contents.path, message)
            .severity(severity(application.spec))
            .help("each object belongs to one Application; the two would undo each other's changes: give them folders, or `include` and `exclude`, of their own");
        let mut found = Found::new(application.index, fault);
        if let Some(node) = references.name_of(owner) {
            found = found.related(owner, node);
        }
        if let Some(node) = references.name_of(*object) {
            found = found.related(*object, node);
        }
        references.push(found);
        return;
    }
}

/// Argo CD refuses shared objects where it is told to, and warns elsewhere.
fn severity(spec: Node<'_>) -> Severity {
    let options = spec.path(&["syncPolicy", "syncOptions"]).into_iter();
    let mut options = options.flat_map(Node::items).filter_map(Node::as_str);
    if options.any(|option| option == "FailOnSharedResource=true") {
        Severity::Error
    } else {
        Severity::Warning
    }
}
