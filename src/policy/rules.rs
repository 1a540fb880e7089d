//! The built-in rules of the `policy` family; every policy of a project is one more.

crate::rules! {
    /// An object that one environment has and another lacks.
    PARITY = "policy/parity", Warning;
}
