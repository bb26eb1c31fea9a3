//! `include`: the steps of another file, which take the place of the step that names it.
//!
//! The parameters become variables, set by a step of their own before the others. A parameter that is called like a variable
//! of the scenario gets another name, so that the scenario's variable keeps its value.

use std::{
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use super::{
    super::{
        expression::{Role, check_name, value},
        fields::Fields,
        reader::{Reader, all},
        suggestion,
        table::{Key, Shape, Table},
        yaml::{Entry, Node},
    },
    Faults, heading, steps,
};
use crate::{Action, Binding, Bindings, Expression, SourceFile, Span, Step, Template, TemplateValue, Value};

/// The most files that are included in a scenario, each counted as often as it is.
const MOST: usize = 1_000;

pub(super) const INCLUDE: &[Key] =
    &[Key::optional("with", Shape::Names(&Shape::Json), "Values for the parameters of the included file.")];

pub(crate) const INCLUDED: Table = Table {
    what: "a file of steps",
    groups: &[&[
        Key::optional(
            "parameters",
            Shape::Names(&Shape::Json),
            "The file's parameters, each with the value it has unless `with` gives another; `user:` alone must be given.",
        ),
        Key::required("steps", Shape::Steps, "The steps, in order."),
    ]],
};

/// The files that are being included while steps are read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inclusion {
    /// The file that is read; `None` for the one that the others are included in.
    pub(crate) source: Option<Arc<SourceFile>>,
    /// The files on the way from the scenario to this one, each included by the one before it.
    chain: Vec<PathBuf>,
    /// How many files were included so far.
    count: usize,
    /// How many lists of steps the one that is read stands in, those of the files before this one included.
    pub(super) depth: usize,
    /// The variables of the files on that way.
    outer: BTreeSet<String>,
}

impl Inclusion {
    /// The files on the way to this one, for a message; `None` if it isn't included.
    pub(crate) fn told(&self) -> Option<String> {
        (self.chain.len() > 1).then(|| told(&self.chain))
    }
}

fn told(chain: &[PathBuf]) -> String {
    chain.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" -> ")
}

/// A parameter of an included file.
struct Parameter<'n> {
    name: &'n str,
    span: Span,
    default: Option<TemplateValue>,
}

/// What the step that includes a file gives to all its steps.
struct Common {
    name: Option<String>,
    condition: Option<Expression>,
    may_end: Vec<fault::ServiceName>,
}

/// The steps of the file that `node` names. `span` is the place of the step.
pub(super) fn include(
    reader: &mut Reader<'_>,
    span: Span,
    node: &Node,
    fields: &Fields<'_>,
    faults: &mut Faults,
) -> Option<Vec<Step>> {
    let condition = heading::condition(reader, fields);
    let may_end = heading::may_end(reader, fields);
    let name = fields.optional("name", |node| reader.text(node, "a name"));
    let with = match fields.get("with") {
        Some(node) => {
            let entries = reader.mapping(node, "a mapping of parameters to values")?;
            let read =
                |entry: &Entry| (entry.key.clone(), entry.span, value(reader, &entry.value, Role::Sent));
            entries.iter().map(read).collect()
        }
        None => Vec::new(),
    };
    let common = Common { name: name?, condition: condition?, may_end: may_end? };
    let (path, source) = included_file(reader, node)?;
    let mut inner = reader.of_included(&source);
    inner.inclusion.outer.extend(reader.names.known().iter().cloned());
    inner.inclusion.source = Some(Arc::clone(&source));
    inner.inclusion.chain.push(path);
    let read = inner.tree().and_then(|tree| {
        if let Some(entry) = tree.entries().iter().find(|entry| entry.key == "scenario") {
            let help = "take `scenario` out, and what else is no step".to_owned();
            inner.note(entry.span, "a scenario can't be included", help);
            return None;
        }
        let fields = inner.fields(&tree, &INCLUDED)?;
        let parameters = fields.or("parameters", Vec::new(), |node| parameters(&mut inner, node))?;
        let values = values(reader, node, &parameters, with, &source.path);
        for parameter in &parameters {
            inner.names.define(parameter.name);
        }
        let steps = fields.get("steps").and_then(|node| {
            super::captures::check_captures(&mut inner, &[node]);
            steps(&mut inner, node, faults)
        });
        for Parameter { name, span, .. } in &parameters {
            if !inner.names.is_used(name) {
                inner.note(*span, format!("`{name}` is a parameter that no step uses"), None);
            }
        }
        Some((values?, steps?))
    });
    reader.inclusion.count = inner.inclusion.count;
    reader.take_mistakes(inner);
    let (values, steps) = read?;
    define_captures(reader, node, &steps);
    Some(in_place(reader, span, node, common, values, steps))
}

