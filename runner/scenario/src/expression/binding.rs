//! Other names or values in place of an expression's variables.

use std::collections::BTreeMap;

use super::tokens::{is_variable, tokens};
use crate::Value;

/// The replacement of a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Binding {
    /// Another variable.
    Name(String),
    /// A value.
    Value(Value),
}

/// Replacements by the names of the variables.
pub type Bindings = BTreeMap<String, Binding>;

impl Binding {
    /// Its text within an expression, in which `next` follows.
    fn spelled(&self, next: &str) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Value(Value::Null) => "none".into(),
            Self::Value(Value::Number(number)) => {
                let number = number.to_string();
                // A sign would bind less than a filter does, and a dot would belong to the number.
                let is_cut = number.starts_with('-') || next.trim_start().starts_with('.');
                if is_cut { format!("({number})") } else { number }
            }
            Self::Value(value) => {
                bound(&value.to_string(), &Bindings::from([("null".into(), Self::Name("none".into()))]))
            }
        }
    }
}

/// A source with other names or values for some of its variables.
pub(super) fn bound(source: &str, bindings: &Bindings) -> String {
    let tokens = tokens(source);
    let mut bound = String::new();
    let mut copied = 0;
    for (at, token) in tokens.iter().enumerate() {
        if let Some(binding) =
            bindings.get(&source[token.clone()]).filter(|_| is_variable(source, &tokens, at))
        {
            bound.push_str(&source[copied..token.start]);
            bound.push_str(&binding.spelled(&source[token.end..]));
            copied = token.end;
        }
    }
    bound + &source[copied..]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_and_nothing_else_are_replaced() {
        let bindings = Bindings::from([
            ("order".into(), Binding::Name("order_3".into())),
            ("amount".into(), Binding::Value(json!(-1.5).into())),
            ("name".into(), Binding::Value("a \"b\"".into())),
            ("nothing".into(), Binding::Value(Value::Null)),
            ("fields".into(), Binding::Value(json!({"a": [null, "null", ":null"]}).into())),
            ("count".into(), Binding::Value(7.into())),
        ]);
        for (source, expected) in [
            ("order.id", "order_3.id"),
            ("order.order + x.amount", "order_3.order + x.amount"),
            ("'order' ~ order", "'order' ~ order_3"),
            ("amount | abs", "(-1.5) | abs"),
            ("dict(order=order)", "dict(order=order_3)"),
            ("name == order['order']", r#""a \"b\"" == order_3['order']"#),
            ("fields == 1", r#"{"a":[none,"null",":null"]} == 1"#),
            ("count.n == count", "(7).n == 7"),
            ("order.x == order", "order_3.x == order_3"),
            ("order is none or nothing is none", "order_3 is none or none is none"),
        ] {
            assert_eq!(bound(source, &bindings), expected);
        }
    }
}
