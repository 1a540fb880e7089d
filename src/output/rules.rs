//! The rules of the `rendered` family.

crate::rules! {
    /// A file below `rendered/` that is not what would be rendered now.
    OUT_OF_DATE = "rendered/out-of-date", Error;
}
