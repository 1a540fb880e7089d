//! Labels, and the selectors that choose by them (`metav1.LabelSelector`, `labels.Selector`).

use std::fmt;

use crate::yaml::{Kind, Node};

/// The labels of an object.
#[derive(Clone, Debug, Default)]
pub struct Labels<'a> {
    node: Option<Node<'a>>,
    more: Vec<(&'a str, &'a str)>,
}

impl<'a> Labels<'a> {
    /// Takes `metadata.labels`, which may be missing.
    pub fn of(node: Option<Node<'a>>) -> Self {
        Self {
            node,
            more: Vec::new(),
        }
    }

    /// Adds a label that the cluster sets; it wins.
    #[must_use]
    pub fn with(mut self, key: &'a str, value: &'a str) -> Self {
        self.more.push((key, value));
        self
    }

    /// Returns a label's value.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        let more = self.more.iter().find(|(name, _)| *name == key);
        more.map(|(_, value)| *value)
            .or_else(|| self.node?.get(key)?.as_str())
    }

    /// Returns the number of labels.
    pub fn len(&self) -> usize {
        let own = self.node.map_or(0, |node| node.entries().len());
        own + self.more.len()
    }

    /// Tells whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns all labels: those of the object in its order, then those that the cluster sets.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        let own = self.node.into_iter().flat_map(Node::entries);
        let own = own.filter_map(|(key, value)| Some((key.as_str()?, value.as_str()?)));
        own.filter(|(key, _)| self.more.iter().all(|(name, _)| name != key))
            .chain(self.more.iter().copied())
    }
}

/// What a selector asks of one label.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Requirement<'a> {
    In(&'a str, Vec<&'a str>),
    NotIn(&'a str, Vec<&'a str>),
    Exists(&'a str),
    DoesNotExist(&'a str),
}

impl<'a> Requirement<'a> {
    fn key(&self) -> &'a str {
        match self {
            Self::In(key, _)
            | Self::NotIn(key, _)
            | Self::Exists(key)
            | Self::DoesNotExist(key) => key,
        }
    }

    fn is_met_by(&self, label: Option<&str>) -> bool {
        match self {
            Self::In(_, values) => label.is_some_and(|value| values.contains(&value)),
            Self::NotIn(_, values) => label.is_none_or(|value| !values.contains(&value)),
            Self::Exists(_) => label.is_some(),
            Self::DoesNotExist(_) => label.is_none(),
        }
    }

    /// The number of words it looks for.
    fn size(&self) -> usize {
        match self {
            Self::In(_, values) | Self::NotIn(_, values) => values.len(),
            Self::Exists(_) | Self::DoesNotExist(_) => 1,
        }
    }
}

/// As `kubectl get -l` takes it.
impl fmt::Display for Requirement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(key, values) => match values.as_slice() {
                [value] => write!(f, "{key}={value}"),
                values => write!(f, "{key} in ({})", values.join(",")),
            },
            Self::NotIn(key, values) => match values.as_slice() {
                [value] => write!(f, "{key}!={value}"),
                values => write!(f, "{key} notin ({})", values.join(",")),
            },
            Self::Exists(key) => f.write_str(key),
            Self::DoesNotExist(key) => write!(f, "!{key}"),
        }
    }
}

/// A label selector; all its requirements must hold. One that is empty selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selector<'a> {
    requirements: Vec<Requirement<'a>>,
}

/// As `kubectl get -l` takes it.
impl fmt::Display for Selector<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, requirement) in self.requirements.iter().enumerate() {
            if number > 0 {
                f.write_str(",")?;
            }
            requirement.fmt(f)?;
        }
        Ok(())
    }
}

impl<'a> Selector<'a> {
    /// Reads a `LabelSelector` (`matchLabels`, `matchExpressions`); none where it is not valid, which the rules of the
    /// API say.
    pub fn read(selector: Node<'a>) -> Option<Self> {
        if selector.is_null() {
            return Some(Self::default());
        }
        if selector.kind() != Kind::Map {
            return None;
        }
        let mut requirements = match selector.get("matchLabels") {
            Some(labels) => Self::read_labels(labels)?.requirements,
            None => Vec::new(),
        };
        let expressions = selector.get("matchExpressions");
        for expression in expressions.into_iter().flat_map(Node::items) {
            requirements.push(requirement(expression)?);
        }
        Some(Self { requirements })
    }

