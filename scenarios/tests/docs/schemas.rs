//! The JSON Schemas in `docs/schema`, and the files that name them.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use boon::{Compiler, SchemaIndex, Schemas};
use libtest_mimic::Failed;
use scenario::FileKind;
use serde_json::Value;

use super::{examples, same_as_written};

const MARK: &str = "# yaml-language-server: $schema=";

/// Fails unless each schema in `docs/schema` is what the tables give.
pub(super) fn are_those_of_the_code() -> Result<(), Failed> {
    FileKind::ALL
        .into_iter()
        .try_for_each(|kind| same_as_written(&file(kind), &format!("{:#}\n", scenario::schema(&[kind]))))
}

/// Fails unless each file of the language begins with the address of its schema, and is as that says.
pub(super) fn accept_every_file() -> Result<(), Failed> {
    let validators: BTreeMap<FileKind, Validator> =
        FileKind::ALL.into_iter().map(|kind| (kind, Validator::of(&[kind]))).collect();
    let all = Validator::of(&FileKind::AMONG_SCENARIOS);
    let mut wrong = Vec::new();
    for path in files() {
        let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let Some(is) = examples::kind(Path::new(&path), &text) else { continue };
        let Some(kind) = named(&path, &text).filter(|named| *named == is) else {
            wrong.push(format!("{path}: its first line isn't `{MARK}…`, with the way to {}", file(is)));
            continue;
        };
        wrong.extend(validators[&kind].complaint(&text).map(|complaint| format!("{path}: {complaint}")));
        if kind != FileKind::Configuration {
            wrong.extend(
                all.complaint(&text).map(|complaint| format!("{path}, by the schema of all: {complaint}")),
            );
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn file(kind: FileKind) -> String {
    format!("docs/schema/{}.json", kind.as_str())
}

/// The kind of file whose schema a text names.
fn named(path: &str, text: &str) -> Option<FileKind> {
    let schema = text.lines().next()?.strip_prefix(MARK)?;
    let schema = Path::new(path).parent()?.join(schema).canonicalize().ok()?;
    FileKind::ALL
        .into_iter()
        .find(|kind| Path::new(&file(*kind)).canonicalize().is_ok_and(|file| file == schema))
}

/// The files of the repository that may be of the language.
fn files() -> Vec<String> {
    let mut git = Command::new("git");
    git.args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        "*.yaml",
        "*.yml",
        "*e2e.conf",
    ]);
    let listed = git.output().expect("git runs").stdout;
    let files: Vec<String> =
        String::from_utf8(listed).expect("paths are UTF-8").lines().map(String::from).collect();
    assert!(files.len() > 50, "git lists no files: is this a clone?");
    files
}

/// A schema that is ready to validate.
pub(super) struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    /// That of the files of these kinds. A schema that isn't one panics.
    pub(super) fn of(kinds: &[FileKind]) -> Self {
        const ADDRESS: &str = "http://localhost/schema.json";
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource(ADDRESS, scenario::schema(kinds)).expect("an address");
        let index = compiler.compile(ADDRESS, &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
        Self { schemas, index }
    }

    /// What the schema has against a text.
    pub(super) fn complaint(&self, text: &str) -> Option<String> {
        let mut value: serde_yaml::Value = match serde_yaml::from_str(text) {
            Ok(value) => value,
            Err(error) => return Some(error.to_string()),
        };
        value.apply_merge().expect("what is merged are mappings");
        let value: Value = match serde_json::to_value(with_text_keys(value)) {
            Ok(value) => value,
            Err(error) => return Some(error.to_string()),
        };
        self.schemas.validate(&value, self.index).err().map(|error| error.to_string())
    }
}

/// YAML whose keys are texts as they are written, as JSON has them.
fn with_text_keys(value: serde_yaml::Value) -> serde_yaml::Value {
    use serde_yaml::Value;
    match value {
        Value::Sequence(items) => Value::Sequence(items.into_iter().map(with_text_keys).collect()),
        Value::Mapping(entries) => {
            let text = |key: Value| match key {
                Value::Number(number) => Value::String(number.to_string()),
                Value::Bool(value) => Value::String(value.to_string()),
                other => other,
            };
            Value::Mapping(
                entries.into_iter().map(|(key, value)| (text(key), with_text_keys(value))).collect(),
            )
        }
        other => other,
    }
}
