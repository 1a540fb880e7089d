//! The rules of the `values` family.

crate::rules! {
    /// A values file is no map.
    SHAPE = "values/shape", Error;
    /// The merged values do not match `values/schema.json`.
    SCHEMA = "values/schema", Error;
    /// `values/schema.json` is no JSON Schema.
    BAD_SCHEMA = "values/bad-schema", Error;
    /// No template reads a value in any environment.
    UNUSED = "values/unused", Warning;
    /// A value is a placeholder where the environment forbids them.
    PLACEHOLDER = "values/placeholder", Error;
    /// A Terraform output that is marked sensitive.
    SENSITIVE_OUTPUT = "values/sensitive-output", Error;
}
