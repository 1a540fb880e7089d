//! One line on standard error that tells those who wait what a run is doing.
//!
//! It is there only when the work takes long and standard error is a terminal, and it is gone before anything else is
//! printed: all that is printed goes through [`Before`] or [`Display::hide`].

use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::progress::{Now, Progress};

/// What takes no longer than this is not told.
const DELAY: Duration = Duration::from_millis(500);
/// The time between two looks, and so between two drawings.
const TICK: Duration = Duration::from_millis(100);

/// Makes what is drawn on; the line begins anew after something else was printed.
type Target = Box<dyn Fn() -> ProgressDrawTarget + Send>;

/// The line, where there is one.
#[derive(Default)]
pub(super) struct Display {
    line: Option<Arc<Mutex<Line>>>,
    ticker: Mutex<Option<Ticker>>,
}

/// The thread that draws; it ends when its channel does.
struct Ticker {
    end: Sender<Infallible>,
    thread: JoinHandle<()>,
}

impl Display {
    /// Shows progress on standard error, where that is a terminal that can move its cursor.
    pub(super) fn on_terminal() -> (Self, Progress) {
        if ProgressDrawTarget::stderr().is_hidden() {
            return (Self::default(), Progress::default());
        }
        let progress = Progress::seen();
        let target = Box::new(ProgressDrawTarget::stderr);
        (Self::start(progress.clone(), target, DELAY), progress)
    }

    /// Shows progress after a while. Without a thread nothing is shown: the work is what matters.
    fn start(progress: Progress, target: Target, delay: Duration) -> Self {
        let line = Arc::new(Mutex::new(Line::new(progress, target)));
        let drawn = Arc::clone(&line);
        let (end, ended) = mpsc::channel::<Infallible>();
        let look = move || {
            let mut wait = delay;
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(wait) {
                locked(&drawn).draw();
                wait = TICK;
            }
        };
        let thread = thread::Builder::new().name("progress".to_owned());
        let ticker = thread.spawn(look).ok();
        Self {
            line: Some(line),
            ticker: Mutex::new(ticker.map(|thread| Ticker { end, thread })),
        }
    }

    /// Takes the line away, until the run goes on to other work.
    pub(super) fn hide(&self) {
        if let Some(line) = &self.line {
            locked(line).hide();
        }
    }

    /// Takes the line away for good.
    pub(super) fn end(&self) {
        if let Some(Ticker { end, thread }) = locked(&self.ticker).take() {
            drop(end);
            // Should it have panicked, there is nothing left to wait for.
            drop(thread.join());
            self.hide();
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.end();
    }
}

impl std::fmt::Debug for Display {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Display").finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A writer before whose first byte the line is taken away: a line that is half written cannot be drawn around.
pub(super) struct Before<'d, W> {
    display: &'d Display,
    out: W,
}

impl<'d, W> Before<'d, W> {
    pub(super) fn new(display: &'d Display, out: W) -> Self {
        Self { display, out }
    }
}

impl<W: Write> Write for Before<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.display.end();
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The line as it is drawn.
struct Line {
    progress: Progress,
    target: Target,
    shown: Option<(ProgressBar, String)>,
    /// The work that is not told, for something is being printed.
    untold: Option<usize>,
}

impl Line {
    fn new(progress: Progress, target: Target) -> Self {
        Self {
            progress,
            target,
            shown: None,
            untold: None,
        }
    }

    fn draw(&mut self) {
        let now = self.progress.now();
        let Some(now) = now.filter(|now| self.untold != Some(now.begun)) else {
            return;
        };
        let text = words(now);
        match &mut self.shown {
            // Whatever else is on the terminal, such as git's question for a password, stays as long as nothing changes.
            Some((_, shown)) if *shown == text => {}
            Some((bar, shown)) => {
                bar.set_message(text.clone());
                *shown = text;
            }
            None => {
                let bar = ProgressBar::with_draw_target(None, (self.target)());
                // Cut where the terminal ends.
                if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
                    bar.set_style(style);
                }
                bar.set_message(text.clone());
                self.shown = Some((bar, text));
            }
        }
    }

    fn hide(&mut self) {
        self.untold = self.progress.now().map(|now| now.begun);
        if let Some((bar, _)) = self.shown.take() {
            bar.finish_and_clear();
        }
    }
}

