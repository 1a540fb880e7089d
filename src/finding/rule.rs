//! Rules: the ids, default severities and pages of what produces findings.

use std::borrow::Cow;
use std::fmt;

use super::Severity;

/// The name of a rule: `family/kebab-name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(Cow<'static, str>);

impl RuleId {
    /// Names a built-in rule.
    pub const fn built_in(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    /// Names a rule that is known at run time only, such as a policy of the project.
    pub fn new(id: impl Into<String>) -> Self {
        Self(Cow::Owned(id.into()))
    }

    /// Returns the whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part before the slash.
    pub fn family(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A built-in rule. Made by [`rules!`](crate::rules), which ties it to its page in `docs/rules/`.
#[derive(Debug)]
pub struct Rule {
    /// The id.
    pub id: RuleId,
    /// The severity it has unless `tympan.yaml` says otherwise.
    pub severity: Severity,
    /// The page in `docs/rules/<id>.md`, shown by `tympan explain`.
    pub page: &'static str,
}

/// Declares the rules of a family: a `pub static` for each, and `RULES`, the table of them all.
///
/// A rule's page is `docs/rules/<family>/<name>.md`; the program does not build without it.
#[macro_export]
macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $severity:ident;)+) => {
        $(
            $(#[$doc])*
            pub static $name: $crate::finding::Rule = $crate::finding::Rule {
                id: $crate::finding::RuleId::built_in($id),
                severity: $crate::finding::Severity::$severity,
                page: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules/", $id, ".md")),
            };
        )+
        /// The rules of this family, in the order of their declaration.
        pub static RULES: &[&$crate::finding::Rule] = &[$(&$name),+];
    };
}
