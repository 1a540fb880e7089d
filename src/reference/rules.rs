//! The rules of the `reference` family.

crate::rules! {
    /// A name of an object that is not there.
    MISSING = "reference/missing", Error;
    /// A key that a ConfigMap or a Secret does not have.
    MISSING_KEY = "reference/missing-key", Error;
    /// A selector that selects no pod.
    SELECTS_NOTHING = "reference/selects-nothing", Warning;
}
