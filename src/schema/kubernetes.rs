//! The schemas of Kubernetes' own kinds, which the program carries.
//!
//! `kubernetes.bin` is made by `scripts/embed-kubernetes-schemas`, which describes its format. It is unpacked when a
//! schema is first asked for, and a definition is compiled when a document first reaches it.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use serde_json::Value;

use super::required::may_be_missing;
use super::shape::{Definition, Dialect, Library, Part};
use crate::source::Span;

/// A version of Kubernetes: `1.34`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesVersion {
    minor: u8,
}

impl KubernetesVersion {
    /// The oldest version whose schemas are here.
    pub const OLDEST: Self = Self { minor: 31 };
    /// The newest version whose schemas are here.
    pub const NEWEST: Self = Self { minor: 37 };

    /// Reads `1.34`, with or without a `v` before it and a patch version behind it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut parts = text.split('.');
        let (major, minor) = (parts.next()?, parts.next()?);
        let minor = minor.parse().ok()?;
        (major == "1").then_some(Self { minor })
    }

    /// Returns every version whose schemas are here.
    pub fn all() -> impl Iterator<Item = Self> {
        (Self::OLDEST.minor..=Self::NEWEST.minor).map(|minor| Self { minor })
    }

    /// Returns the version 1.`minor`.
    pub const fn minor(minor: u8) -> Self {
        Self { minor }
    }

    /// Returns the minor version.
    pub const fn number(self) -> u8 {
        self.minor
    }

    /// Tells whether its schemas are here.
    pub fn is_known(self) -> bool {
        (Self::OLDEST..=Self::NEWEST).contains(&self)
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

/// The schemas of one version.
#[derive(Debug)]
pub struct Kubernetes {
    /// The definitions.
    pub library: Library,
    kinds: HashMap<(&'static str, &'static str), u32>,
    /// The kinds in order, once somebody has asked.
    sorted: OnceLock<Vec<(&'static str, &'static str)>>,
    names: Vec<&'static str>,
}

impl Kubernetes {
    /// Returns the schemas of a version, or nothing where they are not here.
    pub fn of(version: KubernetesVersion) -> Option<&'static Self> {
        static VERSIONS: [OnceLock<Kubernetes>; 7] = [const { OnceLock::new() }; 7];
        let place = usize::from(version.minor.checked_sub(KubernetesVersion::OLDEST.minor)?);
        Some(VERSIONS.get(place)?.get_or_init(|| Self::unpack(place)))
    }

    /// Returns the definition of a kind.
    pub fn kind(&self, api_version: &str, kind: &str) -> Option<Part> {
        let number = self.kinds.get(&(api_version, kind));
        number.copied().map(Part::Definition)
    }

    /// Returns the definition of a name such as `io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta`.
    pub fn definition(&self, name: &str) -> Option<Part> {
        let number = self.names.binary_search(&name).ok()?;
        u32::try_from(number).ok().map(Part::Definition)
    }

    /// Returns the numbers of the definitions that a short name ends: `core.v1.Container`. A `*` stands for each version of
    /// the group: `batch.*.JobSpec`.
    pub fn numbers(&self, short: &str) -> Vec<u32> {
        const VERSIONS: [&str; 6] = ["v1", "v2", "v1beta1", "v1beta2", "v1alpha1", "v1alpha2"];
        if short.contains('*') {
            return VERSIONS
                .iter()
                .flat_map(|version| self.numbers(&short.replace('*', version)))
                .collect();
        }
        [
            "io.k8s.api.",
            "io.k8s.apimachinery.pkg.",
            "io.k8s.apiextensions-apiserver.pkg.apis.",
            "io.k8s.kube-aggregator.pkg.apis.",
        ]
        .iter()
        .filter_map(
            |prefix| match self.definition(&format!("{prefix}{short}"))? {
                Part::Definition(number) => Some(number),
                Part::Local(_) => None,
            },
        )
        .collect()
    }

    /// Returns every kind as `(apiVersion, kind)`, sorted.
    pub fn kinds(&self) -> &[(&'static str, &'static str)] {
        self.sorted.get_or_init(|| {
            let mut kinds: Vec<_> = self.kinds.keys().copied().collect();
            kinds.sort_unstable();
            kinds
        })
    }

    /// Tells whether a definition has a field.
    pub fn has_field(&self, definition: &str, field: &str) -> bool {
        let shape = self
            .definition(definition)
            .and_then(|part| self.library.shape(0, part));
        shape.is_some_and(|(_, shape)| {
            shape
                .fields
                .binary_search_by(|(name, _)| (**name).cmp(field))
                .is_ok()
        })
    }

    /// Returns a definition's whole name: `io.k8s.api.core.v1.Container`.
    pub fn full_name(&self, definition: u32) -> &'static str {
        self.names
            .get(definition as usize)
            .copied()
            .unwrap_or_default()
    }

    /// Returns the last part of a definition's name: `Container`.
    pub fn name(&self, definition: u32) -> &'static str {
        let name = self.names.get(definition as usize).copied();
        name.and_then(|name| name.rsplit('.').next())
            .unwrap_or_default()
    }

    /// Returns the names of a definition's fields.
    #[cfg(test)]
    pub fn fields(&self, definition: u32) -> Vec<&str> {
        let shape = self.library.shape(0, Part::Definition(definition));
        let fields = shape
            .map(|(_, shape)| shape.fields.as_slice())
            .unwrap_or_default();
        fields.iter().map(|(name, _)| &**name).collect()
    }

    fn unpack(place: usize) -> Self {
        let text = unpacked();
        let (index, definitions) = text.split_once("\n\n").unwrap_or((text, ""));
        let lines: Vec<&'static str> = definitions.lines().collect();
        let (mut names, mut texts, mut kinds) = (Vec::new(), Vec::new(), HashMap::new());
        for line in index.lines().skip(1) {
            let mut words = line.split(' ');
            let mut word = || words.next().unwrap_or_default();
            let (name, api_version, kind) = (word(), word(), word());
            let number = words
                .nth(place)
                .and_then(|number| number.parse::<usize>().ok());
            let Some(text) = number.and_then(|number| lines.get(number)) else {
                continue;
            };
            if kind != "-" {
                kinds.insert((api_version, kind), Span::at(names.len()).start);
            }
            names.push(name);
            texts.push(*text);
        }
        let numbers: HashMap<&'static str, u32> = names
            .iter()
            .enumerate()
            .map(|(number, name)| (*name, Span::at(number).start))
            .collect();
        let own = names.clone();
        let library = Library::new(texts.len(), move |number| {
            let text = texts.get(number as usize).copied().unwrap_or("{}");
            let mut schema: Value = serde_json::from_str(text).unwrap_or_default();
            if let (Some(definition), Some(Value::Array(required))) =
                (own.get(number as usize), schema.get_mut("required"))
            {
                required.retain(|name| {
                    !name
                        .as_str()
                        .is_some_and(|name| may_be_missing(definition, name))
                });
            }
            Definition::compile(&schema, Dialect::Published, &|name| {
                numbers.get(name).copied()
            })
        });
        Self {
            library,
            kinds,
            sorted: OnceLock::new(),
            names,
        }
    }
}

