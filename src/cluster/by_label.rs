//! Pods by their labels: so that each selector looks at few.

use std::collections::HashMap;

use super::{Cluster, PodTemplate, Selector};

/// How many pods are asked in one run whether a selector selects them: hostile selectors name no single value, and then
/// every pod of the namespace is asked.
const QUESTIONS: usize = 1 << 24;

/// The pods of a cluster, by namespace and label.
#[derive(Debug)]
pub struct PodsByLabel<'a> {
    by_namespace: HashMap<&'a str, Vec<usize>>,
    by_label: HashMap<(&'a str, &'a str, &'a str), Vec<usize>>,
    left: usize,
}

impl<'a> PodsByLabel<'a> {
    /// Sorts the pods of a cluster.
    pub fn new(cluster: &Cluster<'a>) -> Self {
        let mut by_namespace: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut by_label: HashMap<_, Vec<usize>> = HashMap::new();
        for (number, pod) in cluster.pods().iter().enumerate() {
            let namespace = cluster.namespace(pod.object);
            by_namespace.entry(namespace).or_default().push(number);
            for (key, value) in pod.labels().iter() {
                by_label
                    .entry((namespace, key, value))
                    .or_default()
                    .push(number);
            }
        }
        Self {
            by_namespace,
            by_label,
            left: QUESTIONS,
        }
    }

    /// Returns the pods of a namespace that a selector selects, as numbers in [`Cluster::pods`], in their order. None
    /// once too many have been asked.
    pub fn selected(
        &mut self,
        pods: &[PodTemplate<'_>],
        namespace: &str,
        selector: &Selector<'_>,
    ) -> Option<Vec<usize>> {
        let asked = match selector.one_label() {
            Some((key, value)) => self.by_label.get(&(namespace, key, value)),
            None => self.by_namespace.get(namespace),
        };
        let asked = asked.map(Vec::as_slice).unwrap_or_default();
        self.left = self.left.checked_sub(asked.len())?;
        let selects = |number: &usize| {
            let pod = pods.get(*number);
            pod.is_some_and(|pod| selector.matches(&pod.labels()))
        };
        Some(asked.iter().copied().filter(selects).collect())
    }

    /// Returns the pods of a namespace, as numbers in [`Cluster::pods`].
    pub fn of_namespace(&self, namespace: &'a str) -> &[usize] {
        let pods = self.by_namespace.get(namespace);
        pods.map(Vec::as_slice).unwrap_or_default()
    }
}
