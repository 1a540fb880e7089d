//! Finding a project and loading its texts.

#![expect(
    clippy::disallowed_methods,
    reason = "this module loads the project's texts"
)]

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::config::{Config, parse_config};
use super::flows::{Flows, parse_flows};
use super::layout::{FLOWS, Layout, WAIVERS, resolve_layout};
use super::waivers::{Known, Waiver, parse_waivers};
use super::{ConfigProblem, ProjectError};
use crate::finding::{Rule, did_you_mean, nearest};
use crate::progress::Progress;
use crate::source::{FileId, Location, SourceMap};
use crate::yaml;

/// The file that makes a folder a project.
pub const PROJECT_FILE: &str = "tympan.yaml";
/// The folders whose texts a project is made of.
const FOLDERS: &[&str] = &["policies", "schemas", "templates", "values"];
/// The largest file that is loaded, in bytes.
const LARGEST: u64 = 64 << 20;

/// A project, loaded and checked.
#[derive(Debug)]
pub struct Project {
    /// Its folder.
    pub root: PathBuf,
    /// What `tympan.yaml` says.
    pub config: Config,
    /// The findings that are accepted.
    pub waivers: Vec<Waiver>,
    /// The connections that are declared, where there is a file of them.
    pub flows: Option<Flows>,
    /// What its folders hold.
    pub layout: Layout,
    /// Every text.
    pub sources: SourceMap,
}

