//! What is wrong with a text, before it is known which file the text is.

use std::borrow::Cow;

use crate::finding::{Finding, Rule, RuleId, Severity, Told};
use crate::source::{FileId, Location, Span};

/// Something wrong at a place of a text.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The rule.
    pub rule: &'static Rule,
    /// The bytes.
    pub span: Span,
    /// One fact.
    pub message: String,
    /// What to do.
    pub help: Option<Cow<'static, str>>,
    /// What has to do with it.
    pub related: Vec<(Span, String)>,
}

impl Problem {
    /// Makes a problem.
    pub fn new(rule: &'static Rule, span: Span, message: impl Into<String>) -> Self {
        Self {
            rule,
            span,
            message: message.into(),
            help: None,
            related: Vec::new(),
        }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a place that has to do with it.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    /// Makes a finding of it, for a text that is a file as it stands.
    pub fn in_file(self, file: FileId) -> Finding {
        let mut finding = Finding::new(self.rule, self.message, Location::new(file, self.span));
        finding.help = self.help.map(Cow::into_owned);
        let related = self
            .related
            .into_iter()
            .map(|(span, label)| Location::new(file, span).label(label));
        finding.related.extend(related);
        finding
    }
}

impl Told for Problem {
    fn rule(&self) -> (RuleId, Severity) {
        (self.rule.id.clone(), self.rule.severity)
    }

    fn place(&self) -> usize {
        self.span.start as usize
    }

    fn replace(&mut self, message: String, help: &'static str) {
        self.message = message;
        self.help = Some(help.into());
        self.related.clear();
    }
}
