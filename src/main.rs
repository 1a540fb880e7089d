//! The `tympan` program: arguments in, exit code out.

fn main() {}