impl Project {
    /// Loads the project that a folder belongs to: the nearest one with a `tympan.yaml`, itself or above.
    ///
    /// `rules` are those that are built in; a project's policies are rules of their own.
    pub fn load(
        start: &Path,
        rules: &[&'static Rule],
        progress: &Progress,
    ) -> Result<Self, ProjectError> {
        let root = discover_root(start)?;
        let own = root.join(PROJECT_FILE);
        if own.is_symlink() {
            linked_file(&root, &own, PROJECT_FILE.to_owned())?;
        }
        let mut paths = Vec::new();
        for folder in FOLDERS {
            paths.extend(discover_files(&root, folder)?);
        }
        paths.sort();
        let layout = resolve_layout(&paths)?;
        let mut sources = SourceMap::new();
        let text = load_text(&own, PROJECT_FILE)?;
        let file = sources.add(PROJECT_FILE, text);
        let read = progress.count("reading", paths.len(), "files");
        for path in paths {
            let text = load_text(&root.join(&path), &path)?;
            sources.add(path, text);
            read.one();
        }
        let mut rules: Vec<String> = rules.iter().map(|rule| rule.id.to_string()).collect();
        rules.extend(policy_rules(&layout, &sources));
        let read = settings(file, &sources, &layout, &rules);
        let Declared {
            config,
            waivers,
            flows,
        } = match read {
            Ok(read) => read,
            Err(problems) => return Err(ProjectError::Config { sources, problems }),
        };
        Ok(Self {
            root,
            config,
            waivers,
            flows,
            layout,
            sources,
        })
    }

    /// Returns the file loaded from a path below the root.
    pub fn file(&self, path: &str) -> Option<FileId> {
        self.sources.find(path)
    }
}

/// What a project declares.
struct Declared {
    config: Config,
    waivers: Vec<Waiver>,
    flows: Option<Flows>,
}

/// Reads what `tympan.yaml`, the waivers and the flows say.
fn settings(
    file: FileId,
    sources: &SourceMap,
    layout: &Layout,
    rules: &[String],
) -> Result<Declared, Vec<ConfigProblem>> {
    let read = |file| yaml::read(sources.file(file).text(), &yaml::Limits::default());
    let stream = read(file);
    let config = parse_config(file, &stream, rules)?;
    let unknown = unknown_environments(&config, layout, file, &stream);
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let environments: Vec<&str> = layout.environments.keys().map(String::as_str).collect();
    let known = Known {
        rules,
        environments: &environments,
    };
    let waivers = match sources.find(WAIVERS).filter(|_| layout.waivers) {
        Some(file) => parse_waivers(file, &read(file), &known)?,
        None => Vec::new(),
    };
    let flows = match sources.find(FLOWS).filter(|_| layout.flows) {
        Some(file) => parse_flows(file, read(file), &environments)?,
        None => None,
    };
    Ok(Declared {
        config,
        waivers,
        flows,
    })
}

/// Returns the rules that a project's policies are.
fn policy_rules(layout: &Layout, sources: &SourceMap) -> Vec<String> {
    let files = layout.policies.iter();
    let streams = files
        .filter_map(|policy| sources.find(&policy.path))
        .map(|file| yaml::read(sources.file(file).text(), &yaml::Limits::default()));
    let documents = streams.flat_map(|stream| stream.documents);
    let mut rules: Vec<String> = documents
        .filter_map(|document| {
            let root = document.root();
            let is_policy = root.get("kind")?.as_str()? == "ValidatingAdmissionPolicy";
            let name = root.path(&["metadata", "name"])?.as_str()?;
            is_policy.then(|| format!("policy/{name}"))
        })
        .collect();
    rules.sort();
    rules.dedup();
    rules
}

fn unknown_environments(
    config: &Config,
    layout: &Layout,
    file: FileId,
    stream: &yaml::Stream,
) -> Vec<ConfigProblem> {
    let node = stream
        .documents
        .first()
        .and_then(|document| document.root().get("environments"));
    let entries = node.into_iter().flat_map(yaml::Node::entries);
    entries
        .filter_map(|(key, _)| {
            let name = key
                .as_str()
                .filter(|name| config.environments.contains_key(*name))?;
            if layout.environments.contains_key(name) {
                return None;
            }
            let near = nearest(name, layout.environments.keys().map(String::as_str));
            let near = did_you_mean(near);
            Some(ConfigProblem {
                location: Location::new(file, key.span()),
                message: format!("there is no environment `{name}`{near}"),
                help: Some("environments are the `values/<environment>.yaml` there are".to_owned()),
            })
        })
        .collect()
}

fn discover_root(start: &Path) -> Result<PathBuf, ProjectError> {
    let start = start.canonicalize().map_err(|source| ProjectError::Read {
        path: start.display().to_string(),
        source,
    })?;
    let root = start
        .ancestors()
        .find(|folder| folder.join(PROJECT_FILE).is_file());
    root.map(Path::to_path_buf)
        .ok_or(ProjectError::NotFound(start))
}

/// Lists the files below a folder of the project, as paths with `/`, sorted.
fn discover_files(root: &Path, folder: &str) -> Result<Vec<String>, ProjectError> {
    let top = root.join(folder);
    if !top.exists() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    let walk = WalkDir::new(&top).follow_links(false).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(|entry| !is_hidden(entry)) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(&top).display().to_string();
            ProjectError::Read {
                path,
                source: error.into(),
            }
        })?;
        let path = relative(root, entry.path())?;
        if entry.file_type().is_symlink() {
            files.extend(linked_file(root, entry.path(), path)?);
        } else if entry.file_type().is_file() {
            files.push(path);
        } else if !entry.file_type().is_dir() {
            return Err(ProjectError::Unfit {
                path,
                message: "this is neither a file nor a folder".to_owned(),
            });
        }
    }
    Ok(files)
}

/// Editors and systems leave files such as `.DS_Store` and `.x.swp`.
fn is_hidden(entry: &walkdir::DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.')
}

/// Takes a symbolic link to a file of the same project; any other link is refused.
fn linked_file(root: &Path, link: &Path, path: String) -> Result<Option<String>, ProjectError> {
    let target = link.canonicalize().map_err(|source| ProjectError::Read {
        path: path.clone(),
        source,
    })?;
    if !target.starts_with(root) {
        let message = "this symbolic link leads out of the project".to_owned();
        return Err(ProjectError::Unfit { path, message });
    }
    if target.is_file() {
        return Ok(Some(path));
    }
    let message =
        "a symbolic link to a folder is not followed; link its files one by one".to_owned();
    Err(ProjectError::Unfit { path, message })
}

fn relative(root: &Path, path: &Path) -> Result<String, ProjectError> {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Option<Vec<&str>> = below
        .components()
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    parts
        .map(|parts| parts.join("/"))
        .ok_or_else(|| ProjectError::Unfit {
            path: below.display().to_string(),
            message: "the name of this file is not UTF-8".to_owned(),
        })
}

