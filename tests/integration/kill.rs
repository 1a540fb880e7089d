//! Killing `render` at any moment and running it again gives the tree of a clean run.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::program::command;
use crate::project::{Project, tree};

fn project(objects: usize, text: &str) -> Project {
    let template = format!(
        "{{% for i in range({objects}) %}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{{{{ i }}}}-{text}}}\ndata: {{x: {text}}}\n{{% endfor %}}\n"
    );
    Project::new(&[
        ("templates/demo/x.yaml", &template),
        ("values/prod.yaml", "{}\n"),
    ])
}

fn copy(from: &Path, to: &Path) {
    for (path, bytes) in tree(from) {
        let path = to.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn a_killed_run_is_repaired_by_the_next() {
    let before = project(300, "old");
    let clean = project(300, "new");
    assert_eq!(before.run(&["render", "-q"]).code, 0);
    assert_eq!(clean.run(&["render", "-q"]).code, 0);
    let expected = clean.rendered();
    for delay in 0..24 {
        let project = project(300, "new");
        copy(&before.path("rendered"), &project.path("rendered"));
        let mut child = command()
            .args(["-C", project.path(".").to_str().unwrap(), "render", "-q"])
            .spawn()
            .unwrap();
        // From before it has begun until after it has ended.
        sleep(Duration::from_millis(delay * 2));
        let _already_ended = child.kill();
        child.wait().unwrap();
        let output = project.run(&["render", "-q"]);
        assert_eq!(output.code, 0, "killed after {delay}: {}", output.stderr);
        assert!(project.rendered() == expected, "killed after {delay}");
    }
}