/// The file that `node` names, with its path for comparing.
fn included_file(reader: &mut Reader<'_>, node: &Node) -> Option<(PathBuf, Arc<SourceFile>)> {
    if reader.inclusion.chain.is_empty() {
        reader.inclusion.chain.push(plain(&reader.file));
    }
    let (path, content) = reader.content(node)?;
    let compared = plain(&path);
    if reader.inclusion.chain.contains(&compared) {
        let chain: Vec<_> = reader.inclusion.chain.iter().cloned().chain([compared]).collect();
        reader.note(node.span, format!("this file includes itself: {}", told(&chain)), None);
        return None;
    }
    reader.inclusion.count += 1;
    if reader.inclusion.count > MOST {
        reader.note(node.span, format!("more than {MOST} files are included"), None);
        return None;
    }
    let Ok(text) = String::from_utf8(content.to_vec()) else {
        reader.note(node.span, format!("`{}` isn't text in UTF-8", path.display()), None);
        return None;
    };
    Some((compared, Arc::new(SourceFile { path, text })))
}

/// A path without `.`, and without a folder that `..` leaves again.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match (part, plain.components().next_back()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => drop(plain.pop()),
            (part, _) => plain.push(part),
        }
    }
    plain
}

fn parameters<'n>(reader: &mut Reader<'_>, node: &'n Node) -> Option<Vec<Parameter<'n>>> {
    let entries =
        reader.mapping(node, "a mapping of parameters to their values, such as `{ user: , role: guest }`")?;
    all(entries.iter().map(|entry| {
        check_name(reader, &entry.key, entry.span);
        let default =
            if entry.value.is_missing() { None } else { Some(value(reader, &entry.value, Role::Sent)?) };
        Some(Parameter { name: &entry.key, span: entry.span, default })
    }))
}

