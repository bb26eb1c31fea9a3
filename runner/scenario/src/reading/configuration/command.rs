//! `command`, `env`, `cwd` and `stop`: how a service is started and stopped.

use std::{collections::BTreeMap, time::Duration};

use fault::ServiceName;

use super::{
    super::{
        fields::Fields,
        reader::{Reader, all},
        yaml::{Kind, Node},
    },
    command_line::{CommandMistake, check_program, split},
    variables::{Variables, filled_in},
};
use crate::{StartCommand, Template};

/// How long a service may take to end when asked to, unless the file has another time.
const STOP_GRACE: Duration = Duration::from_secs(5);

#[expect(clippy::option_option, reason = "a service without a command is not one whose command is wrong")]
pub(super) fn start(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    callees: &[ServiceName],
) -> Option<Option<StartCommand>> {
    let variables = Variables::Service { callees };
    let command = fields.optional("command", |node| command(reader, node, variables));
    let env = fields.or("env", BTreeMap::new(), |node| environment(reader, node, variables));
    let cwd = fields.optional("cwd", |node| {
        let text = reader.text(node, "a folder, such as `${data_dir}`")?;
        filled_in(reader, node, &text, Variables::Folder)
    });
    let stop_grace = fields.or("stop", STOP_GRACE, |node| reader.duration(node));
    let Some(command) = command? else {
        for stray in fields.present(&["after", "cwd", "env", "stop"]) {
            let message = format!("`{}` belongs to `command`, which this service doesn't have", stray.key);
            reader.note(stray.span, message, None);
        }
        return Some(None);
    };
    Some(Some(StartCommand { command, env: env?, cwd: cwd?, stop_grace: stop_grace? }))
}

fn command(reader: &mut Reader<'_>, node: &Node, variables: Variables<'_>) -> Option<Vec<Template>> {
    command_words(reader, node, |reader, node, text| filled_in(reader, node, text, variables))
}

/// The words of a command, each made a template by `fill_in`.
pub(in super::super) fn command_words(
    reader: &mut Reader<'_>,
    node: &Node,
    mut fill_in: impl FnMut(&mut Reader<'_>, &Node, &str) -> Option<Template>,
) -> Option<Vec<Template>> {
    if let Kind::List(items) = &node.kind {
        if items.is_empty() {
            reader.note(node.span, "there is no command here", None);
        }
        if let Some(Kind::Text(program)) = items.first().map(|item| &item.kind)
            && let Err(mistake) = check_program(program)
        {
            note(reader, &items[0], &mistake);
        }
        return all(items.iter().map(|item| {
            let text = reader.text(item, "an argument")?;
            fill_in(reader, item, &text)
        }));
    }
    let text = reader.text(node, "a command")?;
    let words = words(reader, node, &text)?;
    all(words.iter().map(|word| fill_in(reader, node, word)))
}

/// The words of a command.
pub(super) fn words(reader: &mut Reader<'_>, node: &Node, text: &str) -> Option<Vec<String>> {
    split(text).map_err(|mistake| note(reader, node, &mistake)).ok()
}

fn note(reader: &mut Reader<'_>, node: &Node, mistake: &CommandMistake) {
    reader.note(node.span, mistake.to_string(), mistake.help());
}

fn environment(
    reader: &mut Reader<'_>,
    node: &Node,
    variables: Variables<'_>,
) -> Option<BTreeMap<String, Template>> {
    let entries = reader.mapping(node, "a mapping of environment variables")?;
    all(entries.iter().map(|entry| {
        let text = reader.text(&entry.value, "a variable's value")?;
        Some((entry.key.clone(), filled_in(reader, &entry.value, &text, variables)?))
    }))
}
