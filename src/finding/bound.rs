//! A bound on what is told of one object or text: whoever has a hundred thousand faults reads the first of them.

use std::collections::HashMap;

use super::{RuleId, Severity};

/// How many findings of one rule and severity are told of one object, or of one text.
const MOST: usize = 1_000;

/// Something that a finding is made of.
pub trait Told {
    /// Returns its rule and severity.
    fn rule(&self) -> (RuleId, Severity);

    /// Returns a number for each of the objects that are bounded apart.
    fn object(&self) -> usize {
        0
    }

    /// Returns a number that is smaller the earlier the place in the object is.
    fn place(&self) -> usize;

    /// Makes it say something else, of the object or text as a whole or of its rest.
    fn replace(&mut self, message: String, help: &'static str);
}

/// Keeps the first of each object, rule and severity, by place, and has the next say how many are left out. What is left out is
/// never worse than what says so.
pub fn bound<T: Told>(told: &mut Vec<T>) {
    if told.len() <= MOST {
        return;
    }
    let key = |item: &T| (item.object(), item.rule());
    let mut counts: HashMap<(usize, (RuleId, Severity)), usize> = HashMap::new();
    for item in &*told {
        *counts.entry(key(item)).or_default() += 1;
    }
    if counts.values().all(|count| *count <= MOST) {
        return;
    }
    told.sort_by_key(|item| (item.object(), item.place()));
    let mut kept: HashMap<(usize, (RuleId, Severity)), usize> = HashMap::new();
    told.retain_mut(|item| {
        let key = key(item);
        let kept = kept.entry(key.clone()).or_default();
        *kept += 1;
        if *kept == MOST + 1 {
            let more = counts.get(&key).copied().unwrap_or_default() - MOST;
            let message = format!(
                "the first {MOST} findings of this rule are told, and {more} more are left out"
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

    /// Rule, severity, place, and what it says instead; objects have places in common.
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
        assert!(notes[MOST].3.contains("and 500 more are left out"));
        assert_eq!(notes.iter().filter(|item| !item.3.is_empty()).count(), 1);
        assert_eq!(of(&ONE, Severity::Error).len(), 3);
        let warnings = of(&OTHER, Severity::Warning);
        assert_eq!(warnings.len(), MOST + 1);
        assert!(warnings[MOST].3.contains("and 1 more are left out"));
    }

    struct Of(usize, Item);

    impl Told for Of {
        fn rule(&self) -> (RuleId, Severity) {
            self.1.rule()
        }

        fn object(&self) -> usize {
            self.0
        }

        fn place(&self) -> usize {
            self.1.place()
        }

        fn replace(&mut self, message: String, help: &'static str) {
            self.1.replace(message, help);
        }
    }

    #[test]
    fn each_object_has_a_bound_of_its_own() {
        let of = |object: usize, count: usize| {
            let items = items(&ONE, Severity::Error, count).into_iter();
            items.map(move |item| Of(object, item))
        };
        let mut told: Vec<Of> = of(7, MOST + 2).chain(of(3, MOST)).chain(of(5, 1)).collect();
        bound(&mut told);
        let count = |object: usize| told.iter().filter(|of| of.0 == object).count();
        assert_eq!([count(3), count(5), count(7)], [MOST, 1, MOST + 1]);
        let said: Vec<usize> = told
            .iter()
            .filter(|of| !of.1.3.is_empty())
            .map(|of| of.0)
            .collect();
        assert_eq!(said, [7]);
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
