//! minijinja's filters that read an attribute of every item. Its own take one that no item has for an undefined value, so
//! that a misspelled name would select nothing.

use std::borrow::Cow;

use minijinja::{
    Environment, Error, ErrorKind, State, Value, filters,
    value::{Kwargs, Rest, ValueKind, ValueOrKwargs, from_args},
};

use super::super::kinds::kind;

/// The most keys that an error lists.
const LISTED: usize = 10;

pub(super) fn add_to(environment: &mut Environment<'_>) {
    environment.add_filter("selectattr", selectattr);
    environment.add_filter("rejectattr", rejectattr);
    environment.add_filter("map", map);
    environment.add_filter("groupby", groupby);
    environment.add_filter("unique", |state: &mut State<'_, '_>, items: Value, options: Kwargs| {
        let items = checked(state, "unique", items, &options)?;
        filters::unique(state, items, options)
    });
}

/// The items of a filter's value, one of which has the `attribute` of its options if there are items at all.
fn checked(state: &mut State<'_, '_>, filter: &str, items: Value, options: &Kwargs) -> Result<Value, Error> {
    match options.get::<Option<Value>>("attribute")? {
        Some(attribute) if !options.has("default") => having(state, filter, items, &attribute.to_string()),
        _ => Ok(items),
    }
}

fn selectattr(
    state: &mut State<'_, '_>,
    items: Value,
    attribute: Cow<'_, str>,
    test: Option<Cow<'_, str>>,
    arguments: Rest<ValueOrKwargs>,
) -> Result<Vec<Value>, Error> {
    let items = tested(state, "selectattr", items, &attribute, test.as_deref())?;
    filters::selectattr(state, items, attribute, test, arguments)
}

fn rejectattr(
    state: &mut State<'_, '_>,
    items: Value,
    attribute: Cow<'_, str>,
    test: Option<Cow<'_, str>>,
    arguments: Rest<ValueOrKwargs>,
) -> Result<Vec<Value>, Error> {
    let items = tested(state, "rejectattr", items, &attribute, test.as_deref())?;
    filters::rejectattr(state, items, attribute, test, arguments)
}

fn map(state: &mut State<'_, '_>, items: Value, arguments: Rest<ValueOrKwargs>) -> Result<Vec<Value>, Error> {
    let arguments = arguments.into_values();
    let (_, options): (&[Value], Kwargs) = from_args(&arguments)?;
    let items = checked(state, "map", items, &options)?;
    filters::map(state, items, Rest(arguments.into_iter().map(ValueOrKwargs::from).collect()))
}

fn groupby(
    state: &mut State<'_, '_>,
    items: Value,
    attribute: Option<&str>,
    options: Kwargs,
) -> Result<Value, Error> {
    // As a list the items are counted as work, which minijinja's public function doesn't do.
    let items = state.apply_filter("list", &[items])?;
    let items = match attribute {
        Some(attribute) if !options.has("default") => having(state, "groupby", items, attribute)?,
        Some(_) => items,
        None => checked(state, "groupby", items, &options)?,
    };
    filters::groupby(items, attribute, options)
}

/// Like [`having`], except where a test asks whether there is such an attribute.
fn tested(
    state: &mut State<'_, '_>,
    filter: &str,
    items: Value,
    attribute: &str,
    test: Option<&str>,
) -> Result<Value, Error> {
    match test {
        Some("defined" | "undefined") => Ok(items),
        _ => having(state, filter, items, attribute),
    }
}

/// The items, one of which has the attribute: a key, or keys with dots between them.
pub(super) fn having(
    state: &mut State<'_, '_>,
    filter: &str,
    items: Value,
    attribute: &str,
) -> Result<Value, Error> {
    if !matches!(items.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Ok(items);
    }
    let items = state.apply_filter("list", &[items])?;
    let Some(first) = items.try_iter()?.next() else { return Ok(items) };
    for item in items.try_iter()? {
        if has(&item, attribute) {
            return Ok(items);
        }
    }
    let first = match first.kind() {
        ValueKind::Map => {
            let keys: Vec<String> = first.try_iter()?.take(LISTED).map(|key| format!("`{key}`")).collect();
            format!("has {}", if keys.is_empty() { "no keys".to_owned() } else { keys.join(", ") })
        }
        _ => format!("is {}", kind(&first)),
    };
    let reason = format!("`{filter}`: no item has `{attribute}`; the first one {first}");
    Err(Error::new(ErrorKind::InvalidOperation, reason))
}

fn has(item: &Value, attribute: &str) -> bool {
    let found = attribute.split('.').try_fold(item.clone(), |value, key| {
        let found = key.parse().map_or_else(|_| value.get_attr(key), |index| value.get_item_by_index(index));
        found.ok().filter(|found| !found.is_undefined())
    });
    found.is_some()
}
