//! The engine: compiles templates once and renders them for any environment.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use indexmap::IndexMap;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value};
use rayon::prelude::*;

use super::failure::{self, Context, Run};
use super::fill::Filler;
use super::functions::{self, Files};
use super::instrument::{Instrumented, Refusal, instrument};
use super::marks::holds_delimiter;
use super::recorder::{Emit, Printed, Recorder, print};
use super::rules;
use super::scope::{Reads, Scope, View};
use super::trace::{Trace, strip};
use crate::finding::{Finding, Severity};
use crate::source::{FileId, Location, SourceMap, Span};
use crate::yaml::{self, Document};

/// The functions of Jinja that templates may call.
const NAMES: &[&str] = &[
    "values",
    "environment",
    "namespace",
    "project",
    "file",
    "required",
    "fail",
    "range",
    "dict",
    "loop",
    "self",
    "super",
    "caller",
];

/// Bounds on what a template may do.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The engine's fuel for one rendering: an instruction costs one, 64 bytes of output cost one.
    pub fuel: u64,
    /// The bytes that one rendering may give.
    pub output: u64,
    /// The bounds of the YAML reader.
    pub yaml: yaml::Limits,
}

/// A file below `templates/`.
#[derive(Clone, Debug)]
pub struct TemplateFile {
    /// Its path from `templates/`, for example `openmrs/gateway.yaml`.
    pub path: String,
    /// Its text.
    pub file: FileId,
    /// Whether it is a template; other files are data for `file()`.
    pub template: bool,
}

/// What a template sees besides the values.
#[derive(Clone, Debug)]
pub struct Target {
    /// The environment's name.
    pub environment: String,
    /// The folder's name: the namespace.
    pub namespace: String,
    /// Facts of `tympan.yaml`, for example `project.repository.url`.
    pub project: Value,
}

/// Compiled templates.
#[derive(Debug)]
pub struct Engine {
    env: Environment<'static>,
    templates: Vec<Template>,
    files: Arc<Vec<FileId>>,
    names: BTreeMap<String, usize>,
    numbers: Arc<HashSet<u64>>,
    limits: Limits,
}

#[derive(Debug)]
struct Template {
    name: String,
    file: FileId,
    instrumented: Option<Instrumented>,
}

/// What one template gave for one environment.
#[derive(Debug)]
pub struct Rendered {
    /// The YAML documents.
    pub documents: Vec<Document>,
    /// The way back to the template and the values.
    pub trace: Trace,
    /// What the reader warns of.
    pub warnings: Vec<Finding>,
}

impl Engine {
    /// Compiles templates; those that do not compile are findings, and the others can still be rendered.
    pub fn new(
        sources: &SourceMap,
        files: &[TemplateFile],
        limits: Limits,
    ) -> (Self, Vec<Finding>) {
        let mut findings = Vec::new();
        let mut data = Files::default();
        let mut templates = Vec::new();
        for file in files {
            let text = sources.file(file.file).text();
            data.add(&file.path, text);
            findings.extend(reserved_characters(text, file.file));
            if file.template {
                templates.push(Template {
                    name: file.path.clone(),
                    file: file.file,
                    instrumented: None,
                });
            }
        }
        let syntax = syntax();
        findings.extend(instrument_all(&mut templates, sources, &syntax));
        let used = templates
            .iter()
            .filter_map(|template| template.instrumented.as_ref());
        let literals = used
            .clone()
            .flat_map(|used| used.literals.iter().cloned())
            .collect();
        let numbers = used
            .flat_map(|used| used.numbers.iter().map(|number| number.to_bits()))
            .collect();
        let mut engine = Self {
            env: environment(limits.fuel, syntax),
            files: Arc::new(templates.iter().map(|template| template.file).collect()),
            names: templates
                .iter()
                .enumerate()
                .map(|(at, template)| (template.name.clone(), at))
                .collect(),
            templates,
            numbers: Arc::new(numbers),
            limits,
        };
        functions::install(&mut engine.env, Arc::new(data), Arc::new(literals));
        engine.compile(sources, &mut findings);
        (engine, findings)
    }

