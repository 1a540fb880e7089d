//! Writes a large made-up project, for measuring whole processes:
//! `cargo bench --bench large_project -- DIR [APPLICATIONS]`. 625 applications make 10,000 objects.

mod made_up;

use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"));
    // Without a folder (as when all benches are run) there is nothing to do.
    let Some(folder) = arguments.next() else {
        return Ok(());
    };
    let applications = arguments
        .next()
        .and_then(|count| count.parse().ok())
        .unwrap_or(625);
    made_up::write(Path::new(&folder), applications)
}
