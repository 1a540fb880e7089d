//! How far a run is: stages count their work here, and whoever shows it to people looks from time to time.
//!
//! In: what is begun, and what of it is done. Out: a [`Now`]. Nothing of it reaches what a run gives.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Where stages tell what they do. The default one takes no notice: nobody looks.
#[derive(Clone, Debug, Default)]
pub struct Progress(Option<Arc<Mutex<Current>>>);

/// What was begun last.
#[derive(Debug, Default)]
struct Current {
    begun: usize,
    work: Option<Arc<Work>>,
}

/// Work of one kind.
#[derive(Debug)]
struct Work {
    doing: &'static str,
    total: usize,
    what: &'static str,
    done: AtomicUsize,
}

/// Work that was begun; threads may share it.
#[derive(Clone, Debug, Default)]
pub struct Step(Option<Arc<Work>>);

/// What a run does at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// How often something was begun: another number means that the run has gone on to other work.
    pub begun: usize,
    /// What it does: `checking`.
    pub doing: &'static str,
    /// How many of the total are done.
    pub done: usize,
    /// How many there are; none where nobody counts.
    pub total: usize,
    /// What they are: `objects`.
    pub what: &'static str,
}

impl Progress {
    /// Makes one that somebody looks at.
    pub fn seen() -> Self {
        Self(Some(Arc::default()))
    }

    /// Says what is done from now on.
    pub fn begin(&self, doing: &'static str) {
        drop(self.count(doing, 0, ""));
    }

    /// Says what is done from now on, and of how many.
    pub fn count(&self, doing: &'static str, total: usize, what: &'static str) -> Step {
        let Some(current) = &self.0 else {
            return Step::default();
        };
        let work = Arc::new(Work {
            doing,
            total,
            what,
            done: AtomicUsize::new(0),
        });
        let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
        current.begun += 1;
        current.work = Some(Arc::clone(&work));
        Step(Some(work))
    }

    /// Says that what was begun before goes on, after other work.
    pub fn go_on(&self, step: &Step) {
        if let (Some(current), Some(work)) = (&self.0, &step.0) {
            let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
            current.begun += 1;
            current.work = Some(Arc::clone(work));
        }
    }

    /// Returns what is done now, once something was begun.
    pub fn now(&self) -> Option<Now> {
        let current = self.0.as_ref()?.lock();
        let current = current.unwrap_or_else(PoisonError::into_inner);
        let work = current.work.as_deref()?;
        Some(Now {
            begun: current.begun,
            doing: work.doing,
            done: work.done.load(Ordering::Relaxed).min(work.total),
            total: work.total,
            what: work.what,
        })
    }
}

impl Step {
    /// Says that one more is done.
    pub fn one(&self) {
        if let Some(work) = &self.0 {
            work.done.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    fn told(progress: &Progress) -> Option<(&'static str, usize, usize, &'static str)> {
        let now = progress.now()?;
        Some((now.doing, now.done, now.total, now.what))
    }

    #[test]
    fn threads_count_what_they_have_done() {
        let progress = Progress::seen();
        assert_eq!(told(&progress), None);
        let objects = progress.count("checking", 1_000, "objects");
        (0..999).into_par_iter().for_each(|_| objects.one());
        assert_eq!(told(&progress), Some(("checking", 999, 1_000, "objects")));
        // What comes to more than was announced is no more than all of it.
        objects.one();
        objects.one();
        assert_eq!(told(&progress), Some(("checking", 1_000, 1_000, "objects")));
    }

    #[test]
    fn what_goes_on_after_other_work_keeps_its_count() {
        let progress = Progress::seen();
        let objects = progress.count("checking", 4, "objects");
        objects.one();
        let first = progress.now().unwrap();
        progress.begin("comparing");
        assert_eq!(told(&progress), Some(("comparing", 0, 0, "")));
        objects.one();
        progress.go_on(&objects);
        assert_eq!(told(&progress), Some(("checking", 2, 4, "objects")));
        assert!(progress.now().unwrap().begun > first.begun);
    }

    #[test]
    fn the_default_takes_no_notice() {
        let progress = Progress::default();
        let objects = progress.count("checking", 1, "objects");
        objects.one();
        progress.go_on(&objects);
        assert_eq!(told(&progress), None);
    }
}