    fn compile(&mut self, sources: &SourceMap, findings: &mut Vec<Finding>) {
        let mut failed = Vec::new();
        for (index, template) in self.templates.iter().enumerate() {
            let Some(instrumented) = &template.instrumented else {
                continue;
            };
            let added = self
                .env
                .add_template_owned(template.name.clone(), instrumented.source.clone());
            failed.extend(added.err().map(|error| (index, error)));
        }
        for (index, error) in failed {
            findings.extend(
                self.templates
                    .get(index)
                    .map(|template| self.finding(&error, sources, template.file, None)),
            );
        }
    }

    fn finding(
        &self,
        error: &Error,
        sources: &SourceMap,
        fallback: FileId,
        run: Option<Run<'_>>,
    ) -> Finding {
        let find = |name: &str| {
            let template = self
                .names
                .get(name)
                .and_then(|index| self.templates.get(*index))?;
            Some(failure::Source {
                file: template.file,
                instrumented: template.instrumented.as_ref(),
            })
        };
        failure::finding(
            error,
            &Context {
                sources,
                find: &find,
                fallback,
                files: &self.files,
                run,
                names: NAMES,
                syntax: syntax(),
            },
        )
    }

    /// Renders a template for an environment.
    ///
    /// # Errors
    ///
    /// What is wrong with the template, its values or the YAML it gives. `reads` is filled in any case.
    pub fn render(
        &self,
        sources: &SourceMap,
        name: &str,
        target: &Target,
        scope: &Arc<Scope>,
        reads: &Arc<Reads>,
    ) -> Result<Rendered, Vec<Finding>> {
        let Some(template) = self
            .names
            .get(name)
            .and_then(|index| self.templates.get(*index))
        else {
            return Err(Vec::new());
        };
        let (context, emit) = self.context(target, scope, reads);
        let failed = |error: &Error| {
            let run = Run {
                reads,
                values: scope.values(),
                open: &emit.open(),
            };
            vec![
                self.finding(error, sources, template.file, Some(run))
                    .environment(&target.environment),
            ]
        };
        if template.instrumented.is_none() {
            // It did not compile, and `new` has said so.
            return Err(Vec::new());
        }
        let compiled = self
            .env
            .get_template(name)
            .map_err(|error| failed(&error))?;
        let mut captured = compiled
            .render_captured(context)
            .map_err(|error| failed(&error))?;
        let printed = captured.with_state_mut(|state| {
            state
                .get_extension_mut::<Recorder>()
                .map(|recorder| std::mem::take(&mut recorder.printed))
        });
        self.read(
            template,
            captured.output(),
            &printed.unwrap_or_default(),
            &target.environment,
        )
    }

    /// Reads what a template printed.
    fn read(
        &self,
        template: &Template,
        output: &str,
        printed: &[Printed],
        environment: &str,
    ) -> Result<Rendered, Vec<Finding>> {
        let (skeleton, mut trace) = strip(output, printed, &self.files);
        if skeleton.len() as u64 > self.limits.output {
            let finding = Finding::new(
                &rules::LIMIT,
                format!("the template gave more than {} bytes", self.limits.output),
                Location::new(template.file, Span::default()),
            );
            return Err(vec![
                finding.help("`limits.output` in tympan.yaml sets the bound"),
            ]);
        }
        let skeleton: Arc<str> = skeleton.into();
        let mut filler = Filler {
            printed,
            skeleton: &skeleton,
            origins: Vec::new(),
        };
        let stream = yaml::read_filled(&skeleton, &self.limits.yaml, &mut filler);
        trace.set_origins(filler.origins);
        let explained = stream
            .problems
            .into_iter()
            .map(|problem| explain(problem, &trace, environment));
        let findings: Vec<Finding> = explained.collect();
        if findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
        {
            return Err(findings);
        }
        Ok(Rendered {
            documents: stream.documents,
            trace,
            warnings: findings,
        })
    }

