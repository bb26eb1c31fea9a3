use std::fmt;

use proptest::prelude::*;
use regex::Regex;
use scenario::Scenario;

use super::{FILTER_PREDICATES, Filter, Pattern};
use crate::last_run::LastVerdict;

fn scenario(name: &str, file: &str, tags: &[&str]) -> Scenario {
    let tags = tags.iter().map(ToString::to_string).collect();
    Scenario { tags, ..Scenario::new(name, file) }
}

/// The names of the scenarios that a filter selects, of three.
fn selected(filter: &str) -> String {
    let scenarios = [
        (
            scenario("Alice pays (twice)", "scenarios/flows/alice.yaml", &["payments", "slow"]),
            Some(LastVerdict::Failed),
        ),
        (
            scenario("Bob pays & leaves", "scenarios/crashes/bob.yaml", &["payments"]),
            Some(LastVerdict::BrokenOff),
        ),
        (scenario("Carol looks", "scenarios/flows/carol.yaml", &[]), None),
    ];
    let filter = Filter::parse(filter).unwrap_or_else(|mistakes| panic!("{filter}: {mistakes:#?}"));
    let selected = scenarios.iter().filter(|(scenario, last)| filter.selects(scenario, *last));
    selected.map(|(scenario, _)| &scenario.name[..1]).collect()
}

#[test]
fn a_filter_selects_what_it_says() {
    for (filter, expected) in [
        // Plain texts.
        ("ALICE", "A"),
        ("crashes/", "B"),
        ("Payments", "AB"),
        ("pay", "AB"),
        ("paym", ""),
        ("pays (twice)", "A"),
        ("Bob pays & leaves", "B"),
        ("tag", ""),
        // Predicates.
        ("tag(payments)", "AB"),
        ("tag(PAYMENTS)", "AB"),
        ("tag(pay)", ""),
        ("tag(~ ^pay)", "AB"),
        ("tag(= Payments)", ""),
        ("name(pays)", "AB"),
        ("name(= Carol looks)", "C"),
        ("name(= carol looks)", ""),
        ("name(~ ^(Alice|Carol) )", "AC"),
        ("name(~ \\(twice\\)$)", "A"),
        ("name(pays (twice))", "A"),
        ("name(\"pays (\")", "A"),
        ("name(pays \\()", "A"),
        ("path(FLOWS/)", "AC"),
        ("path(= scenarios/flows/carol.yaml)", "C"),
        ("verdict(failed)", "A"),
        ("verdict(broken off)", "B"),
        ("verdict(broken_off)", "B"),
        ("verdict(none)", "C"),
        // Operators: `!` binds closest, then `&`.
        ("tag(payments) & !path(crashes/)", "A"),
        ("verdict(none) | verdict(failed)", "AC"),
        ("name(carol) | tag(payments) & tag(slow)", "AC"),
        ("(name(carol) | tag(payments)) & path(flows)", "AC"),
        ("!(name(carol) | tag(slow))", "B"),
        ("!!name(carol)", "C"),
        ("! tag( payments )", "C"),
        // Texts within an expression.
        ("payments & !slow", "B"),
        ("!\"pays (twice)\" & pays", "B"),
        ("\"&\"", "B"),
    ] {
        assert_eq!(selected(filter), expected, "{filter}");
    }
}

#[test]
fn every_documented_predicate_can_be_read_and_its_example_uses_it() {
    for predicate in FILTER_PREDICATES {
        assert!(predicate.example.starts_with(&format!("{}(", predicate.name)), "{predicate:?}");
        Filter::parse(predicate.example).expect(predicate.example);
    }
}

#[test]
fn mistakes_say_where_they_are_and_what_to_do() {
    // What is wrong is between the brackets.
    for (filter, message, help) in [
        ("tag(payments) & !⟦pth⟧(crashes/)", "unknown predicate `pth`", "did you mean `path`?"),
        ("⟦nosuch⟧(a)", "unknown predicate `nosuch`", "there are `tag`, `name`, `path`, `verdict`"),
        ("verdict(⟦fialed⟧)", "`fialed` is no verdict", "did you mean `failed`?"),
        (
            "name(~ ⟦a{9⟧)",
            "not a regular expression: unclosed counted repetition",
            "it is a regular expression, as after `~` in `name(~ ^A)`",
        ),
        ("tag⟦(⟧a", "this `(` isn't closed", "write `)` where it ends"),
        ("⟦(⟧tag(a)", "this `(` isn't closed", "write `)` where it ends"),
        ("tag(a)⟦)⟧", "this `)` closes nothing", "take it away, or put the text in quotes"),
        ("tag(a) ⟦t⟧ag(b)", "`&` or `|` is missing before this", "write `&` for both, `|` for either"),
        ("tag(a) & ⟦⟧", "something is missing here", "write what is selected, such as `tag(payments)`"),
        ("tag(⟦⟧)", "a text is missing here", "write what to look for"),
        ("!⟦\"⟧a", "this text has no end", "write `\"` where it ends"),
        (
            "! pays ⟦(⟧twice)",
            "a text without quotes has no `(`",
            "put a text with `(` in quotes, or write `&` or `|` between two conditions",
        ),
    ] {
        let wrong = filter.replace(['⟦', '⟧'], "");
        let mistakes = Filter::parse(&wrong).expect_err(filter);
        let begin = filter.find('⟦').expect("a bracket");
        let length = filter.find('⟧').expect("a bracket") - begin - '⟦'.len_utf8();
        let [mistake] = &mistakes[..] else { panic!("{filter}: {mistakes:#?}") };
        let found = (mistake.message.as_str(), mistake.help.as_str());
        assert_eq!(found, (message, help), "{filter}");
        assert_eq!((mistake.offset, mistake.length), (begin, length), "{filter}");
    }
    assert_eq!(Filter::parse("tga(a) & verdict(x) & tag()").expect_err("three").len(), 3, "all at once");
    let deep = "(".repeat(100_000);
    assert!(Filter::parse(&deep).expect_err("too deep")[0].message.contains("nested"));
}

