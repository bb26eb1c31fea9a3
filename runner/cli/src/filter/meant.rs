//! Texts that are filters in other tools.

use super::{FILTER_PREDICATES, Filter};

/// The signs and words between two conditions in other tools, each with the operator that is meant.
const OPERATORS: [(&str, &str); 7] =
    [("||", "|"), ("&&", "&"), (" or ", "|"), (" and ", "&"), ("|", "|"), ("&", "&"), (",", "|")];

impl Filter {
    /// The filter that a plain text may mean; `None` if it is a filter already, or looks like none.
    pub(crate) fn meant(text: &str) -> Option<String> {
        matches!(Self::parse(text), Ok(Self::Text(_))).then(|| translated(text.trim()))?
    }
}

fn translated(text: &str) -> Option<String> {
    for (written, operator) in OPERATORS {
        if let Some((one, other)) = text.split_once(written) {
            let [one, other] = [one, other].map(str::trim);
            if one.is_empty() || other.is_empty() {
                return None;
            }
            let [one, other] = [one, other].map(|part| translated(part).unwrap_or_else(|| part.to_owned()));
            return Some(format!("{one} {operator} {other}"));
        }
    }
    if let Some(rest) = text.strip_prefix("not ") {
        let rest = rest.trim();
        return Some(format!("!{}", translated(rest).unwrap_or_else(|| rest.to_owned())));
    }
    if let Some(tag) = text.strip_prefix('@').filter(|tag| !tag.is_empty()) {
        return Some(format!("tag({tag})"));
    }
    FILTER_PREDICATES.iter().find_map(|predicate| {
        let rest = text.strip_prefix(predicate.name)?.trim_start();
        let inside = match rest.strip_prefix([':', '=']) {
            Some(inside) => inside,
            None => rest.strip_prefix('(')?.strip_suffix(')')?,
        };
        let inside = inside.trim();
        (!inside.is_empty()).then(|| format!("{}({inside})", predicate.name))
    })
}
