//! What an expression can use, each with an example: operators, filters, tests and functions, minijinja's and ours.
//!
//! The names are those that a mistaken one is compared with, and all of it is what the reference shows.

/// A part of the language of expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Helper {
    /// Its name, or its sign.
    pub name: &'static str,
    /// What it is or does, in one line.
    pub doc: &'static str,
    /// An expression that uses it, without variables.
    pub example: &'static str,
    /// The value of that as JSON; `None` where it is another one in every run.
    pub value: Option<&'static str>,
}

/// The parts of the language of expressions, by what they are called together.
pub const HELPERS: [(&str, &[Helper]); 4] =
    [("Operators", OPERATORS), ("Filters", FILTERS), ("Tests", TESTS), ("Functions", FUNCTIONS)];

const fn helper(name: &'static str, doc: &'static str, example: &'static str, value: &'static str) -> Helper {
    Helper { name, doc, example, value: Some(value) }
}

/// A part whose value is another one in every run.
const fn drawn(name: &'static str, doc: &'static str, example: &'static str) -> Helper {
    Helper { name, doc, example, value: None }
}

const OPERATORS: &[Helper] = &[
    helper("and", "Whether both are true.", "1 < 2 and 2 < 1", "false"),
    helper("or", "Whether one of them is true.", "1 < 2 or 2 < 1", "true"),
    helper("not", "Whether it is false.", "not 1 > 2", "true"),
    helper("==", "Whether both are equal; numbers are compared as they are written.", "1.10 == 1.1", "true"),
    helper("!=", "Whether they differ.", "'a' != 'b'", "true"),
    helper(
        "<",
        "Whether it is less; also `<=`, `>`, `>=`. Both are numbers, or both are texts.",
        "1 < 2",
        "true",
    ),
    helper(
        "in",
        "Whether a list has the value, a text the part, or an object the key; also `not in`.",
        "2 in [1, 2]",
        "true",
    ),
    helper("is", "Whether a test of the value is true; also `is not`.", "1 is number", "true"),
    helper(
        "+",
        "The sum of numbers, or lists joined. Money is summed exactly by the filters `plus` and `sum`.",
        "[1] + [2]",
        "[1, 2]",
    ),
    helper("-", "The difference.", "5 - 2", "3"),
    helper("*", "The product.", "2 * 3", "6"),
    helper("/", "The quotient.", "7 / 2", "3.5"),
    helper("//", "The quotient without its fraction.", "7 // 2", "3"),
    helper("%", "The remainder.", "7 % 2", "1"),
    helper("**", "The power.", "2 ** 10", "1024"),
    helper("~", "Both as texts, joined.", "'order-' ~ 7", "\"order-7\""),
    helper("|", "The value that a filter makes of it.", "'a' | upper", "\"A\""),
    helper(".", "The value of a key.", "{'id': 7}.id", "7"),
    helper(
        "[]",
        "The value of a key of any name, or the item of a list, counted from 0, or from the end with `-1`.",
        "[1, 2, 3][-1]",
        "3",
    ),
    helper("[a:b]", "The items from one up to another.", "[1, 2, 3][1:]", "[2, 3]"),
    helper("if … else", "One of two values.", "'many' if 3 > 1 else 'few'", "\"many\""),
];

