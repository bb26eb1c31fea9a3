//! minijinja's filters that order values or write them as JSON. Its own would take a number that it can't calculate with
//! for something else.

use minijinja::{Error, ErrorKind, State, Value, filters, value::Kwargs};

use super::{
    super::{json, number},
    attributes,
};

/// A filter of minijinja that orders the items of a value.
pub(super) type Ordering = fn(&State<'_, '_>, Value, Kwargs) -> Result<Value, Error>;

pub(super) const ORDERINGS: [(&str, Ordering); 4] = [
    ("sort", filters::sort),
    ("min", filters::min),
    ("max", filters::max),
    ("dictsort", |_, value, options| filters::dictsort(&value, options)),
];

/// The items of a filter that orders them, which have the keys of its option `attribute`, several with commas between them.
pub(super) fn keyed(
    filter: &str,
    state: &mut State<'_, '_>,
    mut items: Value,
    options: &Kwargs,
) -> Result<Value, Error> {
    let attributes = options.get::<Option<Value>>("attribute")?.map(|attribute| attribute.to_string());
    for attribute in attributes.iter().flat_map(|attributes| attributes.split(',')) {
        items = attributes::having(state, filter, items, attribute.trim())?;
    }
    Ok(items)
}

/// Applies a filter that orders. Where minijinja can't calculate with a number, all numbers get the form in which it orders
/// them.
pub(super) fn order(
    filter: Ordering,
    state: &State<'_, '_>,
    value: Value,
    options: Kwargs,
) -> Result<Value, Error> {
    if !holds_long_number(&value) {
        return filter(state, value, options);
    }
    let sortable = json::to_minijinja_with(&plain(&value)?, number::to_sortable);
    let found = filter(state, sortable, options)?;
    if found.is_undefined() { Ok(found) } else { plain(&found).map(|found| json::to_minijinja(&found)) }
}

/// The JSON of a value, indented with `indent`.
pub(super) fn tojson(value: &Value, indent: Option<Value>, options: Kwargs) -> Result<Value, Error> {
    if !holds_long_number(value) {
        return filters::tojson(value, indent, options);
    }
    let indent = indent.map_or_else(|| options.get::<Option<Value>>("indent"), |indent| Ok(Some(indent)))?;
    options.assert_all_used()?;
    let value = plain(value)?;
    Ok(Value::from(if indent.is_some_and(|indent| indent.is_true()) {
        format!("{value:#}")
    } else {
        value.to_string()
    }))
}

fn plain(value: &Value) -> Result<crate::Value, Error> {
    json::from_minijinja(value).map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

/// Whether there is a number in it that minijinja can't calculate with.
fn holds_long_number(value: &Value) -> bool {
    number::long(value).is_some()
        || value.as_object().is_some_and(|object| {
            let mut values = object.try_iter_pairs().into_iter().flatten().map(|(_, value)| value);
            values.any(|value| holds_long_number(&value))
        })
}
