//! What is undefined: the expression that was misspelt, where it stands, and what may have been meant.

use super::outline::{Key, Outline, Read, outline};
use super::{Context, FOREIGN};
use crate::finding::{Finding, did_you_mean, nearest};
use crate::render::rules;
use crate::source::Location;
use crate::values::Values;
use crate::yaml::{Kind, Node};

/// How long an expression may be that a message repeats.
const LONGEST: usize = 60;

/// What templates know `project` to hold, and `loop`.
const KNOWN_KEYS: &[(&str, &[&str])] = &[
    (
        "project",
        &["repository", "kubernetes", "url", "revision", "cluster"],
    ),
    (
        "loop",
        &[
            "index",
            "index0",
            "revindex",
            "revindex0",
            "first",
            "last",
            "length",
            "depth",
            "depth0",
            "previtem",
            "nextitem",
        ],
    ),
];

/// What the engine says about something undefined: the expression it comes from, and where that stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Origin<'e> {
    /// What failed for it, in the engine's words.
    pub(super) reason: &'e str,
    expression: &'e str,
    /// The template, where it is another than that of the error.
    template: Option<&'e str>,
    /// The line, where it is another than that of the error.
    line: Option<u32>,
}

impl<'e> Origin<'e> {
    /// Reads the detail of an error: "`a.b` is undefined", "(...) (`a.b` is undefined, from demo/x.yaml:3)".
    pub(super) fn of(detail: &'e str) -> Option<Self> {
        let (head, place) = detail.rsplit_once("` is undefined")?;
        let (reason, expression) = match head.strip_prefix('`') {
            Some(expression) => ("", expression),
            None => head.split_once(" (`")?,
        };
        let mut origin = Self {
            reason,
            expression,
            template: None,
            line: None,
        };
        if matches!(place, "" | ")") {
            return Some(origin);
        }
        let place = place.strip_suffix(')')?;
        let after = |word| place.strip_prefix(word);
        let place = after(" (from ").or_else(|| after(", from "))?;
        origin.line = place
            .strip_prefix("line ")
            .and_then(|line| line.parse().ok());
        if origin.line.is_none() {
            let (template, line) = place.rsplit_once(':')?;
            origin.template = Some(template);
            origin.line = Some(line.parse().ok()?);
        }
        Some(origin)
    }
}

/// A sentence about what is not there, and what to do about it.
pub(super) struct Missing {
    message: String,
    help: String,
}

impl Missing {
    pub(super) fn finding(self, place: Location) -> Finding {
        Finding::new(&rules::UNDEFINED, self.message, place).help(self.help)
    }
}

