//! A bound on how deep an expression is, since it is compiled and evaluated by functions that call themselves.

use super::{error::InvalidExpression, tokens};

/// The most names, operators and literals in a row, in all brackets that are open, without a comma between them. Each may be one
/// level deeper than the one before it, as in `a.b.c` or `1 + 2 + 3`.
const DEEPEST: usize = 500;

/// Refuses an expression that is too deep.
pub(super) fn check(source: &str) -> Result<(), InvalidExpression> {
    if source.len() <= DEEPEST {
        return Ok(());
    }
    let mut open = vec![0];
    let mut depth = 0;
    for range in tokens::tokens(source) {
        depth += 1;
        match &source[range.clone()] {
            "(" | "[" | "{" => open.push(depth),
            ")" | "]" | "}" if open.len() > 1 => open.truncate(open.len() - 1),
            "," => depth = open[open.len() - 1],
            _ => {}
        }
        if depth > DEEPEST {
            let message = format!("this expression has more than {DEEPEST} parts in a row");
            let help = Some("write it as several expressions");
            return Err(InvalidExpression { message, range: Some(range), help, known: Vec::new() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Expression;

    #[test]
    fn an_expression_has_a_bounded_depth() {
        let check = |source: &str, is_fine: bool| {
            assert_eq!(check(source).is_ok(), is_fine, "{}…", &source[..40.min(source.len())]);
            assert!(Expression::parse(source).is_ok() || !is_fine);
        };
        check(&format!("a{}", ".b".repeat(200)), true);
        check(&format!("a{}", ".b".repeat(20_000)), false);
        check(&format!("1{}", " + 1".repeat(20_000)), false);
        check(&format!("a{}", " | abs".repeat(20_000)), false);
        check(&format!("[{}]", vec!["1"; 20_000].join(", ")), true);
        check(&format!("[[{}], {}]", vec!["a.b"; 300].join(", "), vec!["1 + 1"; 300].join(", ")), true);
        check(&format!("not{}", " not".repeat(20_000)), false);
    }
}