/// Says what is done: `checking 4,210 of 10,000 objects`.
fn words(now: Now) -> String {
    let Now {
        doing,
        done,
        total,
        what,
        ..
    } = now;
    if total > 1 {
        format!("{doing} {} of {} {what}", grouped(done), grouped(total))
    } else {
        doing.to_owned()
    }
}

/// Writes a number with a comma before every third digit from the right.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use indicatif::{InMemoryTerm, TermLike as _};

    use super::*;

    fn terminal(columns: u16) -> (InMemoryTerm, Target) {
        let terminal = InMemoryTerm::new(5, columns);
        let drawn = terminal.clone();
        let target = move || ProgressDrawTarget::term_like(Box::new(drawn.clone()));
        (terminal, Box::new(target))
    }

    /// Makes a line on a terminal, and what it shows.
    fn line(columns: u16) -> (InMemoryTerm, Progress, Line) {
        let (terminal, target) = terminal(columns);
        let progress = Progress::seen();
        let line = Line::new(progress.clone(), target);
        (terminal, progress, line)
    }

    #[test]
    fn a_line_tells_what_is_done_and_leaves_no_trace() {
        let (terminal, progress, mut line) = line(40);
        line.draw();
        assert_eq!(terminal.contents(), "");
        let objects = progress.count("checking", 10_000, "objects");
        line.draw();
        assert_eq!(terminal.contents(), "checking 0 of 10,000 objects");
        (0..4_210).for_each(|_| objects.one());
        line.draw();
        assert_eq!(terminal.contents(), "checking 4,210 of 10,000 objects");
        progress.begin("pushing");
        line.draw();
        assert_eq!(terminal.contents(), "pushing");
        line.hide();
        assert_eq!(terminal.contents(), "");
        terminal.write_str("error").unwrap();
        assert_eq!(terminal.contents(), "error");
    }

    #[test]
    fn what_was_printed_meanwhile_stays_until_there_is_other_work() {
        let (terminal, progress, mut line) = line(40);
        let templates = progress.count("rendering", 10, "templates");
        line.draw();
        line.hide();
        terminal.write_line("warning").unwrap();
        templates.one();
        line.draw();
        assert_eq!(terminal.contents(), "warning");
        progress.count("writing", 3, "files").one();
        line.draw();
        assert_eq!(terminal.contents(), "warning\nwriting 1 of 3 files");
        line.hide();
        assert_eq!(terminal.contents(), "warning");
    }

    #[test]
    fn nothing_is_drawn_while_nothing_changes() {
        let (terminal, progress, mut line) = line(40);
        progress.begin("pushing");
        line.draw();
        drop(terminal.moves_since_last_check());
        line.draw();
        assert_eq!(terminal.moves_since_last_check(), "");
    }

    #[test]
    fn a_line_is_cut_where_a_terminal_ends() {
        let (terminal, progress, mut line) = line(16);
        progress.count("checking", 10_000, "objects").one();
        line.draw();
        assert_eq!(terminal.contents(), "checking 1 of 10");
        line.hide();
        assert_eq!(terminal.contents(), "");
    }

    #[test]
    fn the_line_comes_by_itself_and_goes_before_anything_is_printed() {
        struct Printed(InMemoryTerm);
        impl Write for Printed {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                assert_eq!(self.0.contents(), "");
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (terminal, target) = terminal(40);
        let progress = Progress::seen();
        let display = Display::start(progress.clone(), target, Duration::ZERO);
        progress.begin("reading");
        let start = Instant::now();
        while terminal.contents() != "reading" {
            assert!(start.elapsed() < Duration::from_mins(1), "nothing is shown");
            thread::sleep(Duration::from_millis(1));
        }
        let mut out = Before::new(&display, Printed(terminal.clone()));
        out.write_all(b"report").unwrap();
        // The thread has ended: nothing brings it back.
        progress.begin("checking");
        assert!(locked(&display.ticker).is_none());
        assert_eq!(terminal.contents(), "");
    }

    #[test]
    fn short_work_is_not_told() {
        let (terminal, target) = terminal(40);
        let progress = Progress::seen();
        let display = Display::start(progress.clone(), target, Duration::from_hours(1));
        progress.begin("reading");
        drop(display);
        assert_eq!(terminal.moves_since_last_check(), "");
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (123_456, "123,456"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
