//! The comment by which an editor finds the schema of a file, for a scenario that is kept.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use scenario::FileKind;

use crate::project::absolute;

const MARK: &str = "# yaml-language-server: $schema=";

/// The line for a scenario that is written to `kept`, after that of the file it comes from. A file without one makes none: the
/// project may have no schemas.
pub(crate) fn schema_line(source: &Path, kept: &Path) -> String {
    let text = fs::read_to_string(source).unwrap_or_default();
    let named = text.lines().find_map(|line| line.strip_prefix(MARK));
    named.map(|schema| format!("{MARK}{}\n", of_kept(schema.trim(), source, kept))).unwrap_or_default()
}

fn of_kept(schema: &str, source: &Path, kept: &Path) -> String {
    let (folder, name) = schema.rsplit_once('/').unwrap_or(("", schema));
    let name = name.replace(FileKind::Exploration.as_str(), FileKind::Scenario.as_str());
    if schema.contains("://") {
        return format!("{folder}/{name}");
    }
    relative(&beside(source).join(folder), &beside(kept)).join(name).display().to_string()
}

fn beside(file: &Path) -> PathBuf {
    absolute(file).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The way from one folder to another.
fn relative(to: &Path, from: &Path) -> PathBuf {
    let (to, from) = (plain(to), plain(from));
    let shared = to.components().zip(from.components()).take_while(|(to, from)| to == from).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, component| {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
        plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_of_a_kept_scenario_is_found_from_where_it_is_kept() {
        let check = |schema, source: &str, kept: &str, expected: &str| {
            assert_eq!(of_kept(schema, Path::new(source), Path::new(kept)), expected, "{schema} {source}");
        };
        let kept = "scenarios/regressions/shop-1.yaml";
        check(
            "../../schema/exploration.json",
            "scenarios/explorations/shop.yaml",
            kept,
            "../../schema/scenario.json",
        );
        check("../docs/schema/scenario.json", "scenarios/a.yaml", kept, "../../docs/schema/scenario.json");
        check("scenario.json", "scenarios/regressions/a.yaml", kept, "scenario.json");
        check(
            "https://example.com/v1/exploration.json",
            "a.yaml",
            kept,
            "https://example.com/v1/scenario.json",
        );
    }
}
