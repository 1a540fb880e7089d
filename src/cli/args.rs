//! The command line as it is written.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::date::Date;
use crate::network::Protocol;
use crate::report::{FORMATS, Format};
use crate::shard::Shard;

/// Renders Kubernetes manifests from templates and per-environment values, and proves them valid and zero-trust.
#[derive(Debug, Parser)]
#[command(name = "tympan", version, max_term_width = 100, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub(super) struct Cli {
    /// Work in this folder instead of the current one
    #[arg(
        short = 'C',
        value_name = "DIR",
        global = true,
        help_heading = "Global options"
    )]
    pub(super) directory: Option<PathBuf>,
    /// When to use colours
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        global = true,
        help_heading = "Global options"
    )]
    pub(super) color: Colour,
    /// Print nothing but errors and what was asked for
    #[arg(
        short,
        long,
        global = true,
        help_heading = "Global options",
        conflicts_with = "verbose"
    )]
    pub(super) quiet: bool,
    /// Print more: each file that is unchanged, too
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(super) verbose: bool,
    /// Use this many threads; as many as there are processors when it is left out
    #[arg(long, value_name = "N", global = true, help_heading = "Global options", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) threads: Option<u16>,
    /// What to do
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 clean, 1 findings or drift, 2 the work could not be done.";

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a small project that renders and checks clean
    #[command(after_help = "Example: tympan init my-platform")]
    Init {
        /// The folder; made when it does not exist
        #[arg(value_name = "DIR", default_value = ".")]
        folder: PathBuf,
    },
    /// Render templates and values to one file for each object below rendered/
    #[command(
        after_help = "Examples:\n  tympan render             write all environments\n  tympan render --check     tell whether rendered/ is up to date; exit code 1 when not\n  tympan render -e prod -n openmrs --stdout"
    )]
    Render(RenderArgs),
    /// Check the project, or plain manifests
    #[command(
        after_help = "Examples:\n  tympan check                    render in memory and check\n  tympan check rendered/prod      check plain manifests\n  helm template x | tympan check -"
    )]
    Check(CheckArgs),
    /// Tell who may talk to whom
    #[command(
        after_help = "Examples:\n  tympan network -e prod\n  tympan network -e prod --to openmrs/mariadb --port 3306\n  tympan network -e prod --diff main     what a change opens and closes\n  tympan network rendered/prod"
    )]
    Network(NetworkArgs),
    /// Tell what changes between two versions, or two environments
    #[command(
        after_help = "Examples:\n  tympan diff                              what the working copy changes\n  tympan diff --from origin/main --format markdown\n  tympan diff --from env:dev --to env:prod\n  tympan diff --from old/ --to new/        plain manifests, too"
    )]
    Diff(DiffArgs),
    /// Commit what is rendered to a branch for each environment, without touching the work tree or the index
    #[command(
        after_help = "Examples:\n  tympan commit --dry-run                 tell what would be committed\n  tympan commit --push                    commit, and push to origin\n  tympan commit -e prod --branch 'deploy/{environment}'"
    )]
    Commit(CommitArgs),
    /// Print the merged values of an environment, and where each was set
    #[command(after_help = "Example: tympan values openmrs.backend -e prod")]
    Values {
        /// Print only what stands at this path, for example `openmrs.backend`
        path: Option<String>,
        /// The environment
        #[arg(short, long, value_name = "ENV")]
        environment: String,
    },
    /// List schemas, import those of custom resources, draft one of the values
    Schema {
        /// What to do
        #[command(subcommand)]
        action: SchemaAction,
    },
    /// Test the project's policies
    Policy {
        /// What to do
        #[command(subcommand)]
        action: PolicyCommand,
    },
    /// Work as a config management plugin of Argo CD
    #[command(
        after_help = "Examples:\n  tympan argocd plugin > plugin.yaml\n  ARGOCD_ENV_ENVIRONMENT=prod tympan argocd generate"
    )]
    Argocd {
        /// What Argo CD asks for
        #[command(subcommand)]
        action: ArgocdCommand,
    },
    /// Print a script that completes commands and options in a shell
    #[command(after_help = "Example: tympan completions bash > /etc/bash_completion.d/tympan")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print a manual page, in the form that `man` reads
    #[command(
        after_help = "Examples:\n  tympan man > tympan.1\n  tympan man argocd generate | man -l -"
    )]
    Man {
        /// The command that the page is about, for example `network`; the program as a whole where none is named
        #[arg(value_name = "COMMAND")]
        command: Vec<String>,
    },
    /// Explain a rule: what, why, how to mend it; without a rule, list them all
    #[command(after_help = "Example: tympan explain yaml/duplicate-key")]
    Explain {
        /// The rule's id
        rule: Option<String>,
    },
}

