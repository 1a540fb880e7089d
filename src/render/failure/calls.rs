//! Calls that fail: macros without an argument they need, arguments that a macro does not take, and what cannot be
//! called at all.

use super::Context;
use super::imports;
use super::outline::{CALLER, Called, Definition, Outline, Read, outline};
use crate::finding::{Finding, did_you_mean, nearest};
use crate::render::rules;
use crate::source::{FileId, Location, Span};

/// What the engine says where something that is no function is called.
const NOT_CALLABLE: (&str, &str) = ("value of type ", " is not callable");

/// How many calls of one expression are looked at.
const CALLS: usize = 16;

/// A parameter of a macro that nothing was given for, at a place that needs it.
struct Lacking {
    file: FileId,
    definition: Definition,
    parameter: String,
}

impl Context<'_> {
    fn outline_of(&self, file: FileId) -> Option<Outline> {
        outline(self.sources.file(file).text(), self.syntax.clone())
    }

    /// Explains that a macro needs an argument that its call does not give.
    ///
    /// The engine knows no origin of such a parameter. The calls that are being evaluated lead to the one that left it
    /// out: it may have been handed on from macro to macro.
    pub(super) fn missing_argument(&self, used: &Location) -> Option<Finding> {
        let own = self.outline_of(used.file)?;
        let definition = own.enclosing(used.span)?;
        let within =
            |read: &&Read| used.span.start <= read.span.start && read.span.end <= used.span.end;
        let names = own.reads.iter().filter(within).filter_map(Read::variable);
        let parameter = |name: &&str| {
            let parameters = &mut definition.parameters.iter();
            parameters.any(|parameter| parameter.name == *name)
        };
        let mut lacking = names.filter(parameter).map(|name| Lacking {
            file: used.file,
            definition: definition.clone(),
            parameter: name.to_owned(),
        });
        let (lacking, call) = lacking.find_map(|lacking| self.trace(lacking))?;
        let Lacking {
            definition,
            parameter,
            ..
        } = lacking;
        let name = &definition.name;
        let message = format!("`{name}` is called without its parameter `{parameter}`");
        Some(
            Finding::new(&rules::UNDEFINED, message, call)
                .related(used.clone().label("used here"))
                .help(takes(&definition)),
        )
    }

    /// Finds the call that left an argument out.
    fn trace(&self, mut lacking: Lacking) -> Option<(Lacking, Location)> {
        let run = self.run.as_ref()?;
        for spot in run.open.iter().rev() {
            let file = *self.files.get(spot.template as usize)?;
            let inside = file == lacking.file
                && lacking.definition.span.start <= spot.span.start
                && spot.span.end <= lacking.definition.span.end;
            if inside {
                continue;
            }
            let outline = self.outline_of(file)?;
            let within = |call: &&Called| {
                spot.span.start <= call.span.start && call.span.end <= spot.span.end
            };
            let mut calls = outline.calls.iter().filter(within).take(CALLS);
            let call = calls.find(|call| self.is_of(call, file, &lacking))?;
            if call.more {
                return None;
            }
            let parameters = &mut lacking.definition.parameters.iter();
            let at = parameters.position(|parameter| parameter.name == lacking.parameter)?;
            let by_name = |name: &Option<String>| name.as_ref() == Some(&lacking.parameter);
            let argument =
                call.arguments
                    .iter()
                    .enumerate()
                    .find(|(place, argument)| match &argument.name {
                        None => *place == at,
                        name => by_name(name),
                    });
            let Some((_, argument)) = argument else {
                return Some((lacking, Location::new(file, call.span)));
            };
            // It was given what another macro was not given.
            let handed_on = argument.variable.clone()?;
            let definition = outline.enclosing(call.span)?;
            lacking = Lacking {
                file,
                definition: definition.clone(),
                parameter: handed_on,
            };
        }
        None
    }

    /// Tells whether a call is one of the macro that lacks something.
    fn is_of(&self, call: &Called, file: FileId, lacking: &Lacking) -> bool {
        if lacking.definition.name == CALLER {
            return call.holder.is_none() && call.name == CALLER;
        }
        self.definition(call, file).is_some_and(|(file, found)| {
            file == lacking.file && found.span == lacking.definition.span
        })
    }

    /// Finds the macro that a call is of: one of the same file, or one that it imports.
    fn definition(&self, call: &Called, file: FileId) -> Option<(FileId, Definition)> {
        let named = |file: FileId, name: &str| {
            let macros = self.outline_of(file)?.macros;
            let found = macros
                .into_iter()
                .find(|definition| definition.name == name)?;
            Some((file, found))
        };
        let text = self.sources.file(file).text();
        let imports = imports::names(text, self.syntax.clone())?.imports;
        let local = call.holder.as_ref().unwrap_or(&call.name);
        let import = imports.into_iter().find(|import| import.local == *local);
        match (import, &call.holder) {
            (Some(import), holder) => {
                let source = (self.find)(&import.file)?.file;
                let name = match (import.member, holder) {
                    (Some(member), None) => member,
                    (None, Some(_)) => call.name.clone(),
                    _ => return None,
                };
                named(source, &name)
            }
            (None, None) => named(file, &call.name),
            (None, Some(_)) => None,
        }
    }

    /// Returns the call that an error is about: the one that ends where the error's place ends.
    fn call_at(&self, at: &Location) -> Option<(Outline, Called)> {
        let outline = self.outline_of(at.file)?;
        let ends = |call: &&Called| {
            call.span.end == at.span.end && call.span.start <= at.span.start.max(call.callee.end)
        };
        let call = outline.calls.iter().find(ends)?.clone();
        Some((outline, call))
    }

    /// Explains that a macro does not take what a call gives it.
    pub(super) fn unfit_argument(&self, at: &Location) -> Option<Finding> {
        let (_, call) = self.call_at(at)?;
        let (file, definition) = self.definition(&call, at.file)?;
        let parameters = || definition.parameters.iter().map(|it| it.name.as_str());
        let name = &definition.name;
        let unknown = call.arguments.iter().find_map(|argument| {
            let given = argument.name.as_deref()?;
            (!parameters().any(|known| known == given)).then_some((argument, given))
        });
        let (message, span) = match unknown {
            Some((argument, given)) => {
                let near = nearest(given, parameters());
                let near = did_you_mean(near);
                // The name stands before the value.
                let text = self.sources.file(at.file).text();
                let before = text.get(..argument.span.start as usize)?;
                let start = before.rfind(given)?;
                (
                    format!("`{name}` has no parameter `{given}`{near}"),
                    Span::new(start, start + given.len()),
                )
            }
            None if call.arguments.len() > parameters().count() => (
                format!("`{name}` does not take {} arguments", call.arguments.len()),
                call.span,
            ),
            None => return None,
        };
        let defined = Location::new(file, self.head(file, &definition));
        Some(
            Finding::new(&rules::FAILED, message, Location::new(at.file, span))
                .related(defined.label("defined here"))
                .help(takes(&definition)),
        )
    }

    /// Returns the place of a macro's name and parameters.
    fn head(&self, file: FileId, definition: &Definition) -> Span {
        let text = self.sources.file(file).text();
        let all = definition.span.of(text);
        let end = all.find(')').map_or(all.len(), |at| at + 1);
        let start = definition.span.start as usize;
        Span::new(start, start + end)
    }

    /// Explains a call of what is undefined, or of what is no function.
    pub(super) fn not_callable(&self, detail: &str, at: &Location) -> Option<Finding> {
        let (before, after) = NOT_CALLABLE;
        let kind = match detail {
            "object is not callable" => "no function",
            detail => detail.strip_prefix(before)?.strip_suffix(after)?,
        };
        let (_, call) = self.call_at(at)?;
        let text = self.sources.file(at.file).text();
        let callee = call.callee.of(text);
        let place = Location::new(at.file, call.callee);
        if kind == "undefined" {
            let message = format!("`{callee}` is undefined and cannot be called");
            return Some(Finding::new(&rules::UNDEFINED, message, place));
        }
        let message = match kind {
            "no function" => format!("`{callee}` is not a function or macro"),
            kind => format!("`{callee}` is {}, not a function or macro", article(kind)),
        };
        Some(Finding::new(&rules::FAILED, message, place))
    }

    /// Explains that a value has no method of a name: mostly it is a misspelt name, or a filter.
    pub(super) fn unknown_method(&self, detail: &str, at: &Location) -> Option<Finding> {
        let (kind, method) = detail.split_once(" has no method named ")?;
        let (outline, call) = self.call_at(at)?;
        let read = outline.reads.iter().find(|read| read.span == call.callee);
        if let Some(read) = read.filter(|_| matches!(kind, "map" | "undefined" | "plain object")) {
            return Some(self.misread(read, &outline, &Location::new(at.file, read.span)));
        }
        let place = read.map_or(call.span, |read| read.place);
        let message = format!("{} has no method `{method}`", article(kind));
        Some(
            Finding::new(&rules::FAILED, message, Location::new(at.file, place)).help(format!(
                "filters are written with a bar: `| {method}`; `docs/templates.md` lists them"
            )),
        )
    }

    /// Explains a call of a function that is not there.
    pub(super) fn unknown_function(&self, at: &Location) -> Option<Finding> {
        let (outline, call) = self.call_at(at)?;
        let name = &call.name;
        let known = outline.names.iter().map(String::as_str);
        let near = nearest(name, self.names.iter().copied().chain(known));
        let message = format!(
            "there is no function or macro `{name}`{}",
            did_you_mean(near)
        );
        Some(
            Finding::new(&rules::SYNTAX, message, Location::new(at.file, call.callee)).help(
                "`docs/templates.md` lists the functions; macros of other files must be imported",
            ),
        )
    }
}

/// Says what a macro takes.
fn takes(definition: &Definition) -> String {
    let parameters: Vec<String> = definition
        .parameters
        .iter()
        .map(|parameter| {
            let default = if parameter.default { "=…" } else { "" };
            format!("{}{default}", parameter.name)
        })
        .collect();
    format!(
        "the macro is `{}({})`",
        definition.name,
        parameters.join(", ")
    )
}

/// Returns the engine's word for a kind of value with its article.
pub(super) fn article(kind: &str) -> String {
    match kind {
        "sequence" | "iterator" => "a list".to_owned(),
        "undefined" | "none" => kind.to_owned(),
        "bool" => "a boolean".to_owned(),
        kind => format!("a {kind}"),
    }
}
