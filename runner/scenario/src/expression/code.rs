//! Compiled expressions, and what they name.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use super::{
    depth, draws,
    environment::ENVIRONMENT,
    error::{InvalidExpression, describe},
    filters, headers, helpers, literals, meant, ordering,
    path::Path,
    times, tokens,
};

/// The most expressions that are kept compiled. An exploration makes some hundred different ones, in thousands of
/// sequences.
const KEPT: usize = 4_096;

type Compiled = minijinja::Expression<'static, 'static>;

/// A compiled expression and what it names.
pub(super) struct Code {
    /// The variables it uses.
    pub(super) names: BTreeSet<String>,
    /// Those names with the keys after them.
    pub(super) paths: BTreeSet<Vec<String>>,
    /// The expression, if it is nothing but a path.
    pub(super) path: Option<Path>,
    /// Whether it draws values.
    pub(super) draws: bool,
    pub(super) compiled: Compiled,
}

/// The expressions that are kept, by their sources.
static COMPILED: Mutex<BTreeMap<Arc<str>, Arc<Code>>> = Mutex::new(BTreeMap::new());

/// Whether there is a filter of this `name`.
static IS_FILTER: LazyLock<Compiled> =
    LazyLock::new(|| compile("name is filter").expect("it is an expression"));
/// Whether there is a test of this `name`.
static IS_TEST: LazyLock<Compiled> = LazyLock::new(|| compile("name is test").expect("it is an expression"));

impl Code {
    /// The code of an expression, which is compiled unless it is kept.
    pub(super) fn of(source: &str) -> Result<Arc<Self>, InvalidExpression> {
        let compiled = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = compiled().get(source) {
            return Ok(Arc::clone(code));
        }
        let code = Arc::new(Self::new(source)?);
        let mut compiled = compiled();
        if compiled.len() >= KEPT {
            compiled.clear();
        }
        compiled.insert(source.into(), Arc::clone(&code));
        Ok(code)
    }

    fn new(source: &str) -> Result<Self, InvalidExpression> {
        depth::check(source)?;
        let timed = times::in_seconds(source);
        let exact = literals::guard(&timed);
        // The places in a source that is rewritten aren't those that are written.
        let written = if exact == source { source } else { "" };
        let invalid = |error| InvalidExpression::new(&error, written);
        compile(&tokens::without_texts(&exact)).map_err(invalid)?;
        let mut compiled = compile(&exact).map_err(invalid)?;
        let mut paths = tokens::paths(source);
        paths.retain(|path| ENVIRONMENT.globals().all(|(global, _)| global != path[0]));
        known_helpers(source)?;
        readable_texts(source)?;
        let draws = draws::draws_values(source, evaluates)?;
        let guarded = if paths.iter().any(|path| path[0] == headers::HEADERS) {
            ordering::guard(&exact, |operator| {
                ordering::is_ordering(operator) || headers::is_comparison(operator)
            })
        } else {
            ordering::guard(&exact, ordering::is_ordering)
        };
        if let Some(guarded) = guarded {
            compiled = compile(&guarded).map_err(|error| InvalidExpression::new(&error, ""))?;
        }
        let path = Path::of(source).filter(|_| !paths.is_empty());
        let names = paths.iter().map(|path| path[0].clone()).collect();
        Ok(Self { names, paths, path, draws, compiled })
    }
}

fn compile(source: &str) -> Result<Compiled, minijinja::Error> {
    ENVIRONMENT.compile_expression_owned(source.to_owned())
}

/// Refuses a part of an expression that has no value, though it has no variables. It can draw from `draws`.
fn evaluates(part: &str, draws: &minijinja::Value) -> Result<(), InvalidExpression> {
    let evaluated = compile(part).and_then(|part| part.eval(minijinja::context! { __draws => draws }));
    evaluated.map(drop).map_err(|error| InvalidExpression::new(&error, ""))
}

/// Refuses unknown filters and tests. minijinja looks them up only when it evaluates them.
fn known_helpers(source: &str) -> Result<(), InvalidExpression> {
    for (kind, place) in meant::named_helpers(source) {
        let (test, helpers) = match kind {
            "filter" => (&*IS_FILTER, helpers::FILTERS),
            _ => (&*IS_TEST, helpers::TESTS),
        };
        let helper = &source[place.clone()];
        let known = test.eval(minijinja::context! { name => helper });
        if !known.is_ok_and(|known| known.is_true()) {
            let message = format!("there is no {kind} `{helper}`");
            let known = helpers::names(helpers);
            return Err(InvalidExpression { message, range: Some(place), help: None, known });
        }
    }
    Ok(())
}

/// Refuses patterns that are no regular expressions, and lengths of time that are none, where they are written as texts.
fn readable_texts(source: &str) -> Result<(), InvalidExpression> {
    for range in meant::patterns(source) {
        let text = compile(&source[range.clone()]).and_then(|text| text.eval(()));
        let pattern = text.map(|text| filters::pattern(text.as_str().unwrap_or_default()));
        if let Ok(Err(error)) = pattern {
            let message = describe(&error);
            return Err(InvalidExpression { message, range: Some(range), help: None, known: Vec::new() });
        }
    }
    for range in meant::lengths(source) {
        let later = compile(&format!("'2026-01-01' | plus_time({})", &source[range.clone()]));
        if let Err(error) = later.and_then(|later| later.eval(())) {
            let message = describe(&error);
            return Err(InvalidExpression { message, range: Some(range), help: None, known: Vec::new() });
        }
    }
    Ok(())
}