pub(super) const FILTERS: &[Helper] = &[
    helper("abs", "The number without its sign.", "(1 - 3) | abs", "2"),
    helper("attr", "The value of a key.", "{'id': 7} | attr('id')", "7"),
    helper("base64", "The text's bytes in Base64.", "'shop' | base64", "\"c2hvcA==\""),
    helper(
        "base64_decode",
        "The text whose bytes are given in Base64.",
        "'c2hvcA==' | base64_decode",
        "\"shop\"",
    ),
    helper("batch", "The items in lists of this length.", "[1, 2, 3] | batch(2)", "[[1, 2], [3]]"),
    helper("bool", "Whether the value isn't empty, 0, false or null.", "'' | bool", "false"),
    helper(
        "capitalize",
        "The text with its first letter as a capital, and the others small.",
        "'aLICE' | capitalize",
        "\"Alice\"",
    ),
    helper("chain", "The items of several lists, one after the other.", "[1] | chain([2]) | list", "[1, 2]"),
    helper("default", "Another value in place of one that is undefined.", "{'a': 1}.b | default(0)", "0"),
    helper(
        "dictsort",
        "The entries of an object, sorted by their keys.",
        "{'b': 2, 'a': 1} | dictsort",
        "[[\"a\", 1], [\"b\", 2]]",
    ),
    helper("first", "The first item.", "[1, 2] | first", "1"),
    helper("float", "The number that a text holds.", "'1.5' | float", "1.5"),
    helper(
        "format",
        "The text with values in place of `%s` and its like.",
        "'%s-%03d' | format('a', 7)",
        "\"a-007\"",
    ),
    helper(
        "groupby",
        "The items by the value of a key.",
        "[{'k': 1}, {'k': 2}, {'k': 1}] | groupby('k') | length",
        "2",
    ),
    helper(
        "indent",
        "The text with its lines, except the first, further right.",
        "'a\\nb' | indent(2)",
        "\"a\\n  b\"",
    ),
    helper("int", "The whole number that a text holds.", "'12' | int", "12"),
    helper("items", "The entries of an object, as pairs.", "{'a': 1} | items", "[[\"a\", 1]]"),
    helper(
        "join",
        "The items as one text, with another one between them.",
        "[1, 2] | join(', ')",
        "\"1, 2\"",
    ),
    helper("json", "The value that a text of JSON holds.", "'{\"a\": 1}' | json", "{\"a\": 1}"),
    helper("last", "The last item.", "[1, 2] | last", "2"),
    helper("length", "How many items, characters or keys there are.", "'shop' | length", "4"),
    helper("lines", "The lines of a text.", "'a\\nb' | lines", "[\"a\", \"b\"]"),
    helper("list", "The items, or the characters of a text, as a list.", "'ab' | list", "[\"a\", \"b\"]"),
    helper("lower", "The text in small letters.", "'Alice' | lower", "\"alice\""),
    helper(
        "map",
        "The values of a key of each item, or what a filter makes of each.",
        "[{'id': 1}, {'id': 2}] | map(attribute='id') | list",
        "[1, 2]",
    ),
    helper("max", "The largest item.", "[1, 3, 2] | max", "3"),
    helper("min", "The smallest item.", "[1, 3, 2] | min", "1"),
    helper("minus", "The exact difference of numbers.", "0.3 | minus(0.1)", "0.2"),
    helper("plus", "The exact sum of two numbers.", "0.1 | plus(0.2)", "0.3"),
    helper(
        "plus_time",
        "The time that is a length of time later, or earlier: `'-1h'`.",
        "'2026-01-01T12:00:00Z' | plus_time('1h')",
        "\"2026-01-01T13:00:00.000Z\"",
    ),
    helper("pprint", "The value as a text for people.", "'a' | pprint", "\"'a'\""),
    helper(
        "regex",
        "The part of a text that a regular expression matches, or its first group; undefined where none does.",
        "'order-17' | regex('order-([0-9]+)')",
        "\"17\"",
    ),
    helper("reject", "The items of which a test is false.", "[1, 2, 3] | reject('odd') | list", "[2]"),
    helper(
        "rejectattr",
        "The items of which a test of a key is false.",
        "[{'a': 1}, {'a': 2}] | rejectattr('a', 'eq', 1) | list",
        "[{\"a\": 2}]",
    ),
    helper("replace", "The text with another in place of a part.", "'a-b' | replace('-', '+')", "\"a+b\""),
    helper("reverse", "The items in reverse order.", "[1, 2] | reverse | list", "[2, 1]"),
    helper(
        "round",
        "The number with this many decimals; a half goes away from zero.",
        "2.345 | round(2)",
        "2.35",
    ),
    helper("select", "The items of which a test is true.", "[1, 2, 3] | select('odd') | list", "[1, 3]"),
    helper(
        "selectattr",
        "The items of which a test of a key is true.",
        "[{'a': 1}, {'a': 2}] | selectattr('a', 'eq', 1) | list",
        "[{\"a\": 1}]",
    ),
    helper("slice", "The items in this many lists.", "[1, 2, 3] | slice(2) | list", "[[1, 2], [3]]"),
    helper(
        "sort",
        "The items in order; `attribute='id'` orders by a key, `reverse=true` from the largest.",
        "[2, 1] | sort",
        "[1, 2]",
    ),
    helper("split", "The parts of a text between separators.", "'a,b' | split(',') | list", "[\"a\", \"b\"]"),
    helper("string", "The value as a text.", "7 | string", "\"7\""),
    helper("sum", "The exact sum of a list of numbers.", "[10.1, 20.2, 0.3] | sum", "30.6"),
    helper("times", "The exact product of two numbers.", "0.1 | times(3)", "0.3"),
    helper(
        "title",
        "The text with every word beginning with a capital.",
        "'red desk' | title",
        "\"Red Desk\"",
    ),
    helper("tojson", "The value as a text of JSON.", "[1, 'a'] | tojson", "\"[1, \\\"a\\\"]\""),
    helper("trim", "The text without white space at its ends.", "' a ' | trim", "\"a\""),
    helper("unique", "The items without those that came before.", "[1, 1, 2] | unique | list", "[1, 2]"),
    helper("upper", "The text in capitals.", "'Alice' | upper", "\"ALICE\""),
    helper(
        "urlencode",
        "The value percent-encoded, or the entries of an object as a query.",
        "{'q': 'a b'} | urlencode",
        "\"q=a%20b\"",
    ),
    helper(
        "zip",
        "The items of two lists in pairs.",
        "[1, 2] | zip(['a', 'b']) | list",
        "[[1, \"a\"], [2, \"b\"]]",
    ),
];

