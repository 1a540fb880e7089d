//! `tympan completions` and `tympan man`.

use std::io::Write;

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Cli;
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::finding::{did_you_mean, nearest};

/// The program, as shells and manual pages call it.
const NAME: &str = "tympan";

/// Prints the script for a shell.
pub(super) fn completions(shell: Shell, out: &mut impl Write) -> Result<ExitStatus, Failure> {
    // Into memory first: the generator does not tell of a reader that has gone away.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
    out.write_all(&script)?;
    Ok(ExitStatus::Clean)
}

/// Prints the page of a command.
pub(super) fn page(words: &[String], out: &mut impl Write) -> Result<ExitStatus, Failure> {
    let mut command = Cli::command();
    command.build();
    for word in words {
        let names: Vec<String> = command
            .get_subcommands()
            .map(|command| command.get_name().to_owned())
            .collect();
        let Some(found) = command.find_subcommand(word) else {
            let near = did_you_mean(nearest(word, names.iter().map(String::as_str)));
            return Err(Failure::new(format!("there is no command `{word}`{near}")));
        };
        command = found.clone();
    }
    Man::new(command).render(out)?;
    Ok(ExitStatus::Clean)
}
