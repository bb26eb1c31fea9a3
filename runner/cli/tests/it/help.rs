//! What `--help` prints, for every command. Those that were accepted lie in `snapshots/` beside this file.

use crate::project::Project;

/// The commands that the help of the program lists.
fn commands(help: &str) -> Vec<&str> {
    let lines =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Lines that are further in go on with the description above.
    let first = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    first.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect()
}

#[test]
fn every_command_has_a_help_with_examples() {
    let project = Project::new("services: {}\n");
    let help = |arguments: &[&str]| {
        let ended = project.run(arguments);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(ended.out.contains("\nExamples:\n  runner "), "{}", ended.out);
        let wide = ended.out.lines().find(|line| line.chars().count() > 100);
        assert_eq!(wide, None, "no line is wider than 100 columns");
        ended.out
    };
    let whole = help(&["--help"]);
    let names = commands(&whole);
    assert!(names.contains(&"check") && names.contains(&"sweep"), "{names:?}");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::assert_snapshot!("help", whole);
        for name in names {
            insta::assert_snapshot!(format!("help_{name}"), help(&[name, "--help"]));
        }
    });
}
