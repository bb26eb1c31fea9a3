//! The filters and tests in addition to minijinja's own: a line here, and a function in a file beside, for each.

use minijinja::{Environment, State, Value, value::Kwargs};

mod attributes;
mod exact;
mod order;
mod text;

pub(super) use text::compiled as pattern;

pub(super) fn add_to(environment: &mut Environment<'_>) {
    environment.add_filter("sum", |state: &mut State<'_, '_>, items: Value, options: Kwargs| {
        let items = if options.has("attribute") {
            state.apply_filter("map", &[items, Value::from(options)])?
        } else {
            options.assert_all_used()?;
            items
        };
        exact::sum(&items)
    });
    environment.add_filter("plus", exact::plus);
    environment.add_filter("minus", exact::minus);
    environment.add_filter("times", exact::times);
    environment.add_filter("round", exact::round);
    environment.add_filter("abs", exact::abs);

    for (name, filter) in order::ORDERINGS {
        environment.add_filter(name, move |state: &mut State<'_, '_>, value: Value, options: Kwargs| {
            let value = order::keyed(name, state, value, &options)?;
            order::order(filter, state, value, options)
        });
    }
    attributes::add_to(environment);
    environment.add_filter("tojson", order::tojson);

    environment.add_test("matching", text::is_matching);
    environment.add_filter("regex", text::regex);
    environment.add_filter("base64", text::base64);
    environment.add_filter("base64_decode", text::base64_decode);
    environment.add_filter("json", text::json);
    environment.add_filter("urlencode", text::urlencode);
}
