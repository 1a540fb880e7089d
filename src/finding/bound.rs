//! A bound on what is told of one object or text: whoever has a hundred thousand faults reads the first of them.

use std::collections::HashMap;

use super::{RuleId, Severity};

/// How many findings of one rule and severity are told of one object, or of one text.
const MOST: usize = 1_000;

/// Something that a finding is made of.
pub trait Told {
    /// Returns its rule and severity.
    fn rule(&self) -> (RuleId, Severity);

    /// Returns a number that is smaller the earlier the place is.
    fn place(&self) -> usize;

    /// Makes it say something else, at its place.
    fn replace(&mut self, message: String, help: &'static str);
}

/// Keeps the first of each rule and severity, by place, and has the next say how many are left out. What is left out is
/// never worse than what says so.
pub fn bound<T: Told>(told: &mut Vec<T>) {
    if told.len() <= MOST {
        return;
    }
    told.sort_by_key(T::place);
    let mut counts: HashMap<(RuleId, Severity), usize> = HashMap::new();
    for item in &*told {
        *counts.entry(item.rule()).or_default() += 1;
    }
    let mut kept: HashMap<(RuleId, Severity), usize> = HashMap::new();
    told.retain_mut(|item| {
        let key = item.rule();
        let kept = kept.entry(key.clone()).or_default();
        *kept += 1;
        if *kept == MOST + 1 {
            let more = counts.get(&key).copied().unwrap_or_default() - MOST;
            let message = format!(
                "the first {MOST} findings of this rule are told, and {more} more from here on are left out"
            );
            item.replace(message, "mend those that are told, then check again");
        }
        *kept <= MOST + 1
    });
}

#[cfg(test)]
mod tests {
    use super::super::Rule;
    use super::*;

    static ONE: Rule = Rule {
        id: RuleId::built_in("test/one"),
        severity: Severity::Error,
        page: "",
    };
    static OTHER: Rule = Rule {
        id: RuleId::built_in("test/other"),
        severity: Severity::Warning,
        page: "",
    };

    struct Item(&'static Rule, Severity, usize, String);

    impl Told for Item {
        fn rule(&self) -> (RuleId, Severity) {
            (self.0.id.clone(), self.1)
        }

        fn place(&self) -> usize {
            self.2
        }

        fn replace(&mut self, message: String, _: &'static str) {
            self.3 = message;
        }
    }

    fn items(rule: &'static Rule, severity: Severity, count: usize) -> Vec<Item> {
        // The last place first.
        let places = (0..count).rev();
        places
            .map(|place| Item(rule, severity, place, String::new()))
            .collect()
    }

    #[test]
    fn each_rule_and_severity_has_a_bound_of_its_own() {
        let mut told = items(&ONE, Severity::Note, MOST + 500);
        told.extend(items(&ONE, Severity::Error, 3));
        told.extend(items(&OTHER, Severity::Warning, MOST + 1));
        bound(&mut told);
        let of = |rule: &Rule, severity| {
            let same = |item: &&Item| item.0.id == rule.id && item.1 == severity;
            told.iter().filter(same).collect::<Vec<_>>()
        };
        let notes = of(&ONE, Severity::Note);
        assert_eq!(notes.len(), MOST + 1);
        // The first by place are kept, and what says that there are more stands where the rest begins.
        assert!(notes.iter().enumerate().all(|(at, item)| item.2 == at));
        assert!(notes[MOST].3.contains("and 500 more from here on"));
        assert_eq!(notes.iter().filter(|item| !item.3.is_empty()).count(), 1);
        assert_eq!(of(&ONE, Severity::Error).len(), 3);
        let warnings = of(&OTHER, Severity::Warning);
        assert_eq!(warnings.len(), MOST + 1);
        assert!(warnings[MOST].3.contains("and 1 more from here on"));
    }

    #[test]
    fn a_few_stay_as_they_are() {
        let mut told = items(&ONE, Severity::Error, MOST);
        bound(&mut told);
        assert_eq!(told.len(), MOST);
        assert!(told.iter().all(|item| item.3.is_empty()));
        assert_eq!(told[0].2, MOST - 1);
    }
}
