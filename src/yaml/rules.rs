//! The rules of the `yaml` family.

crate::rules! {
    /// The text is not YAML.
    SYNTAX = "yaml/syntax", Error;
    /// A map has the same key twice.
    DUPLICATE_KEY = "yaml/duplicate-key", Error;
    /// A scalar that readers of YAML 1.1 and 1.2 take differently.
    AMBIGUOUS_SCALAR = "yaml/ambiguous-scalar", Warning;
    /// An alias leads nowhere, to itself, or to too much.
    ALIAS = "yaml/alias", Error;
    /// A merge replaces a key that stands before it.
    MERGE_OVERRIDE = "yaml/merge-override", Warning;
    /// The text is deeper or larger than any manifest.
    LIMIT = "yaml/limit", Error;
    /// YAML that Kubernetes does not read.
    UNSUPPORTED = "yaml/unsupported", Error;
}
