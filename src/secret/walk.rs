//! Looks at every text of an object, with the name it has there.

use super::evidence::{
    AccountFile, Form, Hit, Language, What, account, accounts, argument, form_of, named, scan,
    script,
};
use super::words::{Holder, Place, fault};
use crate::cluster::{Found, Index};
use crate::finding::RuleId;
use crate::manifest::Resource;
use crate::yaml::{Kind, Node};

/// Fields that hold what is no secret, whatever it looks like: authorities' certificates.
const PUBLIC: &[&str] = &["caBundle", "ca.crt", "certificateAuthorityData"];

/// Fields that hold the words of a command.
const COMMANDS: &[&str] = &["args", "command", "cmd", "entrypoint", "extraArgs"];

/// Finds secrets in the texts of an object; what a Secret holds is looked at elsewhere.
pub(super) fn walk(index: Index, object: &Resource) -> Vec<Found<'_>> {
    let root = object.root();
    let core = object.group().is_empty();
    let mut walk = Walk {
        index,
        in_config_map: false,
        found: Vec::new(),
    };
    let is_sealed = object.id.kind == "SealedSecret";
    for (key, value) in root.entries() {
        let name = key.as_str().unwrap_or_default();
        let is_secret = core && object.id.kind == "Secret" && matches!(name, "data" | "stringData");
        // What SOPS keeps is encrypted, with the public parts of keys.
        if is_secret || name == "sops" {
            continue;
        }
        walk.in_config_map =
            core && object.id.kind == "ConfigMap" && matches!(name, "data" | "binaryData");
        if is_sealed && name == "spec" {
            walk.sealed(value);
        } else {
            walk.entry(key, value, None);
        }
    }
    walk.found
}

struct Walk<'a> {
    index: Index,
    in_config_map: bool,
    found: Vec<Found<'a>>,
}

impl<'a> Walk<'a> {
    /// Looks at a `SealedSecret` but for what it seals.
    fn sealed(&mut self, spec: Node<'a>) {
        for (key, value) in spec.entries() {
            if key.as_str() != Some("encryptedData") {
                self.entry(key, value, None);
            }
        }
    }

    /// Looks at an entry of a map, whose value may have its name elsewhere.
    fn entry(&mut self, key: Node<'a>, value: Node<'a>, called: Option<&'a str>) {
        let name = key.as_str().unwrap_or_default();
        match value.kind() {
            Kind::Map => self.map(value),
            Kind::Seq => self.list(name, value),
            Kind::Str if !PUBLIC.contains(&name) => {
                let holder = match called {
                    Some(called) => Holder::Variable(called),
                    None if self.in_config_map => Holder::Setting(name),
                    None => Holder::Field(name),
                };
                self.text(
                    Place::of_key(key, value, holder),
                    value.as_str().unwrap_or_default(),
                );
            }
            Kind::Int => {
                if let Some(number) = value.as_int()
                    && let Some(what) =
                        named(called.unwrap_or(name), &number.to_string(), Form::Field)
                {
                    self.tell(
                        Place::of_key(key, value, Holder::Field(called.unwrap_or(name))),
                        what,
                    );
                }
            }
            _ => {}
        }
    }

    fn map(&mut self, map: Node<'a>) {
        let text = |name: &str| map.get(name).and_then(Node::as_str);
        // `{name: X, value: Y}`, as variables, headers and parameters are written.
        let called = text("name").or_else(|| text("key"));
        for (key, value) in map.entries() {
            let is_value = called.is_some() && key.as_str() == Some("value");
            self.entry(key, value, called.filter(|_| is_value));
        }
    }

    fn list(&mut self, name: &str, list: Node<'a>) {
        if COMMANDS.contains(&name) {
            self.command(list);
            return;
        }
        for item in list.items() {
            match item.kind() {
                Kind::Map => self.map(item),
                Kind::Seq => self.list("", item),
                Kind::Str => {
                    let place = Place::of_item(item, Holder::Item);
                    self.text(place, item.as_str().unwrap_or_default());
                }
                _ => {}
            }
        }
    }

    /// Looks at the words of a command: options with the word after them, scripts, and each word alone.
    fn command(&mut self, list: Node<'a>) {
        let items: Vec<Node<'a>> = list.items().collect();
        let words = items.iter().map(|item| item.as_str().unwrap_or_default());
        let words: Vec<&str> = words.collect();
        let mut told = vec![false; words.len()];
        let mut from = 0;
        while let Some(found) = argument(words.get(from..).unwrap_or_default()) {
            let at = from + found.at;
            from = at + found.words;
            let mut all = items.iter().copied().skip(at).take(found.words);
            let Some(option) = all.next() else {
                break;
            };
            let mut place = Place::of_item(option, Holder::Argument(found.option));
            if found.words > 1 {
                // The option is a word of its own, and may be told.
                place.words = all.collect();
            }
            self.tell(place, found.what);
            for word in told.iter_mut().skip(at).take(found.words) {
                *word = true;
            }
        }
        for (item, told) in items.into_iter().zip(told) {
            match item.as_str().filter(|_| !told) {
                Some(text) => self.word(item, text),
                None => self.list("", item),
            }
        }
    }