fn unpacked() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let packed = include_bytes!("kubernetes.bin");
        let bytes = miniz_oxide::inflate::decompress_to_vec_zlib(packed).unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_has_its_kinds() {
        for version in KubernetesVersion::all() {
            let schemas = Kubernetes::of(version).unwrap();
            assert!(schemas.kind("apps/v1", "Deployment").is_some(), "{version}");
            assert!(schemas.kind("v1", "Pod").is_some(), "{version}");
            assert!(
                schemas.kinds().len() > 60,
                "{version}: {}",
                schemas.kinds().len()
            );
        }
        let has = |minor, api_version, kind| {
            Kubernetes::of(KubernetesVersion::minor(minor))
                .unwrap()
                .kind(api_version, kind)
                .is_some()
        };
        // MutatingAdmissionPolicy is stable since 1.36.
        assert!(!has(
            35,
            "admissionregistration.k8s.io/v1",
            "MutatingAdmissionPolicy"
        ));
        assert!(has(
            36,
            "admissionregistration.k8s.io/v1",
            "MutatingAdmissionPolicy"
        ));
        assert!(Kubernetes::of(KubernetesVersion::minor(30)).is_none());
    }

    #[test]
    fn every_definition_compiles_and_refers_to_others_that_are_there() {
        for version in KubernetesVersion::all() {
            let schemas = Kubernetes::of(version).unwrap();
            for number in 0..u32::try_from(schemas.names.len()).unwrap() {
                let shape = schemas.library.shape(0, Part::Definition(number));
                let (_, shape) = shape.unwrap_or_else(|| panic!("{version}: {number}"));
                for (name, part) in &shape.fields {
                    assert!(
                        schemas.library.shape(number, *part).is_some(),
                        "{version}: {name}"
                    );
                }
            }
        }
    }

    #[test]
    fn versions_are_read_as_people_write_them() {
        for text in ["1.34", "v1.34", "1.34.2"] {
            assert_eq!(
                KubernetesVersion::parse(text),
                Some(KubernetesVersion::minor(34))
            );
        }
        for text in ["", "1", "2.34", "1.x", "latest"] {
            assert_eq!(KubernetesVersion::parse(text), None);
        }
    }
}