    /// Reads a map of labels that must be there, such as a Service's `selector`.
    pub fn read_labels(labels: Node<'a>) -> Option<Self> {
        let wanted = labels
            .entries()
            .map(|(key, value)| Some(Requirement::In(key.as_str()?, vec![value.as_str()?])));
        Some(Self {
            requirements: wanted.collect::<Option<_>>()?,
        })
    }

    /// Makes a selector of labels that must be there.
    pub fn of_labels(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let wanted = labels.into_iter();
        Self {
            requirements: wanted
                .map(|(key, value)| Requirement::In(key, vec![value]))
                .collect(),
        }
    }

    /// Returns the labels that must be there, where it asks for nothing else.
    pub fn exact_labels(&self) -> Option<Vec<(&'a str, &'a str)>> {
        let labels = self
            .requirements
            .iter()
            .map(|requirement| match requirement {
                Requirement::In(key, values) => match values.as_slice() {
                    [value] => Some((*key, *value)),
                    _ => None,
                },
                _ => None,
            });
        labels.collect()
    }

    /// Tells whether it asks for nothing, and so selects everything.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Tells whether labels meet all requirements.
    pub fn matches(&self, labels: &Labels<'_>) -> bool {
        self.is_met_by(|key| labels.get(key))
    }

    /// Tells whether labels meet all requirements, given a way to look them up.
    pub fn is_met_by<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.requirements
            .iter()
            .all(|requirement| requirement.is_met_by(label(requirement.key())))
    }

    /// Returns the keys of the labels it asks about, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.requirements.iter().map(Requirement::key)
    }

    /// Returns the same selector without what it asks of some labels.
    #[must_use]
    pub fn without(&self, left_out: impl Fn(&str) -> bool) -> Self {
        let kept = self.requirements.iter();
        let kept = kept.filter(|requirement| !left_out(requirement.key()));
        Self {
            requirements: kept.cloned().collect(),
        }
    }

    /// Returns the same selector with other names of labels.
    #[must_use]
    pub fn renamed(&self, name: impl Fn(&'a str) -> &'a str) -> Self {
        let renamed = self
            .requirements
            .iter()
            .cloned()
            .map(|requirement| match requirement {
                Requirement::In(key, values) => Requirement::In(name(key), values),
                Requirement::NotIn(key, values) => Requirement::NotIn(name(key), values),
                Requirement::Exists(key) => Requirement::Exists(name(key)),
                Requirement::DoesNotExist(key) => Requirement::DoesNotExist(name(key)),
            });
        Self {
            requirements: renamed.collect(),
        }
    }

    /// Returns the number of words it looks for: the work of asking a label is at most that.
    pub fn size(&self) -> usize {
        self.requirements.iter().map(Requirement::size).sum()
    }

    /// Returns the labels that must have one of some values, with these values: to look objects up by, instead of asking
    /// each.
    pub fn values(&self) -> impl Iterator<Item = (&'a str, &[&'a str])> + '_ {
        let requirements = self.requirements.iter();
        requirements.filter_map(|requirement| match requirement {
            Requirement::In(key, values) => Some((*key, values.as_slice())),
            _ => None,
        })
    }

    /// Tells whether labels of which only some are known meet all requirements; nothing where that depends on others.
    pub fn matches_known(&self, labels: &Labels<'_>, known: impl Fn(&str) -> bool) -> Option<bool> {
        let mut all = Some(true);
        for requirement in &self.requirements {
            if !known(requirement.key()) {
                all = None;
            } else if !requirement.is_met_by(labels.get(requirement.key())) {
                return Some(false);
            }
        }
        all
    }
}

fn requirement(expression: Node<'_>) -> Option<Requirement<'_>> {
    let key = expression.get("key")?.as_str()?;
    let values = expression
        .get("values")
        .into_iter()
        .flat_map(Node::items)
        .map(Node::as_str)
        .collect::<Option<Vec<_>>>()?;
    match (expression.get("operator")?.as_str()?, values.is_empty()) {
        ("In", false) => Some(Requirement::In(key, values)),
        ("NotIn", false) => Some(Requirement::NotIn(key, values)),
        ("Exists", true) => Some(Requirement::Exists(key)),
        ("DoesNotExist", true) => Some(Requirement::DoesNotExist(key)),
        _ => None,
    }
}
