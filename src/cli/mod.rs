//! The command line: arguments in, an exit status out; one file for each command.

mod argocd;
mod args;
mod base;
mod branches;
mod check;
mod commit;
mod diff;
mod drift;
mod explain;
mod init;
mod load;
mod manual;
mod network;
mod network_diff;
mod network_picture;
mod policy;
mod progress;
mod render;
mod schema;
mod shard;
mod side;
mod values;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, StderrLock, Write};
use std::path::{Path, PathBuf};

use clap::Parser as _;

use self::args::{Cli, Colour, Command, PolicyCommand};
use self::progress::{Before, Display};
use crate::error::Failure;
use crate::exit::ExitStatus;
use crate::progress::Progress;
use crate::project::ProjectError;
use crate::report::{Problem, Style, escaped, write_problem};

/// What every command needs to know.
#[derive(Debug)]
struct Settings {
    /// The folder to work in.
    directory: PathBuf,
    /// How standard output is styled.
    style: Style,
    /// How standard error is styled.
    error_style: Style,
    /// Whether to print less.
    quiet: bool,
    /// Whether to print more.
    verbose: bool,
    /// Where the work that is done is told.
    progress: Progress,
    /// What shows it to people.
    display: Display,
}

impl Settings {
    /// Returns standard error, with nothing on it that was shown for a while only.
    #[expect(clippy::disallowed_methods, reason = "this is where it is taken away")]
    fn stderr(&self) -> StderrLock<'static> {
        self.display.hide();
        io::stderr().lock()
    }

    /// Says something beside what was asked for.
    fn note(&self, text: &str) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        writeln!(self.stderr(), "note: {}", escaped(text))
    }
}

/// A file or folder that a command cannot write. The user's or the machine's fault.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{path}`")]
struct WriteError {
    path: String,
    source: io::Error,
}

impl WriteError {
    fn new(path: &Path, source: io::Error) -> Self {
        Self {
            path: shown(path),
            source,
        }
    }
}

/// Returns a path as people write it.
fn shown(path: &Path) -> String {
    let bare = path.strip_prefix(".").unwrap_or(path);
    let empty = bare.as_os_str().is_empty();
    let shown = if empty { path } else { bare };
    shown.display().to_string()
}

/// Runs the program.
#[expect(
    clippy::disallowed_methods,
    reason = "standard error is looked at, not written to"
)]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitStatus {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return misused(error, &arguments),
    };
    if let Some(threads) = cli.threads.map(usize::from) {
        // The pool is made once, before anything uses it.
        let built = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global();
        if built.is_err() {
            return ExitStatus::Failed;
        }
    }
    let (display, progress) = if shows_progress(&cli) {
        Display::on_terminal()
    } else {
        Default::default()
    };
    let settings = Settings {
        directory: cli.directory.clone().unwrap_or_else(|| PathBuf::from(".")),
        style: style(cli.color, io::stdout().is_terminal()),
        error_style: style(cli.color, io::stderr().is_terminal()),
        quiet: cli.quiet,
        verbose: cli.verbose,
        progress,
        display,
    };
    let out = Before::new(&settings.display, io::stdout().lock());
    let mut out = io::BufWriter::new(out);
    let result = command(&cli.command, &settings, &mut out).and_then(|status| {
        out.flush()?;
        Ok(status)
    });
    match result {
        Ok(status) => status,
        Err(failure) if failure.is_broken_pipe() => ExitStatus::Clean,
        Err(failure) => {
            report(&failure, &settings);
            ExitStatus::Failed
        }
    }
}

/// Tells whether a command may show what it is doing. Argo CD takes what its plugin prints on standard error for errors.
fn shows_progress(cli: &Cli) -> bool {
    let long = matches!(
        cli.command,
        Command::Render(_)
            | Command::Check(_)
            | Command::Network(_)
            | Command::Diff(_)
            | Command::Commit(_)
    );
    long && !cli.quiet
}

/// Says how the program is used. Help and version are asked for and go to standard output.
fn misused(error: clap::Error, arguments: &[OsString]) -> ExitStatus {
    if !error.use_stderr() {
        return error
            .print()
            .map_or(ExitStatus::Failed, |()| ExitStatus::Clean);
    }
    // The message quotes arguments, and those may be names that others gave to files.
    let shown = arguments
        .iter()
        .map(|argument| escaped(&argument.to_string_lossy()).into_owned());
    let error = Cli::try_parse_from(shown).err().unwrap_or(error);
    // When standard error cannot be written to, there is nobody left to tell.
    drop(error.print());
    ExitStatus::Failed
}

#[expect(
    clippy::disallowed_methods,
    reason = "NO_COLOR is a variable of the environment"
)]
fn style(colour: Colour, terminal: bool) -> Style {
    let coloured = match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    };
    if coloured {
        Style::Coloured
    } else {
        Style::Plain
    }
}

fn command(
    command: &Command,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    match command {
        Command::Init { folder } => init::run(&settings.directory.join(folder), out),
        Command::Render(args) => render::run(args, settings, out),
        Command::Check(args) => check::run(args, settings, out),
        Command::Diff(args) => diff::run(args, settings, out),
        Command::Commit(args) => commit::run(args, settings, out),
        Command::Network(args) => network::run(args, settings, out),
        Command::Values { path, environment } => {
            values::run(path.as_deref(), environment, settings, out)
        }
        Command::Policy {
            action: PolicyCommand::Test { folder },
        } => policy::test(folder.as_deref(), settings, out),
        Command::Argocd { action } => argocd::run(action, settings, out),
        Command::Completions { shell } => manual::completions(*shell, out),
        Command::Man { command } => manual::page(command, out),
        Command::Explain { rule } => explain::run(rule.as_deref(), settings, out),
        Command::Schema { action } => schema::run(action, settings, out),
    }
}

/// Says why the work could not be done; mistakes in `tympan.yaml` with their lines.
fn report(failure: &Failure, settings: &Settings) {
    let mut err = settings.stderr();
    let written = match failure.source.downcast_ref::<ProjectError>() {
        Some(ProjectError::Config { sources, problems }) => {
            problems.iter().try_for_each(|problem| {
                let shown = Problem {
                    location: &problem.location,
                    message: &problem.message,
                    help: problem.help.as_deref(),
                };
                write_problem(&mut err, sources, &shown, settings.error_style)
            })
        }
        _ => failure.write(&mut err),
    };
    // When standard error cannot be written to, there is nobody left to tell.
    drop(written);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_work_that_people_wait_for_shows_progress() {
        for (line, shows) in [
            ("check", true),
            ("check -", true),
            ("render --check", true),
            ("network", true),
            ("diff", true),
            ("commit --push", true),
            ("check -q", false),
            ("commit --quiet", false),
            ("argocd generate", false),
            ("argocd parameters", false),
            ("values -e dev", false),
        ] {
            let arguments = ["tympan"].into_iter().chain(line.split(' '));
            let cli = Cli::try_parse_from(arguments).unwrap();
            assert_eq!(shows_progress(&cli), shows, "{line}");
        }
    }
}
