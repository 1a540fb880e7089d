//! Faults: what a check says about a node of an object, before it is known where to mend it.

use std::borrow::Cow;

use crate::finding::{Rule, RuleId, Severity, Told};
use crate::yaml::Node;

/// The longest message in bytes: more than any that is meant to be read. Names in it may be as long as their text.
const LONGEST: usize = 6 << 10;

fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
        text.shrink_to_fit();
    }
    text
}

/// Something wrong with a node of an object. The pipeline makes a finding of it, which knows the line to mend.
#[derive(Clone, Debug)]
pub struct Fault<'a> {
    /// The rule that was broken.
    pub rule: RuleId,
    /// How much it matters: as the rule says, where the check does not know better.
    pub severity: Severity,
    /// The offending key or value; for what is missing, the map that lacks it.
    pub node: Node<'a>,
    /// The missing field's name below the node, or nothing.
    pub below: Option<Cow<'static, str>>,
    /// One fact, lower case, without a full stop.
    pub message: String,
    /// What to do.
    pub help: Option<Cow<'static, str>>,
}

impl<'a> Fault<'a> {
    /// Makes a fault of a node.
    pub fn new(rule: &'static Rule, node: Node<'a>, message: impl Into<String>) -> Self {
        Self::of(rule.id.clone(), rule.severity, node, message)
    }

    /// Makes a fault of a rule that is known at run time only, such as a policy.
    pub fn of(
        rule: RuleId,
        severity: Severity,
        node: Node<'a>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            severity,
            node,
            below: None,
            message: cut(message.into()),
            help: None,
        }
    }

    /// Names a field below the node that is not there.
    #[must_use]
    pub fn below(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.below = Some(field.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.help = Some(match help.into() {
            Cow::Owned(help) => Cow::Owned(cut(help)),
            help @ Cow::Borrowed(_) => help,
        });
        self
    }

    /// Gives it a severity that is not the rule's own.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}

impl Told for Fault<'_> {
    fn rule(&self) -> (RuleId, Severity) {
        (self.rule.clone(), self.severity)
    }

    fn place(&self) -> usize {
        self.node.index()
    }

    fn replace(&mut self, message: String, help: &'static str) {
        // At the object as a whole: whoever accepts a field has not accepted what else is left out.
        self.node = self.node.document().root();
        self.message = message;
        self.help = Some(help.into());
        self.below = None;
    }
}
