//! The rules of the `api` family.

crate::rules! {
    /// A field that the server wants is missing or empty.
    REQUIRED = "api/required", Error;
    /// A value that is none of those that the server knows.
    ENUM = "api/enum", Error;
    /// A number outside its bounds.
    RANGE = "api/range", Error;
    /// A name, key or label that is not written as it must be.
    NAME = "api/name", Error;
    /// A text that is no quantity, or one below zero.
    QUANTITY = "api/quantity", Error;
    /// A path that is not of the kind it must be.
    PATH = "api/path", Error;
    /// A text that is no address or range of addresses.
    ADDRESS = "api/address", Error;
    /// A text that is not of its format.
    FORMAT = "api/format", Error;
    /// Fields that exclude each other, or of which one is needed.
    ALTERNATIVES = "api/alternatives", Error;
    /// An item that is there twice.
    DUPLICATE = "api/duplicate", Error;
    /// A field that may not be set beside another's value.
    CONFLICT = "api/conflict", Error;
    /// A name that nothing in the object has.
    DANGLING = "api/dangling", Error;
    /// A selector that does not match the labels of its own template.
    SELECTOR_MISMATCH = "api/selector-mismatch", Error;
    /// A change of a field that cannot change.
    IMMUTABLE = "api/immutable", Error;
    /// An expression of a policy that the API server cannot compile.
    EXPRESSION = "api/expression", Error;
    /// A kind that Kubernetes no longer has in its group and version.
    REMOVED = "api/removed", Error;
    /// A kind, field, label or annotation that Kubernetes is going to drop, or heeds no more.
    DEPRECATED = "api/deprecated", Warning;
}
