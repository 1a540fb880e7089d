//! What is said about a secret: where it is, never what.

use std::borrow::Cow;

use super::evidence::What;
use super::rules;
use crate::finding::Rule;
use crate::manifest::Fault;
use crate::yaml::Node;

/// What kubectl keeps of what it applied, and people copy from a cluster with the rest.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What holds a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder<'a> {
    /// A value with its name beside it: a variable, a header, a parameter.
    Variable(&'a str),
    /// A key of a `ConfigMap`.
    Setting(&'a str),
    /// A field, an annotation.
    Field(&'a str),
    /// An argument, by the option that takes it where that is known.
    Argument(&'a str),
    /// An item of a list.
    Item,
}

/// Where a secret is.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    /// What is pointed at: a key where there is one, as a secret may be all of a value.
    node: Node<'a>,
    pub(super) holder: Holder<'a>,
    /// The line in the text, where it has several.
    line: Option<u32>,
    /// The name in the text.
    name: &'a str,
    /// The lines of others.
    pub(super) more: Vec<u32>,
    /// What may not be shown, where no words say it.
    value: Node<'a>,
    /// The words of a command that may not be shown.
    pub(super) words: Vec<Node<'a>>,
}

impl<'a> Place<'a> {
    pub(super) fn of_key(key: Node<'a>, value: Node<'a>, holder: Holder<'a>) -> Self {
        Self {
            node: key,
            holder,
            line: None,
            name: "",
            more: Vec::new(),
            value,
            words: Vec::new(),
        }
    }

    pub(super) fn of_item(item: Node<'a>, holder: Holder<'a>) -> Self {
        Self::of_key(item, item, holder)
    }

    /// Returns what may not be shown.
    pub(super) fn hidden(self) -> Vec<Node<'a>> {
        if self.words.is_empty() {
            vec![self.value]
        } else {
            self.words
        }
    }

    /// Names what is in the text.
    pub(super) fn named(mut self, name: &'a str) -> Self {
        self.name = name;
        self
    }

    /// Names a line of the text, and what is in it.
    pub(super) fn in_line(mut self, line: u32, name: &'a str) -> Self {
        self.line = Some(line);
        self.named(name)
    }
}

impl What {
    /// Returns the rule that is broken.
    pub(super) fn rule(self) -> &'static Rule {
        match self {
            Self::Token(_) => &rules::CREDENTIAL,
            Self::Address => &rules::ADDRESS,
            Self::Known(_) => &rules::DEFAULT_PASSWORD,
            Self::Literal | Self::Unread => &rules::LITERAL,
        }
    }
}

/// Makes a fault of a secret.
pub(super) fn fault<'a>(place: &Place<'a>, what: What) -> Fault<'a> {
    Fault::new(what.rule(), place.node, message(place, what)).help(help(place.holder, what))
}

fn message(place: &Place<'_>, what: What) -> String {
    let (holder, name) = match place.holder {
        Holder::Variable(holder) | Holder::Setting(holder) | Holder::Field(holder) => {
            (format!("`{}`", short(holder)), place.name)
        }
        Holder::Argument("") => ("this argument".to_owned(), place.name),
        Holder::Argument(option) => ("this argument".to_owned(), option),
        Holder::Item => ("this text".to_owned(), place.name),
    };
    let of_argument = matches!(place.holder, Holder::Argument(_)) && !name.is_empty();
    let subject = match place.line {
        Some(line) => format!("line {line} of {holder}"),
        None => holder,
    };
    let name = short(name);
    let said = match what {
        What::Token(form) => format!("{subject} holds {form}"),
        What::Address => format!("{subject} holds an address with its password"),
        What::Unread => format!(
            "{subject} and what follows may hold passwords: no file has so many names for them, and they are not looked at"
        ),
        What::Literal if name.is_empty() => format!("{subject} has its value in the clear"),
        What::Literal if of_argument => format!("`{name}` is given its value in the clear"),
        What::Literal => format!("{subject} gives `{name}` in the clear"),
        What::Known(program) => {
            let password = match (name.is_empty(), of_argument) {
                (true, _) => format!("the password in {subject}"),
                (false, true) => format!("the password for `{name}`"),
                (false, false) => format!("the password of `{name}` in {subject}"),
            };
            if program.is_empty() {
                format!("{password} is one that is tried first everywhere")
            } else {
                format!("{password} is one that everybody knows: that of {program}")
            }
        }
    };
    format!("{said}{}", others(&place.more))
}

/// Names the lines of others of the same kind.
fn others(lines: &[u32]) -> String {
    const MOST: usize = 4;
    let shown: Vec<String> = lines.iter().take(MOST).map(u32::to_string).collect();
    let more = lines.len().saturating_sub(MOST);
    match (shown.as_slice(), more) {
        ([], _) => String::new(),
        ([one], 0) => format!("; see line {one} too"),
        (_, 0) => format!("; see lines {} too", shown.join(", ")),
        (_, more) => format!("; see lines {} and {more} more too", shown.join(", ")),
    }
}

/// Cuts a name that is no name.
fn short(name: &str) -> Cow<'_, str> {
    const LONGEST: usize = 200;
    if name.len() <= LONGEST {
        return Cow::Borrowed(name);
    }
    let cut = name.get(..name.floor_char_boundary(LONGEST));
    Cow::Owned(format!("{}…", cut.unwrap_or_default()))
}

fn help(holder: Holder<'_>, what: What) -> String {
    if what == What::Unread {
        return "write it in fewer and shorter parts".to_owned();
    }
    let source = match holder {
        Holder::Field(LAST_APPLIED) => "leave this annotation out: `kubectl apply` writes it",
        Holder::Field(_) | Holder::Item if what == What::Address => {
            "leave user and password out of the address, and let a Secret give them"
        }
        Holder::Variable(_) => {
            "take it from a Secret: `valueFrom: {secretKeyRef: {name: …, key: …}}`"
        }
        Holder::Argument(_) => {
            "let the program read it from a file of a mounted Secret, or from a variable that `secretKeyRef` fills: `$(NAME)`"
        }
        Holder::Setting(_) => {
            "let the program read it from a file or variable that comes from a Secret, or make the whole file a Secret of the vault"
        }
        Holder::Field(_) | Holder::Item => "name a Secret here instead, or what a Secret fills",
    };
    let then = match what {
        What::Known(_) => "and set a password that nobody knows",
        _ => "and change the value: it can have been read",
    };
    format!("{source}; {then}")
}
