//! Rendering and checking a whole project, inside one process: `cargo bench --bench project`.

mod made_up;

use std::path::Path;

use tempfile::TempDir;

fn main() {
    divan::main();
}

fn run(folder: &Path, command: &[&str]) {
    let folder = folder.to_string_lossy().into_owned();
    let arguments = ["tympan", "-q", "-C", &folder]
        .into_iter()
        .chain(command.iter().copied())
        .map(Into::into);
    let status = tympan::cli::run(arguments);
    assert_eq!(status, tympan::exit::ExitStatus::Clean);
}

fn project() -> TempDir {
    let folder = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
    made_up::write(folder.path(), 50)
        .unwrap_or_else(|error| panic!("cannot write the project: {error}"));
    run(folder.path(), &["render"]);
    folder
}

/// 800 objects, nothing changed.
#[divan::bench(sample_count = 20)]
fn render_check(bencher: divan::Bencher<'_, '_>) {
    let project = project();
    bencher.bench_local(|| run(project.path(), &["render", "--check"]));
}

/// 800 objects.
#[divan::bench(sample_count = 20)]
fn check(bencher: divan::Bencher<'_, '_>) {
    let project = project();
    bencher.bench_local(|| run(project.path(), &["check"]));
}