    fn context(
        &self,
        target: &Target,
        scope: &Arc<Scope>,
        reads: &Arc<Reads>,
    ) -> (Value, Arc<Emit>) {
        let view = View {
            scope: scope.clone(),
            reads: reads.clone(),
        };
        let mut context: IndexMap<Value, Value> = IndexMap::new();
        context.insert("values".into(), view.value(scope.values().tree().root()));
        context.insert(
            "environment".into(),
            Value::from(target.environment.as_str()),
        );
        context.insert("namespace".into(), Value::from(target.namespace.as_str()));
        context.insert("project".into(), target.project.clone());
        let emit = Arc::new(Emit {
            view,
            numbers: self.numbers.clone(),
            open: Mutex::default(),
        });
        let function = Value::from_dyn_object(emit.clone());
        context.insert(super::instrument::EMIT.into(), function);
        (Value::from_object(context), emit)
    }
}

/// Instruments every template; those that cannot be are findings.
fn instrument_all(
    templates: &mut [Template],
    sources: &SourceMap,
    syntax: &SyntaxConfig,
) -> Vec<Finding> {
    let refusals: Vec<Option<Finding>> = templates
        .par_iter_mut()
        .enumerate()
        .map(|(number, template)| {
            let text = sources.file(template.file).text();
            match instrument(Span::at(number).start, text, &template.name, syntax) {
                Ok(instrumented) => {
                    template.instrumented = Some(instrumented);
                    None
                }
                Err(refusal) => Some(refused(&refusal, template, sources)),
            }
        })
        .collect();
    refusals.into_iter().flatten().collect()
}

/// Whitespace control as people expect of tags on lines of their own: the line of a tag vanishes.
fn syntax() -> SyntaxConfig {
    let mut builder = SyntaxConfig::builder();
    builder
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true);
    // Without delimiters of our own the builder has nothing to refuse.
    builder.build().unwrap_or_default()
}

fn environment(fuel: u64, syntax: SyntaxConfig) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_syntax(syntax);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    // Any mode but `None` makes captured output safe text; what is escaped is decided by `print`.
    env.set_auto_escape_callback(|_| AutoEscape::Custom("yaml".into()));
    env.set_formatter(print);
    // What is undefined then remembers the expression that it comes from. Errors also remember values, but only what
    // is asked of them is told: the kind, the place and the detail, which holds no value.
    env.set_debug(true);
    env.set_fuel(Some(fuel));
    env.set_recursion_limit(100);
    env.set_path_join_callback(|name, _| name.strip_prefix("./").unwrap_or(name).to_owned().into());
    env
}

fn reserved_characters(text: &str, file: FileId) -> Option<Finding> {
    if !holds_delimiter(text) {
        return None;
    }
    let at = text.find([super::marks::OPEN, super::marks::CLOSE])?;
    let finding = Finding::new(
        &rules::RESERVED_CHARACTER,
        "the private-use characters U+10FFF0 and U+10FFF1 are Tympan's own",
        Location::new(file, Span::new(at, at + 4)),
    );
    Some(finding.help("remove the character; it has no meaning outside private agreements"))
}

fn refused(refusal: &Refusal, template: &Template, sources: &SourceMap) -> Finding {
    match refusal {
        Refusal::Reserved(span, message) => Finding::new(
            &rules::SYNTAX,
            message.clone(),
            Location::new(template.file, *span),
        ),
        Refusal::Syntax(error) => {
            let find = |_: &str| {
                Some(failure::Source {
                    file: template.file,
                    instrumented: None,
                })
            };
            let context = Context {
                sources,
                find: &find,
                fallback: template.file,
                files: &[],
                run: None,
                names: NAMES,
                syntax: syntax(),
            };
            failure::finding(error, &context)
        }
    }
}

fn explain(problem: yaml::Problem, trace: &Trace, environment: &str) -> Finding {
    let traced = trace.span(problem.span);
    let mut finding = Finding::new(problem.rule, problem.message, traced.template.clone())
        .environment(environment);
    finding.help = problem.help.map(std::borrow::Cow::into_owned);
    for (span, label) in problem.related {
        finding.related.push(trace.span(span).template.label(label));
    }
    finding.related.extend(traced.related());
    finding
}
