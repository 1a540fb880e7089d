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
        let line = Arc::new(Mutex::new(Line::new(target)));
        let drawn = Arc::clone(&line);
        let (end, ended) = mpsc::channel::<Infallible>();
        let look = move || {
            let mut wait = delay;
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(wait) {
                locked(&drawn).draw(progress.now());
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
    target: Target,
    shown: Option<(ProgressBar, String)>,
    /// What was done when the line was looked at last.
    begun: usize,
    /// The work that is not told: something was printed meanwhile.
    untold: Option<usize>,
}

impl Line {
    fn new(target: Target) -> Self {
        Self {
            target,
            shown: None,
            begun: 0,
            untold: None,
        }
    }

    fn draw(&mut self, now: Option<Now>) {
        let Some(now) = now else { return };
        self.begun = now.begun;
        if self.untold == Some(now.begun) {
            return;
        }
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
        self.untold = Some(self.begun);
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
