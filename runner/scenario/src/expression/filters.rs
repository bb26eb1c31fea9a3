//! The filters and tests in addition to minijinja's own: a line here, and a function in a file beside, for each.

use minijinja::{Environment, State, Value, value::Kwargs};

mod exact;
mod order;
mod text;

pub(super) use text::compiled as pattern;

/// The filters that a mistaken name may mean: those of minijinja, and those below.
pub(super) const FILTERS: &[&str] = &[
    "abs",
    "attr",
    "base64",
    "base64_decode",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "default",
    "dictsort",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "json",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "minus",
    "plus",
    "plus_time",
    "pprint",
    "regex",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "times",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
    "urlencode",
    "zip",
];
/// The tests that a mistaken name may mean.
pub(super) const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "even",
    "false",
    "float",
    "in",
    "integer",
    "iterable",
    "lower",
    "mapping",
    "matching",
    "none",
    "number",
    "odd",
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
    "upper",
];

pub(super) fn add_to(environment: &mut Environment<'_>) {
    environment.add_filter("sum", exact::sum);
    environment.add_filter("plus", exact::plus);
    environment.add_filter("minus", exact::minus);
    environment.add_filter("times", exact::times);
    environment.add_filter("round", exact::round);
    environment.add_filter("abs", exact::abs);

    for (name, filter) in order::ORDERINGS {
        environment.add_filter(name, move |state: &State<'_, '_>, value: Value, options: Kwargs| {
            order::order(filter, state, value, options)
        });
    }
    environment.add_filter("tojson", order::tojson);

    environment.add_test("matching", text::is_matching);
    environment.add_filter("regex", text::regex);
    environment.add_filter("base64", text::base64);
    environment.add_filter("base64_decode", text::base64_decode);
    environment.add_filter("json", text::json);
    environment.add_filter("urlencode", text::urlencode);
}