/// What Argo CD asks for.
#[derive(Debug, Subcommand)]
pub(super) enum ArgocdCommand {
    /// Print the manifests that the variables of Argo CD ask for: all of them or nothing
    Generate(GenerateArgs),
    /// Print the parameters that an Application may give, as JSON
    Parameters,
    /// Print the value of the annotation `argocd.argoproj.io/manifest-generate-paths`
    Paths(PathsArgs),
    /// Print the plugin file for the sidecar of argocd-repo-server
    Plugin,
}

/// Arguments of `tympan argocd generate`.
#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    /// Refuse what any rule calls an error, not only what cannot be rendered or applied
    #[arg(long)]
    pub(super) policies: bool,
    /// Let there be no object at all: Argo CD then deletes what there was
    #[arg(long)]
    pub(super) allow_empty: bool,
}

/// Arguments of `tympan argocd paths`.
#[derive(Debug, Args)]
pub(super) struct PathsArgs {
    /// Only what this environment depends on; may be given several times
    #[arg(short, long = "environment", value_name = "ENV")]
    pub(super) environments: Vec<String>,
    /// Only what this folder of templates/ depends on; may be given several times
    #[arg(short, long = "namespace", value_name = "NAMESPACE")]
    pub(super) namespaces: Vec<String>,
}