/// The same filter as text, fully in the language.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", Quoted(text)),
            Self::Tag(pattern) => write!(f, "tag({pattern})"),
            Self::Name(pattern) => write!(f, "name({pattern})"),
            Self::Path(pattern) => write!(f, "path({pattern})"),
            Self::Verdict(verdict) => write!(f, "verdict({})", verdict.map_or("none", LastVerdict::word)),
            Self::Not(other) => write!(f, "!{other}"),
            Self::And(one, other) => write!(f, "({one} & {other})"),
            Self::Or(one, other) => write!(f, "({one} | {other})"),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", Quoted(text)),
            Self::Exact(text) => write!(f, "= {}", Quoted(text)),
            Self::Regex(regex) => write!(f, "~ {}", Quoted(regex.as_str())),
        }
    }
}

/// A text in quotes.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('\\', r"\\").replace('"', "\\\""))
    }
}

fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 ()|&!~=\"\\\\ö]{1,8}"
}

fn pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        text().prop_map(Pattern::Text),
        text().prop_map(Pattern::Exact),
        text().prop_map(|text| Pattern::Regex(Regex::new(&regex::escape(&text)).expect("it is escaped"))),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let verdicts =
        proptest::sample::select(LastVerdict::ALL.map(Some).into_iter().chain([None]).collect::<Vec<_>>());
    let leaf = prop_oneof![
        text().prop_map(Filter::Text),
        pattern().prop_map(Filter::Tag),
        pattern().prop_map(Filter::Name),
        pattern().prop_map(Filter::Path),
        verdicts.prop_map(Filter::Verdict),
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        let pair = || (inner.clone(), inner.clone());
        prop_oneof![
            inner.clone().prop_map(|one| Filter::Not(Box::new(one))),
            pair().prop_map(|(one, other)| Filter::And(Box::new(one), Box::new(other))),
            pair().prop_map(|(one, other)| Filter::Or(Box::new(one), Box::new(other))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_filter_written_as_text_is_read_as_the_same_filter(filter in filter()) {
        let text = filter.to_string();
        let read = Filter::parse(&text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:#?}"));
        prop_assert_eq!(read.to_string(), text);
    }

    #[test]
    fn operators_are_those_of_logic(one in filter(), other in filter(), name in text(), tag in text()) {
        let scenario = scenario(&name, "scenarios/a.yaml", &[&tag]);
        let selects = |text: String| {
            Filter::parse(&text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:#?}")).selects(&scenario, None)
        };
        let (a, b) = (selects(one.to_string()), selects(other.to_string()));
        prop_assert_eq!(selects(format!("({one}) & ({other})")), a && b);
        prop_assert_eq!(selects(format!("({one}) | ({other})")), a || b);
        prop_assert_eq!(selects(format!("!({one})")), !a);
        prop_assert_eq!(selects(format!("!(({one}) & ({other}))")), selects(format!("!({one}) | !({other})")));
    }

    #[test]
    fn any_text_is_a_filter_or_a_mistake_within_it(text in "[a-z ()|&!~=\"\\\\ö]{0,30}") {
        if let Err(mistakes) = Filter::parse(&text) {
            prop_assert!(!mistakes.is_empty());
            for mistake in mistakes {
                prop_assert!(text.get(mistake.offset..mistake.offset + mistake.length).is_some(), "{mistake:?}");
            }
        }
    }
}

#[test]
fn texts_that_are_filters_in_other_tools_are_recognized() {
    for (text, expected) in [
        ("not tag(x)", Some("!tag(x)")),
        ("not smoke", Some("!smoke")),
        ("smoke|good", Some("smoke | good")),
        ("smoke,good", Some("smoke | good")),
        ("@smoke and not @slow", Some("tag(smoke) & !tag(slow)")),
        ("smoke&&@good", Some("smoke & tag(good)")),
        ("tag:smoke", Some("tag(smoke)")),
        ("name=a b", Some("name(a b)")),
        ("@smoke", Some("tag(smoke)")),
        ("tag (smoke)", Some("tag(smoke)")),
        ("tag(smoke)", None),
        ("a payment", None),
        ("path", None),
        ("@", None),
        ("a|", None),
    ] {
        assert_eq!(Filter::meant(text).as_deref(), expected, "{text}");
        if let Some(meant) = expected {
            assert!(!matches!(Filter::parse(meant), Ok(Filter::Text(_)) | Err(_)), "{meant} is one");
        }
    }
}