pub(super) const TESTS: &[Helper] = &[
    helper("boolean", "It is true or false.", "true is boolean", "true"),
    helper("defined", "There is a value.", "{'a': 1}.b is defined", "false"),
    helper("divisibleby", "It is a multiple of a number.", "6 is divisibleby(3)", "true"),
    helper("endingwith", "The text ends with another.", "'shop' is endingwith('op')", "true"),
    helper("even", "It is an even number.", "2 is even", "true"),
    helper("false", "It is false.", "(1 > 2) is false", "true"),
    helper("float", "It is a number with a fraction.", "1.5 is float", "true"),
    helper("in", "It is in a list, a text or an object.", "2 is in([1, 2])", "true"),
    helper("integer", "It is a whole number.", "7 is integer", "true"),
    helper("iterable", "It has items.", "[1] is iterable", "true"),
    helper("lower", "It has no capitals.", "'a' is lower", "true"),
    helper("mapping", "It is an object.", "{'a': 1} is mapping", "true"),
    helper(
        "matching",
        "A regular expression matches a part of the text, or of one of a list of texts.",
        "'order-17' is matching('^order-[0-9]+$')",
        "true",
    ),
    helper("none", "It is null.", "none is none", "true"),
    helper("number", "It is a number.", "1.5 is number", "true"),
    helper("odd", "It is an odd number.", "3 is odd", "true"),
    helper("sequence", "It is a list.", "[1] is sequence", "true"),
    helper("startingwith", "The text begins with another.", "'shop' is startingwith('sh')", "true"),
    helper("string", "It is a text.", "'a' is string", "true"),
    helper("true", "It is true.", "(1 < 2) is true", "true"),
    helper("undefined", "There is no value.", "{'a': 1}.b is undefined", "true"),
    helper("upper", "It has no small letters.", "'A' is upper", "true"),
];

pub(super) const FUNCTIONS: &[Helper] = &[
    drawn("choice", "One item of a list, drawn by the seed of the run.", "choice(['a', 'b'])"),
    helper("dict", "An object of these values.", "dict(a=1)", "{\"a\": 1}"),
    drawn("now", "The time in UTC, by the clock of the world: `2026-01-01T12:00:00.000Z`.", "now()"),
    drawn("random", "A whole number from one to another, drawn by the seed of the run.", "random(1, 10)"),
    helper(
        "range",
        "The numbers from 0, or from the first, up to one before the last.",
        "range(1, 4)",
        "[1, 2, 3]",
    ),
    drawn("uuid", "A UUID of version 4, drawn by the seed of the run.", "uuid()"),
];

/// The names of these.
pub(super) fn names(helpers: &[Helper]) -> Vec<&'static str> {
    helpers.iter().map(|helper| helper.name).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::environment::ENVIRONMENT, *};
    use crate::{Expression, Scope, Value};

    #[test]
    fn an_example_has_the_value_that_is_written() {
        for helper in HELPERS.into_iter().flat_map(|(_, helpers)| helpers) {
            let expression = Expression::parse(helper.example).unwrap_or_else(|error| panic!("{error}"));
            let value = expression.evaluate(&Scope::default());
            let Some(written) = helper.value else { continue };
            assert_eq!(value, Ok(Value::parse(written).expect("JSON")), "{}", helper.example);
        }
    }

    #[test]
    fn an_example_uses_what_it_shows() {
        for (kind, helpers) in HELPERS {
            for Helper { name, example, doc, .. } in helpers {
                let used = match kind {
                    "Filters" => example.contains(&format!("| {name}")),
                    "Tests" => example.contains(&format!("is {name}")),
                    "Functions" => example.contains(&format!("{name}(")),
                    // Some are shown as what stands between operands.
                    _ => true,
                };
                assert!(used, "{name}: {example}");
                assert!(doc.starts_with(char::is_uppercase) && doc.ends_with('.'), "{name}: {doc}");
            }
        }
    }

    #[test]
    fn every_function_is_described() {
        for (name, _) in ENVIRONMENT.globals().filter(|(name, _)| !name.starts_with("__")) {
            assert!(FUNCTIONS.iter().any(|function| function.name == name), "{name}");
        }
    }
}