/// What to do with schemas.
#[derive(Debug, Subcommand)]
pub(super) enum SchemaAction {
    /// List the kinds that can be checked, and by whose schema
    List {
        /// For this Kubernetes version instead of the project's
        #[arg(long, value_name = "VERSION")]
        kubernetes: Option<String>,
    },
    /// Take definitions of custom resources out of files, and write each to `schemas/<group>/<plural>.yaml`
    #[command(
        after_help = "Examples:\n  tympan schema import crds.yaml\n  helm template x --include-crds | tympan schema import -"
    )]
    Import {
        /// Files, folders, or - for standard input; other objects in them are passed over
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Print a JSON Schema drafted from the values of all environments, to be completed by hand
    #[command(after_help = "Example: tympan schema values > values/schema.json")]
    Values,
}

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Run the unit tests of policies: policies/tests/*.yaml
    #[command(
        after_help = "Examples:\n  tympan policy test\n  tympan policy test ../policies   a folder of policies, with their tests in its folder tests/"
    )]
    Test {
        /// The folder of the policies; the project's when left out
        folder: Option<PathBuf>,
    },
}

/// The arguments of `render`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
pub(super) struct RenderArgs {
    /// Render only this environment; may be given again
    #[arg(short, long = "environment", value_name = "ENV")]
    pub(super) environments: Vec<String>,
    /// Render only what this folder of templates/ makes, cluster-scoped objects included; may be given again
    #[arg(short, long = "namespace", value_name = "NAMESPACE")]
    pub(super) namespaces: Vec<String>,
    /// Write nothing; show what differs and end with exit code 1 when anything does
    #[arg(long, conflicts_with_all = ["stdout", "adopt", "exit_code"])]
    pub(super) check: bool,
    /// The format of what --check tells; other than as text, with what is found while rendering
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "check", conflicts_with_all = ["stdout", "adopt", "exit_code"], value_parser = report_format())]
    pub(super) format: Format,
    /// Print the manifests instead of writing them
    #[arg(long, conflicts_with_all = ["adopt", "exit_code"])]
    pub(super) stdout: bool,
    /// End with exit code 1 when anything was written, or what was rendered, or used for it, is not in git
    #[arg(long)]
    pub(super) exit_code: bool,
    /// Take over a rendered/ that Tympan did not write: overwrite what is rendered, remove other manifests there
    #[arg(long)]
    pub(super) adopt: bool,
    /// Write, print or compare only the objects of this shard, for example 0/4
    #[arg(long, value_name = "I/N", value_parser = Shard::parse)]
    pub(super) shard: Option<Shard>,
}

/// The arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Manifests: files, folders, or - for standard input; the project when left out
    pub(super) paths: Vec<PathBuf>,
    /// Check only this environment; may be given again
    #[arg(
        short,
        long = "environment",
        value_name = "ENV",
        conflicts_with = "paths"
    )]
    pub(super) environments: Vec<String>,
    /// Check for this Kubernetes version, for example 1.34; may be given again to check for several
    #[arg(long, value_name = "VERSION")]
    pub(super) kubernetes: Vec<String>,
    /// Take the schemas of custom resources from this folder or file, too; may be given again
    #[arg(long, value_name = "DIR")]
    pub(super) schemas: Vec<PathBuf>,
    /// Hold the pods of namespaces whose labels enforce no Pod Security Standard to this one
    #[arg(long, value_name = "LEVEL")]
    pub(super) pod_security: Option<PodSecurity>,
    /// Check by the policies in this folder or file, too, whatever their bindings would do; may be given again
    #[arg(long, value_name = "DIR")]
    pub(super) policies: Vec<PathBuf>,
    /// Compare with the version before, to find changes that the API server refuses: a git revision, `index`, a folder,
    /// or a branch for each environment, as env/{environment}
    #[arg(long, value_name = "SIDE")]
    pub(super) base: Option<String>,
    /// Check only the objects of this shard, for example 0/4, and leave what is about several of them to --merge
    #[arg(long, value_name = "I/N", value_parser = Shard::parse)]
    pub(super) shard: Option<Shard>,
    /// Put the JSON reports of all shards together, files or folders of them, and check what is about several objects
    #[arg(long, value_name = "REPORT", num_args = 1.., conflicts_with = "shard")]
    pub(super) merge: Vec<PathBuf>,
    /// Findings that are in this JSON report already do not count
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// The day that waivers are judged by, for example 2027-06-30, instead of the clock's (UTC)
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(super) today: Option<Date>,
    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = report_format())]
    pub(super) format: Format,
    /// Write the report to this file
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// The least severity that gives exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub(super) fail_on: FailOn,
    /// End with exit code 0 whatever is found
    #[arg(long)]
    pub(super) exit_zero: bool,
}

/// The arguments of `network`.
#[derive(Debug, Args)]
pub(super) struct NetworkArgs {
    /// Manifests: files, folders, or - for standard input; the project when left out
    pub(super) paths: Vec<PathBuf>,
    /// Only this environment; may be given again
    #[arg(
        short,
        long = "environment",
        value_name = "ENV",
        conflicts_with = "paths"
    )]
    pub(super) environments: Vec<String>,
    /// Only connections from this workload, for example openmrs/backend, or from an address
    #[arg(long, value_name = "W")]
    pub(super) from: Option<String>,
    /// Only connections to this workload, or to an address
    #[arg(long, value_name = "W")]
    pub(super) to: Option<String>,
    /// Only connections to this port: 3306, which is TCP/3306, or UDP/53
    #[arg(long, value_name = "P", value_parser = port)]
    pub(super) port: Option<(Protocol, u32)>,
    /// Only connections from workloads of this shard, for example 0/4
    #[arg(long, value_name = "I/N", value_parser = Shard::parse)]
    pub(super) shard: Option<Shard>,
    /// Tell which policies and rules open or close each side, with file and line; with --from and --to, also why nothing
    /// is open
    #[arg(long)]
    pub(super) why: bool,
    /// Tell what is opened and closed compared with another version: a git revision, `index`, a folder, a branch for each
    /// environment, as env/{environment}, or env:NAME for another environment; exit code 1 when anything is
    #[arg(long, value_name = "SIDE", conflicts_with = "why")]
    pub(super) diff: Option<String>,
    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: NetworkFormat,
    /// Write a page about all environments to this folder: network.md, and a picture of each
    #[arg(long, value_name = "DIR", conflicts_with_all = ["paths", "environments", "from", "to", "port", "shard", "why", "diff", "format"])]
    pub(super) docs: Option<PathBuf>,
    /// Write nothing; tell whether the page is up to date, with exit code 1 when not
    #[arg(long, requires = "docs")]
    pub(super) check: bool,
}

/// The arguments of `diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The version before: a git revision, `index`, a folder, env:NAME, `work` for what would be rendered now, or a
    /// branch for each environment, as env/{environment}; when left out HEAD, and with `delivery: branches`
    /// env/{environment}
    #[arg(long, value_name = "SIDE")]
    pub(super) from: Option<String>,
    /// The version after
    #[arg(long, value_name = "SIDE", default_value = "work")]
    pub(super) to: String,
    /// Compare only this environment; may be given again
    #[arg(short, long = "environment", value_name = "ENV")]
    pub(super) environments: Vec<String>,
    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: DiffFormat,
}

/// The formats of differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffFormat {
    /// For people
    Text,
    /// For a pull request: what it leads to first, details folded, cut at what hosts take
    Markdown,
    /// For programs
    Json,
}

/// The arguments of `commit`.
#[derive(Debug, Args)]
pub(super) struct CommitArgs {
    /// Commit only this environment; may be given again
    #[arg(short, long = "environment", value_name = "ENV")]
    pub(super) environments: Vec<String>,
    /// The branch of each environment, in which {environment} stands for its name; with `delivery: branches` it is
    /// env/{environment} when left out
    #[arg(long, value_name = "PATTERN")]
    pub(super) branch: Option<String>,
    /// Push the branches, too; to origin when no remote is named
    #[arg(long, value_name = "REMOTE", num_args = 0..=1, default_missing_value = "origin")]
    pub(super) push: Option<String>,
    /// Tell what would be committed, and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Take over a branch that Tympan did not write: overwrite what is rendered, remove other manifests there
    #[arg(long)]
    pub(super) adopt: bool,
    /// Commit although there are findings that are errors, sources that are not committed, or a branch that is made
    /// of a later commit already; may be given again
    #[arg(long, value_name = "WHAT")]
    pub(super) allow: Vec<Allow>,
}

/// What does not keep from committing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Allow {
    /// Findings that are errors
    Findings,
    /// Sources that are not as the commit has them
    Dirty,
    /// A branch that is made of a later commit
    Older,
}

/// The formats of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum NetworkFormat {
    /// One connection a line
    Text,
    /// For programs
    Json,
    /// A picture for Graphviz
    Dot,
    /// A picture for pages, drawn by GitHub, GitLab and others
    Mermaid,
    /// A picture
    Svg,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The Pod Security Standards that forbid something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PodSecurity {
    /// Known escalations are refused
    Baseline,
    /// Hardened pods only
    Restricted,
}

/// The severities that can fail a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Errors only
    Error,
    /// Warnings and errors
    Warning,
    /// Anything
    Note,
}

fn port(text: &str) -> Result<(Protocol, u32), &'static str> {
    let (protocol, number) = text.split_once('/').unwrap_or(("TCP", text));
    let protocol = Protocol::parse(&protocol.to_ascii_uppercase());
    let number = number.parse().ok();
    let number = number.filter(|number| (1..=65_535).contains(number));
    let both = protocol.zip(number);
    both.ok_or("write a port as 8080 or UDP/53; protocols are TCP, UDP and SCTP")
}

/// Takes the name of a format of reports.
fn report_format() -> impl TypedValueParser<Value = Format> {
    let possible = FORMATS
        .iter()
        .map(|(name, _, what)| PossibleValue::new(*name).help(*what));
    // What is not in the table is refused already.
    PossibleValuesParser::new(possible).map(|given| {
        let mut formats = FORMATS.iter();
        let named = formats.find(|(name, _, _)| *name == given);
        named.map_or(Format::Text, |(_, format, _)| *format)
    })
}

fn day(text: &str) -> Result<Date, &'static str> {
    Date::parse(text).ok_or("write a day as 2027-06-30")
}
