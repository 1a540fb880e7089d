//! What is shown on a terminal while the work goes on, and that it is nowhere else.

#![cfg(unix)]

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tempfile::TempDir;

use crate::program::command;

/// A file that is not read to its end before somebody writes to it.
const PIPE: &str = "pipe.yaml";
const SAID: &str = "error: `pipe.yaml`: this is no file\n";

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let made = Command::new("mkfifo")
        .arg(folder.path().join(PIPE))
        .status();
    assert!(made.unwrap().success());
    folder
}

/// Starts a check that waits; returns the terminal, too, where standard error is one.
fn start(folder: &Path, arguments: &[&str], term: Option<&str>) -> (Child, Option<File>) {
    let mut command = command();
    command
        .current_dir(folder)
        .args(["check", PIPE])
        .args(arguments)
        .stdout(Stdio::piped());
    let Some(term) = term else {
        return (command.stderr(Stdio::piped()).spawn().unwrap(), None);
    };
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let other_end = open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    let child = command.env("TERM", term).stderr(other_end).spawn().unwrap();
    (child, Some(File::from(terminal)))
}

/// Lets the check go on.
fn release(folder: &Path) -> File {
    // To read and to write: to open a pipe for one of them waits for the other.
    let mut pipe = File::options();
    pipe.read(true).write(true);
    pipe.open(folder.join(PIPE)).unwrap()
}

/// Reads until a text comes, or to the end.
fn read(terminal: &mut File, shown: &mut String, until: &str) {
    let mut bytes = [0; 1 << 10];
    while until.is_empty() || !shown.contains(until) {
        match terminal.read(&mut bytes) {
            // Linux says so when nobody has the other end any more.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
                return;
            }
            Ok(0) => return,
            Ok(count) => shown.push_str(std::str::from_utf8(&bytes[..count]).unwrap()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_terminal_shows_what_is_done_until_something_is_said() {
    let folder = folder();
    let (mut child, terminal) = start(folder.path(), &[], Some("xterm"));
    let mut terminal = terminal.unwrap();
    let mut shown = String::new();
    read(&mut terminal, &mut shown, "reading");
    let pipe = release(folder.path());
    read(&mut terminal, &mut shown, "");
    drop(pipe);
    assert_eq!(child.wait().unwrap().code(), Some(2));
    let (before, after) = shown.rsplit_once("\r\u{1b}[2K").unwrap();
    assert!(before.starts_with("reading"), "{shown:?}");
    assert_eq!(after.replace("\r\n", "\n"), SAID);
    // Whoever ends the program in the middle has a cursor.
    assert!(!shown.contains("\u{1b}[?25"), "{shown:?}");
}

#[test]
fn nothing_is_shown_where_nobody_looks() {
    let cases: [(&[&str], Option<&str>); 4] = [
        (&[], None),
        (&["--color", "always"], None),
        (&["--quiet"], Some("xterm")),
        (&[], Some("dumb")),
    ];
    let folders = cases.map(|_| folder());
    let started = cases.iter().zip(&folders);
    let started: Vec<(Child, Option<File>)> = started
        .map(|((arguments, term), folder)| start(folder.path(), arguments, *term))
        .collect();
    // Twice as long as what is not told at all.
    sleep(Duration::from_secs(1));
    for ((child, terminal), folder) in started.into_iter().zip(&folders) {
        let pipe = release(folder.path());
        let mut shown = String::new();
        if let Some(mut terminal) = terminal {
            read(&mut terminal, &mut shown, "");
        }
        let output = child.wait_with_output().unwrap();
        drop(pipe);
        shown.push_str(std::str::from_utf8(&output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(2), "{shown:?}");
        assert_eq!(shown.replace("\r\n", "\n"), SAID);
    }
}
