//! A policy, read and compiled.

use super::matching::Constraints;
use super::types::{Names, environment};
use crate::cel::{Environment, Program, Type, compile};
use crate::schema::KubernetesVersion;
use crate::yaml::Node;

/// The kind of a policy's params.
#[derive(Clone, Copy, Debug)]
pub struct ParamKind<'p> {
    /// The group and version: `v1`, `rules.example.com/v1`.
    pub api_version: &'p str,
    /// The kind.
    pub kind: &'p str,
    /// Where the policy says so.
    pub node: Node<'p>,
}

/// A `ValidatingAdmissionPolicy`, compiled.
#[derive(Debug)]
pub struct Policy<'p> {
    pub(super) name: &'p str,
    pub(super) root: Node<'p>,
    pub(super) constraints: Constraints<'p>,
    /// Whether an error refuses the request (`failurePolicy: Fail`).
    pub(super) fails: bool,
    pub(super) param_kind: Option<ParamKind<'p>>,
    pub(super) conditions: Vec<Program>,
    /// The variables, under the names that expressions have for them: `variables.x`.
    pub(super) variables: Vec<(String, Program)>,
    pub(super) validations: Vec<Validation<'p>>,
    pub(super) annotations: Vec<(&'p str, Program)>,
    pub(super) reads: Reads,
    /// What it takes to find the variables that its expressions read, for each request.
    pub(super) setup: u64,
}

/// What the expressions of a policy read, but for the objects: the rest is made only where it is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reads {
    pub(super) request: bool,
    pub(super) namespace: bool,
    pub(super) authorizer: bool,
}

impl Reads {
    fn add(&mut self, program: &Program) {
        for name in program.variables() {
            match &**name {
                "request" => self.request = true,
                "namespaceObject" => self.namespace = true,
                "authorizer" | "authorizer.requestResource" => self.authorizer = true,
                _ => {}
            }
        }
    }
}

/// A validation of a policy.
#[derive(Debug)]
pub(super) struct Validation<'p> {
    /// Its expression as it is written.
    pub(super) expression: Node<'p>,
    pub(super) program: Program,
    pub(super) message: &'p str,
    pub(super) message_program: Option<Program>,
    pub(super) reason: &'p str,
}

/// An expression that the API server cannot compile.
#[derive(Clone, Debug)]
pub struct Problem<'p> {
    /// The expression.
    pub node: Node<'p>,
    /// What is wrong with it, and where.
    pub message: String,
}

impl<'p> Policy<'p> {
    /// Reads a policy for a version of Kubernetes; or tells what is wrong with its expressions.
    ///
    /// What the API's schemas and rules say about policies is not said again: a policy without matchConstraints, or with
    /// a selector that is none, is no policy, and that is all there is to know here.
    pub fn compile(root: Node<'p>, version: KubernetesVersion) -> Result<Self, Vec<Problem<'p>>> {
        let text = |path: &[&str]| root.path(path).and_then(Node::as_str);
        let constraints = root
            .path(&["spec", "matchConstraints"])
            .and_then(Constraints::read)
            .ok_or_else(Vec::new)?;
        let param_kind = root
            .path(&["spec", "paramKind"])
            .filter(|node| !node.is_null());
        let param_kind = param_kind.map(|node| {
            let text = |key: &str| node.get(key).and_then(Node::as_str).unwrap_or_default();
            ParamKind {
                api_version: text("apiVersion"),
                kind: text("kind"),
                node,
            }
        });
        let mut compiler = Compiler {
            version,
            params: param_kind.is_some(),
            types: Vec::new(),
            reads: Reads::default(),
            names: 0,
            problems: Vec::new(),
        };
        let conditions = compiler.conditions(root);
        let variables = compiler.variables(root);
        let validations = compiler.validations(root);
        let annotations = compiler.annotations(root);
        if !compiler.problems.is_empty() {
            return Err(compiler.problems);
        }
        let setup = compiler.names.saturating_mul(variables.len() as u64 + 1);
        Ok(Self {
            name: text(&["metadata", "name"]).unwrap_or_default(),
            root,
            constraints,
            fails: text(&["spec", "failurePolicy"]) != Some("Ignore"),
            param_kind,
            conditions,
            variables,
            validations,
            annotations,
            reads: compiler.reads,
            setup,
        })
    }

    /// Returns the policy's name.
    pub fn name(&self) -> &'p str {
        self.name
    }

    /// Returns the kind of its params, where it takes any.
    pub fn param_kind(&self) -> Option<ParamKind<'p>> {
        self.param_kind
    }
}