/// The value of each parameter, from `with` or the file.
fn values(
    reader: &mut Reader<'_>,
    node: &Node,
    parameters: &[Parameter<'_>],
    with: Vec<(String, Span, Option<TemplateValue>)>,
    file: &Path,
) -> Option<Vec<(String, TemplateValue)>> {
    let names = || parameters.iter().map(|parameter| parameter.name);
    let file = file.display();
    let mut meant = Vec::new();
    for (name, span, _) in &with {
        if !names().any(|known| known == name) {
            meant.extend(suggestion::nearest(name, names()));
            let help = suggestion::help(name, names());
            let message = if parameters.is_empty() {
                format!("{file} has no parameters")
            } else {
                format!("{file} has no parameter `{name}`")
            };
            reader.note(*span, message, help);
        }
    }
    let mut given = with;
    all(parameters.iter().map(|Parameter { name, default, .. }| {
        let at = given.iter().position(|(key, ..)| key == name);
        match (at, default) {
            (Some(at), _) => given.swap_remove(at).2.map(|value| ((*name).to_owned(), value)),
            (None, Some(default)) => Some(((*name).to_owned(), default.clone())),
            (None, None) if meant.contains(name) => None,
            (None, None) => {
                let help = format!("give it: `with: {{ {name}: … }}`");
                reader.note(node.span, format!("{file} needs the parameter `{name}`"), help);
                None
            }
        }
    }))
}

/// Makes what the steps capture known. What they capture or set can't have the name of a variable.
fn define_captures(reader: &mut Reader<'_>, node: &Node, steps: &[Step]) {
    let captured: BTreeSet<&str> = steps.iter().flat_map(Step::captured).collect();
    for name in steps.iter().flat_map(Step::made).collect::<BTreeSet<_>>() {
        if reader.names.is_fixed(name) {
            let does = if captured.contains(name) { "captures" } else { "sets" };
            let message = format!("the file {does} `{name}`, which is a variable here already");
            reader.note(node.span, message, "call one of them something else".to_owned());
        }
    }
    for name in captured {
        reader.names.define(name);
    }
}

/// The steps with what the including step says about all of them, behind one that sets their variables.
fn in_place(
    reader: &mut Reader<'_>,
    span: Span,
    node: &Node,
    common: Common,
    values: Vec<(String, TemplateValue)>,
    steps: Vec<Step>,
) -> Vec<Step> {
    let Common { name, condition, may_end } = common;
    let (mut vars, mut bindings) = (Vec::new(), Bindings::new());
    let prefix = if reader.phase.is_configured() { "configured_" } else { "" };
    for (parameter, value) in values {
        let names = |name: &String| reader.names.is_known(name) || reader.inclusion.outer.contains(name);
        // The variables of scenarios aren't known in e2e.conf.
        if !names(&parameter) && prefix.is_empty() {
            vars.push((parameter, value));
        } else if !is_itself(&value, &parameter) {
            let numbered = |number| match number {
                0 => format!("{prefix}{parameter}"),
                number => format!("{prefix}{parameter}_{number}"),
            };
            let other = (0..=u32::MAX).map(numbered).find(|name| {
                !names(name)
                    && reader.names.announced(name).is_none()
                    && !vars.iter().any(|(other, _)| other == name)
            });
            let other = other.expect("no file has so many variables");
            bindings.insert(parameter, Binding::Name(other.clone()));
            reader.inclusion.outer.insert(other.clone());
            vars.push((other, value));
        }
    }
    let title =
        name.clone().unwrap_or_else(|| format!("include {}", heading::unquoted(reader.written(node.span))));
    let made = |action: Action| Step {
        span,
        file: reader.inclusion.source.clone(),
        phase: reader.phase,
        ..Step::new(title.clone(), action)
    };
    let mut placed = Vec::new();
    let condition = condition.map(|condition| {
        let chosen = format!("{prefix}included_{}", reader.inclusion.count);
        let source =
            Template::parse(&format!("${{{}}}", condition.source()), |_| Ok::<_, ()>(condition.clone()));
        let source = source.expect("a condition that was read is a placeholder");
        placed.push(made(Action::Vars(vec![(chosen.clone(), TemplateValue::Text(source))])));
        Expression::parse(&chosen).expect("a name is an expression")
    });
    if !vars.is_empty() {
        placed.push(Step { condition: condition.clone(), ..made(Action::Vars(vars)) });
    }
    placed.extend(steps.into_iter().map(|step| {
        let mut step = step.bind(&bindings);
        if let Some(name) = &name {
            step.name = format!("{name}: {}", step.name);
        }
        step.condition = match (condition.clone(), step.condition) {
            (Some(outer), Some(own)) => {
                let both = Expression::parse(&format!("{} and ({})", outer.source(), own.source()));
                if both.is_err() {
                    let message =
                        format!("the condition of the step `{}` is too deep for another one", step.name);
                    reader.note(span, message, "write it as several conditions".to_owned());
                }
                both.ok()
            }
            (outer, own) => outer.or(own),
        };
        step.may_end.extend(may_end.iter().cloned());
        step
    }));
    placed
}

/// Whether a value is the variable of this name.
fn is_itself(value: &TemplateValue, name: &str) -> bool {
    value.source() == Value::from(format!("${{{name}}}"))
}