impl Context<'_> {
    /// Explains what the engine found undefined, where `used` is the place of a line that needed it.
    pub(super) fn undefined_read(
        &self,
        origin: &Origin<'_>,
        used: &Location,
        line: Option<usize>,
    ) -> Option<Finding> {
        let file = match origin.template {
            Some(name) => (self.find)(name)?.file,
            None => used.file,
        };
        let outline = outline(self.sources.file(file).text(), self.syntax.clone())?;
        let line = line.and_then(|line| u32::try_from(line).ok());
        let read = outline.read(origin.line.or(line)?, origin.expression)?;
        let at = Location::new(file, read.span);
        let finding = self.misread(read, &outline, &at);
        // On the same line it is seen.
        let start = |place: &Location| {
            let source = self.sources.file(place.file);
            (place.file, source.position(place.span.start).line)
        };
        Some(if start(&finding.primary) == start(used) {
            finding
        } else {
            finding.related(used.clone().label("used here"))
        })
    }

    /// Explains why an expression reads nothing.
    pub(super) fn misread(&self, read: &Read, outline: &Outline, at: &Location) -> Finding {
        let text = self.sources.file(at.file).text();
        if let Some(finding) = self.missing_import(text, at) {
            return finding;
        }
        let place = Location::new(at.file, read.place);
        if let Some(name) = read.variable() {
            return self.unknown_name(name, outline, place);
        }
        let expression = Some(read.span.of(text))
            .filter(|text| text.len() <= LONGEST && !text.contains('\n') && !text.contains('`'));
        let missing = self
            .held(read, outline, expression)
            .unwrap_or_else(|| nowhere(read, outline, expression));
        missing.finding(place)
    }

    /// Explains a read of the values, or of a part of them that has another name in the template.
    fn held(&self, read: &Read, outline: &Outline, expression: Option<&str>) -> Option<Missing> {
        let run = self.run.as_ref()?;
        if let Some((root, keys)) = &read.path
            && root == "values"
            && let Some((last, before)) = keys.split_last()
            && *last != Key::Computed
            && !outline.names.iter().any(|name| name == root)
            && let Some(holder) = follow(run.values, before)
        {
            return Some(not_in(run.values, holder, last));
        }
        if !outline.may_read_values(read) {
            return None;
        }
        let miss = run
            .reads
            .miss(|key| read.key == Key::Computed || read.key == *key)?;
        let holder = run.values.tree().node(miss.node)?;
        let mut missing = not_in(run.values, holder, &miss.key);
        if let Some(expression) = expression {
            missing.message = format!("`{expression}` is not defined: {}", missing.message);
        }
        Some(missing)
    }

    /// Tells whether the values have nothing where an expression reads them.
    pub(super) fn is_missing(&self, read: &Read, outline: &Outline) -> bool {
        let Some((root, keys)) = &read.path else {
            return false;
        };
        self.run.as_ref().is_some_and(|run| {
            root == "values"
                && !keys.contains(&Key::Computed)
                && !outline.names.iter().any(|name| name == root)
                && follow(run.values, keys).is_none()
        })
    }

    fn unknown_name(&self, name: &str, outline: &Outline, place: Location) -> Finding {
        let elsewhere = outline.names.iter().any(|known| known == name);
        let of_values = self
            .run
            .as_ref()
            .is_some_and(|run| run.values.tree().root().get(name).is_some());
        let known = self.names.iter().copied();
        let names = known.chain(outline.names.iter().map(String::as_str));
        let near = nearest_name(name, names);
        let near = match near {
            _ if of_values => Some(format!("values.{name}")),
            near => near.filter(|_| !elsewhere).map(str::to_owned),
        };
        let message = format!("`{name}` is not defined{}", did_you_mean(near.as_deref()));
        let enclosing = outline.enclosing(place.span);
        let of_macro = enclosing.is_some_and(|definition| {
            let parameters = &mut definition.parameters.iter();
            parameters.any(|parameter| parameter.name == name)
        });
        let finding = Finding::new(&rules::UNDEFINED, message, place);
        match name {
            "loop" => finding.help("`loop` is there inside `for` only"),
            "caller" => finding.help("`caller` is there in macros only, when `call` calls them"),
            _ if of_macro => finding.help("the default of a parameter cannot read another one"),
            _ if elsewhere => finding.help(format!(
                "`{name}` is defined elsewhere in this file: what a macro, a loop or `with` defines is gone after it, \
                 and what stands further down is not there yet"
            )),
            _ if near.is_some() => finding,
            _ => finding.help(format!(
                "in scope are `values`, `environment`, `namespace` and `project`; {FOREIGN}"
            )),
        }
    }
}

/// Returns the nearest of names that a template gives: those of a letter or two are near to any other.
fn nearest_name<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    nearest(name, names.filter(|other| other.len().min(name.len()) > 2))
}

/// Tells whether two places have text in common.
pub(super) fn overlap(a: &Location, b: &Location) -> bool {
    a.file == b.file && a.span.start < b.span.end && b.span.start < a.span.end
}

/// Follows keys from the root of the values.
fn follow<'v>(values: &'v Values, keys: &[Key]) -> Option<Node<'v>> {
    keys.iter()
        .try_fold(values.tree().root(), |node, key| match key {
            Key::Name(name) => node.get(name),
            Key::Index(index) => {
                let from_the_end = || {
                    let back = usize::try_from(index.unsigned_abs()).ok()?;
                    node.items().len().checked_sub(back)
                };
                let at = usize::try_from(*index).ok().or_else(from_the_end)?;
                node.items().nth(at)
            }
            Key::Computed => None,
        })
}