/// Compiles the expressions of a policy.
struct Compiler<'p> {
    version: KubernetesVersion,
    params: bool,
    /// The types of the variables.
    types: Vec<(String, Type)>,
    reads: Reads,
    /// How many variables the expressions read, each by itself.
    names: u64,
    problems: Vec<Problem<'p>>,
}

/// Returns the items of a list of the policy's spec.
fn items<'p>(root: Node<'p>, list: &str) -> impl Iterator<Item = Node<'p>> + use<'p> {
    root.path(&["spec", list]).into_iter().flat_map(Node::items)
}

impl<'p> Compiler<'p> {
    fn environment(&self, authorizer: bool) -> Environment {
        let names = Names {
            params: self.params,
            authorizer,
        };
        environment(self.version, names)
    }

    /// Returns the environment of expressions that see the variables.
    fn with_variables(&self, authorizer: bool) -> Environment {
        let environment = self.environment(authorizer);
        let types = self.types.iter();
        types.fold(environment, |environment, (name, ty)| {
            environment.variable(name, ty.clone())
        })
    }

    fn program(
        &mut self,
        owner: Node<'p>,
        key: &str,
        environment: &Environment,
        wanted: &[&str],
    ) -> Option<(Node<'p>, Program)> {
        let node = owner.get(key).filter(|node| !node.is_null())?;
        let text = node.as_str()?;
        let errors = match compile(text, environment) {
            Ok(program) => {
                let ty = program.ty();
                let found = ty.to_string();
                if wanted.is_empty() || ty.is_dyn() || wanted.contains(&found.as_str()) {
                    self.reads.add(&program);
                    self.names += program.variables().len() as u64;
                    return Some((node, program));
                }
                let wanted = wanted.join(" or ");
                let message = format!("this must give {wanted}, and it gives {found}");
                self.problems.push(Problem { node, message });
                return None;
            }
            Err(errors) => errors,
        };
        let problems = errors.iter().map(|error| Problem {
            node,
            message: error.told(text),
        });
        self.problems.extend(problems);
        None
    }

    fn conditions(&mut self, root: Node<'p>) -> Vec<Program> {
        let environment = self.environment(true);
        let programs = items(root, "matchConditions")
            .filter_map(|item| self.program(item, "expression", &environment, &["bool"]));
        programs.map(|(_, program)| program).collect()
    }

    fn variables(&mut self, root: Node<'p>) -> Vec<(String, Program)> {
        let mut environment = self.environment(true);
        let mut variables = Vec::new();
        for item in items(root, "variables") {
            let Some(name) = item.get("name").and_then(Node::as_str) else {
                continue;
            };
            let name = format!("variables.{name}");
            let compiled = self.program(item, "expression", &environment, &[]);
            // What reads a variable that is wrong is not wrong itself.
            let ty = compiled
                .as_ref()
                .map_or(Type::Dyn, |(_, program)| program.ty().clone());
            environment = environment.variable(&name, ty.clone());
            self.types.push((name.clone(), ty));
            variables.extend(compiled.map(|(_, program)| (name, program)));
        }
        variables
    }

    fn validations(&mut self, root: Node<'p>) -> Vec<Validation<'p>> {
        let environment = self.with_variables(true);
        let for_messages = self.with_variables(false);
        let mut validations = Vec::new();
        for item in items(root, "validations") {
            let text = |key: &str| item.get(key).and_then(Node::as_str).unwrap_or_default();
            let compiled = self.program(item, "expression", &environment, &["bool"]);
            let message = self.program(item, "messageExpression", &for_messages, &["string"]);
            let Some((expression, program)) = compiled else {
                continue;
            };
            validations.push(Validation {
                expression,
                program,
                message: text("message").trim(),
                message_program: message.map(|(_, program)| program),
                reason: Some(text("reason"))
                    .filter(|reason| !reason.is_empty())
                    .unwrap_or("Invalid"),
            });
        }
        validations
    }

    fn annotations(&mut self, root: Node<'p>) -> Vec<(&'p str, Program)> {
        let environment = self.with_variables(true);
        let mut annotations = Vec::new();
        for item in items(root, "auditAnnotations") {
            let key = item.get("key").and_then(Node::as_str).unwrap_or_default();
            let wanted = ["string", "null"];
            if let Some((_, program)) = self.program(item, "valueExpression", &environment, &wanted)
            {
                annotations.push((key, program));
            }
        }
        annotations
    }
}