fn load_text(path: &Path, shown: &str) -> Result<String, ProjectError> {
    let unreadable = |source| ProjectError::Read {
        path: shown.to_owned(),
        source,
    };
    let unfit = |message: String| ProjectError::Unfit {
        path: shown.to_owned(),
        message,
    };
    let mut file = fs::File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(unfit("this is no file".to_owned()));
    }
    if metadata.len() > LARGEST {
        return Err(unfit(format!(
            "this file is larger than {} MiB",
            LARGEST >> 20
        )));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default() + 1);
    io::Read::read_to_end(&mut file, &mut bytes).map_err(unreadable)?;
    text_of(bytes).map_err(unfit)
}

fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error
            .as_bytes()
            .iter()
            .take(at)
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        format!("this file is not UTF-8: byte {at}, in line {line}, is none of a character")
    })
}

/// Loads plain manifests: files, folders (their `.yaml`, `.yml` and `.json` files), or `-` for standard input. Paths
/// start at `directory`, and are told as they are given.
pub fn load_manifests(
    directory: &Path,
    paths: &[PathBuf],
    mut stdin: impl io::Read,
    progress: &Progress,
) -> Result<SourceMap, ProjectError> {
    let mut seen = HashSet::new();
    let mut wanted: Vec<Wanted> = Vec::new();
    for path in paths {
        let files = if path.as_os_str() == "-" {
            wanted.push(Wanted::Text(read_stdin(&mut stdin)?));
            Vec::new()
        } else if directory.join(path).is_dir() {
            manifests_below(directory, path)?
        } else {
            vec![path.clone()]
        };
        for path in files {
            let full = directory.join(&path);
            if seen.insert(full.clone().into_os_string()) {
                wanted.push(Wanted::File(path.display().to_string(), full));
            }
        }
    }
    // Only now: nothing is shown to whoever types what is read.
    let read = progress.count("reading", wanted.len(), "files");
    // Opening files is most of the work of reading them, and waits for the system.
    let texts: Vec<Result<(String, String), ProjectError>> = wanted
        .into_par_iter()
        .map(|wanted| match wanted {
            Wanted::Text(text) => Ok(("<stdin>".to_owned(), text)),
            Wanted::File(shown, full) => {
                let shown = shown.strip_prefix("./").unwrap_or(&shown).to_owned();
                let text = load_text(&full, &shown);
                read.one();
                text.map(|text| (shown, text))
            }
        })
        .collect();
    let mut sources = SourceMap::with_capacity(texts.len());
    for loaded in texts {
        let (shown, text) = loaded?;
        sources.add(shown, text);
    }
    Ok(sources)
}

/// What is to be loaded.
enum Wanted {
    /// A text that is here already.
    Text(String),
    /// A file: how it is told, and where it is.
    File(String, PathBuf),
}

fn read_stdin(stdin: &mut impl io::Read) -> Result<String, ProjectError> {
    let unfit = |message: String| ProjectError::Unfit {
        path: "-".to_owned(),
        message,
    };
    let mut bytes = Vec::new();
    let mut bounded = io::Read::take(stdin, LARGEST + 1);
    io::Read::read_to_end(&mut bounded, &mut bytes).map_err(|source| ProjectError::Read {
        path: "-".to_owned(),
        source,
    })?;
    if bytes.len() as u64 > LARGEST {
        return Err(unfit(format!("this is more than {} MiB", LARGEST >> 20)));
    }
    text_of(bytes).map_err(unfit)
}

fn manifests_below(directory: &Path, folder: &Path) -> Result<Vec<PathBuf>, ProjectError> {
    let mut files = Vec::new();
    let top = directory.join(folder);
    let told = |path: &Path| path.strip_prefix(&top).map(|below| folder.join(below));
    for entry in WalkDir::new(&top).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            let path = error.path().and_then(|path| told(path).ok());
            ProjectError::Read {
                path: path.as_deref().unwrap_or(folder).display().to_string(),
                source: error.into(),
            }
        })?;
        let extension = entry
            .path()
            .extension()
            .and_then(|extension| extension.to_str());
        if entry.file_type().is_file() && matches!(extension, Some("yaml" | "yml" | "json")) {
            files.push(told(entry.path()).unwrap_or_else(|_outside| entry.path().to_path_buf()));
        }
    }
    Ok(files)
}
