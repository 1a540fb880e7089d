//! What Applications read: the folders that this project renders, and the objects in them.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::super::fields::text;
use super::super::references::References;
use super::glob::{Star, matches};
use crate::cluster::{Cluster, Index, Settings};
use crate::manifest::{Scope, file_path};
use crate::project::Delivery;
use crate::yaml::Node;

/// The folder of rendered files.
const RENDERED: &str = "rendered";
/// The folder of what belongs to no namespace. Policies are written to it too.
const CLUSTER: &str = "_cluster";

/// The objects that a source holds.
pub(super) struct Contents<'a> {
    /// The node that names the folder.
    pub(super) path: Node<'a>,
    /// The objects, in their order.
    pub(super) objects: Rc<[Index]>,
}

/// A folder, and which of its files are read.
type Source<'a> = (&'a str, bool, Option<&'a str>, Option<&'a str>);

/// The folders of an environment.
pub(super) struct Folders<'a> {
    /// The names of files and their objects, by folder.
    folders: BTreeMap<String, Vec<(String, Index)>>,
    read: HashMap<Source<'a>, Option<Rc<[Index]>>>,
}

impl<'a> Folders<'a> {
    pub(super) fn new(cluster: &Cluster<'a>) -> Self {
        let mut folders: BTreeMap<String, Vec<(String, Index)>> = BTreeMap::new();
        if cluster.settings().whole {
            for (index, object) in cluster.objects() {
                let namespace = cluster.namespace(index);
                let scope = match namespace {
                    "" => Scope::Cluster,
                    _ => Scope::Namespaced,
                };
                // What has no file name is told where it is rendered.
                if let Ok(path) = file_path(object, scope, namespace)
                    && let Some((folder, file)) = path.rsplit_once('/')
                {
                    let files = folders.entry(folder.to_owned()).or_default();
                    files.push((file.to_owned(), index));
                }
            }
        }
        Self {
            folders,
            read: HashMap::new(),
        }
    }

    /// Tells whether a source reads what this project renders now.
    pub(super) fn is_current(settings: &Settings, source: Node<'a>) -> bool {
        let revision = text(source, "targetRevision").unwrap_or("HEAD");
        let own = settings.repository.revision.as_deref();
        settings.delivery == Delivery::Directory && (revision == "HEAD" || own == Some(revision))
    }

    /// Returns the folder below those of this environment: none for all others.
    fn own<'p>(settings: &Settings, path: &'p str) -> Option<&'p str> {
        let mut parts = path
            .trim_start_matches("./")
            .trim_matches('/')
            .splitn(3, '/');
        let (root, environment) = (parts.next()?, parts.next()?);
        let rest = parts.next().unwrap_or_default();
        (root == RENDERED && environment == settings.environment).then_some(rest)
    }

    /// Tells whether nothing is rendered to a path, and which one is near.
    #[expect(
        clippy::option_option,
        reason = "nothing is wrong, or it is and there may be a near path"
    )]
    pub(super) fn missing(
        &self,
        references: &mut References<'_, 'a>,
        path: &str,
    ) -> Option<Option<String>> {
        let settings = references.cluster.settings();
        let mut parts = path
            .trim_start_matches("./")
            .trim_matches('/')
            .splitn(3, '/');
        let (root, environment) = (parts.next()?, parts.next()?);
        let rest = parts
            .next()
            .map(|rest| format!("/{rest}"))
            .unwrap_or_default();
        let known = settings
            .environments
            .iter()
            .any(|known| known == environment);
        if root != RENDERED {
            // Other folders may be there, but hardly one that is named like this.
            references.nearest(root, &[RENDERED]).filter(|_| known)?;
            return Some(Some(format!("{RENDERED}/{environment}{rest}")));
        }
        if !known {
            let names: Vec<&str> = settings.environments.iter().map(String::as_str).collect();
            let near = references.nearest(environment, &names);
            return Some(near.map(|near| format!("{RENDERED}/{near}{rest}")));
        }
        let folder = Self::own(settings, path)?;
        if folder.is_empty() || folder == CLUSTER || self.folders.contains_key(folder) {
            return None;
        }
        if !references.may_step(self.folders.len()) {
            return None;
        }
        let names: Vec<&str> = self.folders.keys().map(String::as_str).collect();
        let near = references.nearest(folder, &names);
        Some(near.map(|near| format!("{RENDERED}/{environment}/{near}")))
    }

    /// Returns what a source holds, where that is plain files of this environment.
    pub(super) fn read(
        &mut self,
        references: &mut References<'_, 'a>,
        source: Node<'a>,
        path: &'a str,
    ) -> Option<Contents<'a>> {
        if ["helm", "kustomize", "plugin"]
            .iter()
            .any(|field| source.get(field).is_some())
        {
            return None;
        }
        let folder = Self::own(references.cluster.settings(), path)?;
        let directory = source.get("directory");
        let field = |field| directory.and_then(|directory| text(directory, field));
        let recurse = directory.and_then(|directory| directory.get("recurse")?.as_bool());
        let key = (
            folder,
            recurse == Some(true),
            field("include"),
            field("exclude"),
        );
        let known = self.read.get(&key).cloned();
        let objects = known.unwrap_or_else(|| {
            let objects = self.chosen(references, key).map(Rc::from);
            self.read.insert(key, objects.clone());
            objects
        });
        Some(Contents {
            path: source.get("path")?,
            objects: objects?,
        })
    }

    /// Returns the objects of the files that are read; none where a pattern is not understood.
    fn chosen(
        &self,
        references: &mut References<'_, 'a>,
        (folder, recurse, include, exclude): Source<'a>,
    ) -> Option<Vec<Index>> {
        let mut objects = Vec::new();
        for (name, files) in &self.folders {
            let inside = match folder {
                "" => recurse,
                folder => name == folder,
            };
            if !inside || !references.may_step(files.len()) {
                continue;
            }
            for (file, index) in files {
                let path = match folder {
                    "" => format!("{name}/{file}"),
                    _ => file.clone(),
                };
                let wanted = match include {
                    Some(pattern) => matches(references, pattern, &path, Star::Everything)?,
                    None => true,
                };
                let left_out = match exclude {
                    Some(pattern) => matches(references, pattern, &path, Star::Everything)?,
                    None => false,
                };
                if wanted && !left_out {
                    objects.push(*index);
                }
            }
        }
        objects.sort_unstable();
        Some(objects)
    }
}
