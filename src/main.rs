//! The `tympan` program: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    tympan::cli::run(std::env::args_os()).into()
}