/// Says that a node of the values has no such part.
pub(super) fn not_in(values: &Values, holder: Node<'_>, key: &Key) -> Missing {
    let path = values.path(holder.index());
    let path = match path.as_str() {
        "" => "values".to_owned(),
        path => format!("values.{path}"),
    };
    let part = match key {
        Key::Name(name) => format!("`{name}`"),
        Key::Index(index) => format!("item {index}"),
        Key::Computed => "such part".to_owned(),
    };
    let otherwise = "say what else to use: `| default(...)`";
    match (holder.kind(), key) {
        (Kind::Map, Key::Name(name)) => {
            let keys = holder.entries().filter_map(|(key, _)| key.as_str());
            let near = nearest(name, keys);
            let whole = match path.strip_prefix("values.") {
                Some(path) => format!("{path}.{name}"),
                None => name.clone(),
            };
            let correct = near.map_or("", |_| "correct the name, or ");
            Missing {
                message: format!("`{path}` has no {part}{}", did_you_mean(near)),
                help: format!("{correct}set `{whole}` in the values, or {otherwise}"),
            }
        }
        (Kind::Seq, Key::Index(_)) => {
            let count = match holder.items().len() {
                0 => "it is empty".to_owned(),
                1 => "its one item has the number 0".to_owned(),
                count => format!("its {count} items are numbered from 0"),
            };
            Missing {
                message: format!("`{path}` has no {part}: {count}"),
                help: format!("ask for an item that is there, or {otherwise}"),
            }
        }
        (Kind::Seq, _) => Missing {
            message: format!("`{path}` is a list; it has no {part}"),
            help:
                "take an item by its number, as in `list[0]`, or go through all of them with `for`"
                    .to_owned(),
        },
        (kind, _) => Missing {
            message: format!("`{path}` is {}; it has no {part}", kind_words(kind)),
            help: format!("correct the path, or make `{path}` a map"),
        },
    }
}

fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "a boolean",
        Kind::Int | Kind::Float => "a number",
        Kind::Str => "a string",
        Kind::Seq => "a list",
        Kind::Map => "a map",
    }
}

/// Says that something has no such part of which only rendering knows what it is.
fn nowhere(read: &Read, outline: &Outline, expression: Option<&str>) -> Missing {
    let mut message = match (expression, &read.key) {
        (Some(expression), _) => format!("`{expression}` is not defined"),
        (None, Key::Name(name)) if name.len() <= LONGEST => format!("`{name}` is not defined here"),
        _ => "the expression reads something that is not defined".to_owned(),
    };
    let root = read.path.as_ref().map_or("", |(root, _)| root);
    if let Key::Name(name) = &read.key {
        let known = KNOWN_KEYS.iter().find(|(known, _)| *known == root);
        let near = match known {
            Some((_, keys)) => nearest(name, keys.iter().copied()),
            // A key that another map of the template has is no misspelling of this one.
            None if outline.keys.contains(name) => None,
            None => nearest_name(name, outline.keys.iter().map(String::as_str)),
        };
        message.push_str(&did_you_mean(near));
    }
    let help = match root {
        "project" => {
            "`project` holds what tympan.yaml says: its repository, and the version of Kubernetes"
        }
        "loop" => {
            "`index`, `index0`, `first`, `last` and `length` are what `loop` is asked for most"
        }
        _ => "correct the name, or say what else to use: `| default(...)`",
    };
    Missing {
        message,
        help: help.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_words_are_read() {
        let origin =
            |detail| Origin::of(detail).map(|found| (found.expression, found.template, found.line));
        let here = |expression| Some((expression, None, None));
        assert_eq!(origin("`a.b` is undefined"), here("a.b"));
        assert_eq!(
            origin("tried to use + operator (`a['`']` is undefined)"),
            here("a['`']")
        );
        assert_eq!(
            origin("`a` is undefined (from line 12)"),
            Some(("a", None, Some(12)))
        );
        assert_eq!(
            origin("undefined has no method named x (`a` is undefined, from demo/a:b (1).yaml:3)"),
            Some(("a", Some("demo/a:b (1).yaml"), Some(3)))
        );
        for other in [
            "",
            "a is undefined",
            "there is no file `x` is undefined` below `templates/`",
            "`a` is undefined (from nowhere)",
            "`a` is undefined (from x:y)",
        ] {
            assert_eq!(origin(other), None, "{other}");
        }
    }
}