    /// Looks at a word of a command, which may be a script.
    fn word(&mut self, item: Node<'a>, text: &'a str) {
        let is_script = text.contains(char::is_whitespace);
        match script(text).filter(|_| is_script) {
            Some((_, found)) => {
                let place = Place::of_item(item, Holder::Argument(found.option));
                self.tell(place, found.what);
            }
            None => self.text(Place::of_item(item, Holder::Argument("")), text),
        }
    }

    /// Looks at a text: first by its name, then at what is in it.
    fn text(&mut self, place: Place<'a>, text: &'a str) {
        let (name, form) = match place.holder {
            Holder::Variable(name) => (name, Form::Whole),
            Holder::Setting(name) => (name.strip_suffix(".txt").unwrap_or(name), Form::Exact),
            Holder::Field(name) => (name, Form::Field),
            Holder::Item | Holder::Argument(_) => ("", Form::Field),
        };
        if let Holder::Setting(file) = place.holder
            && let Some(file) = accounts(file)
        {
            self.accounts(&place, text, file);
            return;
        }
        if let Some(what) = named(name, text, form) {
            self.tell(place, form_of(text).unwrap_or(what));
            return;
        }
        let language = match place.holder {
            Holder::Item | Holder::Argument(_) => Language::Shell,
            _ => language(name, text),
        };
        let hits = scan(text, language);
        let given = (language == Language::Shell && text.contains('\n'))
            .then(|| script(text))
            .flatten();
        if let Some((line, found)) = given
            && hits.iter().all(|hit| hit.line != line)
        {
            let place = place.clone().in_line(line, found.option);
            self.tell(place, found.what);
        }
        self.hits(&place, text, &hits);
    }

    /// Looks at a file with a user and a password on each line.
    fn accounts(&mut self, place: &Place<'a>, text: &'a str, file: AccountFile) {
        let mut hits = scan(text, Language::Data);
        let lines = (1..).zip(text.lines()).filter_map(|(line, written)| {
            let (name, what) = account(file, written)?;
            let value = 0..0;
            Some(Hit {
                what,
                name,
                line,
                value,
            })
        });
        hits.extend(lines);
        hits.sort_by_key(|hit| hit.line);
        self.hits(place, text, &hits);
    }

    /// Tells what is in a text, each rule once: the first place, and the lines of the others.
    fn hits(&mut self, place: &Place<'a>, text: &str, hits: &[Hit<'a>]) {
        let mut told: Vec<RuleId> = Vec::new();
        for (at, hit) in hits.iter().enumerate() {
            let rule = &hit.what.rule().id;
            if told.contains(rule) {
                continue;
            }
            told.push(rule.clone());
            let rest = hits.get(at + 1..).unwrap_or_default().iter();
            let same = rest.filter(|other| other.what.rule().id == *rule);
            let mut place = place.clone();
            if text.contains('\n') {
                place = place.in_line(hit.line, hit.name);
                place.more = same
                    .map(|hit| hit.line)
                    .filter(|line| *line != hit.line)
                    .collect();
                place.more.dedup();
            } else {
                place = place.named(hit.name);
            }
            self.tell(place, hit.what);
        }
    }

    fn tell(&mut self, place: Place<'a>, what: What) {
        let mut found = Found::new(self.index, fault(&place, what));
        found.hidden = place.hidden();
        self.found.push(found);
    }
}

/// Says what a text is written in, by the name of its file or its first line.
fn language(name: &str, text: &str) -> Language {
    const PROGRAMS: &[&str] = &[
        "py",
        "js",
        "mjs",
        "ts",
        "tsx",
        "jsx",
        "lua",
        "go",
        "rb",
        "php",
        "pl",
        "groovy",
        "java",
        "kt",
        "scala",
        "rs",
        "c",
        "html",
        "tpl",
        "tmpl",
        "gotmpl",
        "rego",
        "cel",
        "jsonnet",
        "libsonnet",
        "graphql",
        "proto",
        "css",
        "md",
        "promql",
    ];
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let first = text.strip_prefix("#!").and_then(|rest| rest.lines().next());
    let shell = first.is_some_and(|first| first.contains("sh"));
    if matches!(extension, "json" | "properties" | "yaml" | "yml") && is_translation(stem) {
        Language::Words
    } else if matches!(extension, "sh" | "bash" | "ash") || shell {
        Language::Shell
    } else if first.is_some() || !extension.is_empty() && PROGRAMS.contains(&extension) {
        Language::Program
    } else {
        Language::Data
    }
}

/// Tells whether a file holds what a program says to people, by its name: `messages_de.properties`, `i18n.json`,
/// `de.json`, `pt-BR.yaml`.
fn is_translation(stem: &str) -> bool {
    const FRONTS: &[&str] = &["messages", "i18n", "locale", "translation"];
    const LANGUAGES: &[&str] = &[
        "ar", "cs", "da", "de", "en", "fi", "fr", "he", "hu", "it", "ja", "ko", "nl", "pl", "pt",
        "ru", "sv", "tr", "uk", "zh",
    ];
    let stem = stem.to_ascii_lowercase();
    let language = stem.split(['-', '_']).next().unwrap_or_default();
    let rest = stem.get(language.len()..).unwrap_or_default();
    FRONTS.iter().any(|front| stem.starts_with(front))
        || LANGUAGES.contains(&language) && (rest.is_empty() || rest.len() == 3)
}
