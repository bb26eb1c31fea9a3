//! No text breaks the reader.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// Whatever is written, reading ends, with mistakes that lie in the text.
    #[test]
    fn no_text_breaks_the_reader(text in "(?s).{0,60}") {
        survives(&text)?;
    }

    /// A few characters of a real scenario are replaced, which leads deeper than noise does.
    #[test]
    fn no_damage_to_a_scenario_breaks_the_reader(
        at in 0..SKETCH.len(),
        length in 0..30_usize,
        put in "[a-z0-9{}\\[\\]:,\"'$ \n\\-|<>ä%!&*#]{0,8}",
    ) {
        let end = (at + length).min(SKETCH.len());
        survives(&format!("{}{put}{}", &SKETCH[..at], &SKETCH[end..]))?;
    }

    #[test]
    fn no_damage_to_a_configuration_breaks_the_reader(
        at in 0..CONF.len(),
        put in "[a-z{}\\[\\]:,\"'$ \n\\-./]{0,8}",
    ) {
        survives(&format!("{}{put}{}", &CONF[..at], &CONF[at..]))?;
    }
}

fn survives(text: &str) -> Result<(), TestCaseError> {
    let of_scenario = read_file(text, "a.yaml".into(), &configuration()).err().unwrap_or_default();
    let of_configuration = read_configuration(text, "e2e.conf".into()).err().unwrap_or_default();
    for Mistake { span, message, .. } in of_scenario.iter().chain(&of_configuration) {
        prop_assert!(text.get(span.offset..span.offset + span.length).is_some(), "{message} at {span:?}");
        prop_assert!(span.line > 0 && span.column > 0, "{message} at {span:?}");
    }
    Ok(())
}
