//! `examples`: a table, of which each row is a scenario of its own.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use super::{
    csv::{self, Field, Quoting},
    expression::{Role, check_name, value},
    names::{REPLY, is_variable_name},
    reader::{Reader, all},
    suggestion,
    table::{Key, Shape, Table},
    yaml::{Kind, Node},
};
use crate::{Mistake, Row, Scenario, Scope, Span, Template, TemplateValue, Value};

/// The most rows of a table.
const MOST: usize = 10_000;

const ROW: Shape = Shape::Names(&Shape::Json);

pub(crate) const EXAMPLES: Key = Key::optional(
    "examples",
    Shape::Either(&[Shape::List(&ROW), Shape::Text, Shape::Table(&FILE)]),
    "A table of values, in place or in a CSV or JSON file: the scenario runs once for each row, which sets its variables.",
);

const FILE: Table = Table {
    what: "a table in a file",
    groups: &[&[
        Key::required(
            "file",
            Shape::Text,
            "The file: `users.csv`, with the names in its first line, or `users.json`.",
        ),
        Key::optional(
            "types",
            Shape::Choice(&["text", "read"]),
            "With `text`, all values are texts; with `read`, as without it, what reads as a number, a boolean or null is one.",
        ),
    ]],
};

/// Whether the fields of a CSV file are texts only.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Types {
    Text,
    Read,
}

/// A table whose columns are variables.
#[derive(Debug, Default)]
pub(crate) struct Examples {
    columns: Vec<Column>,
    /// The number of rows, of which some may have mistakes.
    count: usize,
    /// The values of each row, in the order of the columns.
    rows: Vec<Vec<TemplateValue>>,
}

#[derive(Debug)]
struct Column {
    /// The variable; `None` when no expression can name the column.
    variable: Option<String>,
    /// Its name as it is written.
    written: String,
}

impl Column {
    /// A column called as a part of a reply is what is expected of that.
    fn new(written: &str) -> Self {
        let variable =
            if REPLY.contains(&written) { format!("expected_{written}") } else { written.to_owned() };
        Self { variable: is_variable_name(&variable).then_some(variable), written: written.to_owned() }
    }
}

/// The table, whose columns are made known.
pub(crate) fn examples(reader: &mut Reader<'_>, node: &Node) -> Option<Examples> {
    let read = match &node.kind {
        Kind::List(rows) => in_place(reader, rows),
        Kind::Mapping(_) => {
            let fields = reader.fields(node, &FILE)?;
            let types = [("text", Types::Text), ("read", Types::Read)];
            let types = fields.or("types", Types::Read, |node| reader.choice(node, &types))?;
            in_file(reader, fields.get("file")?, types)
        }
        _ => in_file(reader, node, Types::Read),
    }?;
    if read.count == 0 {
        reader.note(node.span, "these examples have no rows", None);
    }
    if read.count > MOST {
        reader.note(node.span, format!("{} rows are more than {MOST}", read.count), None);
    }
    let variables: BTreeSet<&String> =
        read.columns.iter().filter_map(|column| column.variable.as_ref()).collect();
    for variable in variables {
        if reader.names.is_known(variable) {
            let message = format!("`{variable}`, a column of these examples, is a variable already");
            reader.note(node.span, message, "call one of them something else".to_owned());
        }
        reader.names.define(variable);
    }
    Some(read)
}

fn in_place(reader: &mut Reader<'_>, rows: &[Node]) -> Option<Examples> {
    let mut columns: Vec<Column> = Vec::new();
    for row in rows {
        for entry in reader.mapping(row, "a row: a mapping of names to values")? {
            if !columns.iter().any(|column| column.written == entry.key) {
                let column = Column::new(&entry.key);
                if column.variable.is_none() {
                    check_name(reader, &entry.key, entry.span);
                }
                columns.push(column);
            }
        }
    }
    let count = rows.len();
    let rows: Option<_> = all(rows.iter().map(|row| {
        all(columns.iter().map(|column| {
            let Some(entry) = row.entries().iter().find(|entry| entry.key == column.written) else {
                let help = "give it in every row: `null` where there is none".to_owned();
                reader.note(
                    row.span,
                    format!("this row has no `{}`, which others have", column.written),
                    help,
                );
                return None;
            };
            value(reader, &entry.value, Role::Sent)
        }))
    }));
    Some(Examples { columns, count, rows: rows.unwrap_or_default() })
}

fn in_file(reader: &mut Reader<'_>, node: &Node, types: Types) -> Option<Examples> {
    let (path, content) = reader.content(node)?;
    let Ok(text) = std::str::from_utf8(&content) else {
        reader.note(node.span, format!("`{}` isn't text in UTF-8", path.display()), None);
        return None;
    };
    let is = |extension: &str| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension));
    if is("csv") {
        return in_csv(reader, path, text, types);
    }
    if is("json") {
        return in_json(reader, node, text);
    }
    let help = "a table is a file with the extension `csv` or `json`, or a list in place".to_owned();
    reader.note(node.span, format!("`{}` is no table", path.display()), help);
    None
}

fn in_csv(reader: &mut Reader<'_>, path: PathBuf, text: &str, types: Types) -> Option<Examples> {
    let file = Arc::new(path);
    let mut note = |span: Span, message: String, help: Option<String>| {
        reader.take(Mistake { file: Arc::clone(&file), span, message, help });
    };
    let rows = match csv::rows(text) {
        Ok(rows) => rows,
        Err(error) => {
            note(error.span, error.message.into(), Some(error.help.into()));
            return None;
        }
    };
    let Some((header, rows)) = rows.split_first() else {
        let (message, help) = ("this table is empty", "its first line has the names of the columns");
        note(Span { line: 1, column: 1, ..Span::default() }, message.into(), Some(help.into()));
        return None;
    };
    if let [only] = header.as_slice()
        && let Some(separator) = [';', '\t'].into_iter().find(|separator| only.text.contains(*separator))
    {
        let message = format!("the columns of this table are separated by {separator:?}");
        note(only.span, message, Some("separate them by commas".into()));
        return None;
    }
    for (position, field) in header.iter().enumerate() {
        if header[..position].iter().any(|before| before.text == field.text) {
            note(field.span, format!("there is a column `{}` already", field.text), None);
        }
    }
    for row in rows.iter().filter(|row| row.len() != header.len()) {
        let (is, has) = (row.len(), header.len());
        let message = format!(
            "this row has {is} {}, and the first one {has}",
            if is == 1 { "field" } else { "fields" }
        );
        let help = (is > has).then(|| "write a field with a comma in it in quotes".to_owned());
        note(row[0].span, message, help);
    }
    let columns = header.iter().map(|field| Column::new(&field.text)).collect();
    let value = |field: &Field| TemplateValue::from(&value_of(field, types));
    let values = rows.iter().map(|row| row.iter().map(value).collect());
    Some(Examples { columns, count: rows.len(), rows: values.collect() })
}

/// The value of a field: what JSON reads as a number, a boolean or null is one, and nothing at all is null.
fn value_of(field: &Field, types: Types) -> Value {
    let text = field.text.as_str();
    let read = match (field.quoting, types) {
        (Quoting::Plain, Types::Read) if text.is_empty() => Some(Value::Null),
        (Quoting::Plain, Types::Read) => Value::parse(text).ok(),
        _ => None,
    };
    read.filter(|read| matches!(read, Value::Null | Value::Bool(_) | Value::Number(_)))
        .unwrap_or_else(|| text.into())
}

fn in_json(reader: &mut Reader<'_>, node: &Node, text: &str) -> Option<Examples> {
    let wrong = "a table in JSON is a list of objects: `[{ \"user\": \"ann\" }]`".to_owned();
    let items = match Value::parse(text) {
        Ok(Value::Array(items)) => items,
        Ok(_) => {
            reader.note(node.span, "this file holds no list", wrong);
            return None;
        }
        Err(error) => {
            reader.note(node.span, format!("this file isn't JSON: {error}"), wrong);
            return None;
        }
    };
    let mut columns: Vec<Column> = Vec::new();
    for (number, item) in (1..).zip(&items) {
        let Value::Object(entries) = item else {
            reader.note(node.span, format!("row {number} in this file is no object"), wrong);
            return None;
        };
        for (name, _) in entries
            .iter()
            .filter(|(name, _)| !columns.iter().any(|column| column.written == **name))
            .collect::<Vec<_>>()
        {
            columns.push(Column::new(name));
        }
    }
    let rows: Option<_> = all((1..).zip(&items).map(|(number, item)| {
        all(columns.iter().map(|Column { written, .. }| {
            let found = item.get(written).map(TemplateValue::from);
            if found.is_none() {
                let help = "give it in every row: `null` where there is none".to_owned();
                reader.note(
                    node.span,
                    format!("row {number} in this file has no `{written}`, which others have"),
                    help,
                );
            }
            found
        }))
    }));
    Some(Examples { columns, count: items.len(), rows: rows.unwrap_or_default() })
}

impl Examples {
    /// Notes that nothing uses a value of the table.
    pub(crate) fn check_used(&self, reader: &mut Reader<'_>, span: Span) {
        let variables: Vec<&str> =
            self.columns.iter().filter_map(|column| column.variable.as_deref()).collect();
        if self.count > 0 && !variables.iter().any(|name| reader.names.is_used(name)) {
            let named: Vec<String> = variables.iter().map(|name| format!("${{{name}}}")).collect();
            let named: Vec<&str> = named.iter().map(String::as_str).collect();
            let help = match named.as_slice() {
                [] => "none of its columns has a name that an expression can use".into(),
                named => format!("there are {}", suggestion::list(named)),
            };
            reader.note(span, "no step uses a value of these examples", help);
        }
    }

    /// The scenario of each row. `name` is that of all of them.
    pub(crate) fn scenarios(
        &self,
        reader: &mut Reader<'_>,
        node: &Node,
        name: &Template,
        scenario: &Scenario,
    ) -> Option<Vec<Scenario>> {
        let is_same = name.names().next().is_none();
        let of = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let rows = (1..).zip(&self.rows).map(|(number, values)| {
            let variables = || self.columns.iter().zip(values);
            let vars =
                variables().filter_map(|(column, value)| Some((column.variable.clone()?, value.clone())));
            let vars: Vec<(String, TemplateValue)> = vars.collect();
            let known = vars
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), value.render(&Scope::default()).ok()?)));
            let named = name.render(&Scope::new(known)).map_err(|error| {
                reader.note(node.span, format!("row {number} has no name: {error}"), None);
            });
            Some(Scenario {
                name: named.ok()?,
                row: Some(Row { number, of }),
                vars: vars.into_iter().chain(scenario.vars.iter().cloned()).collect(),
                ..scenario.clone()
            })
        });
        let mut scenarios: Vec<Scenario> = all(rows)?;
        let mut seen = BTreeSet::new();
        let names = scenarios.iter().map(|scenario| scenario.name.clone());
        let twice: BTreeSet<String> = names.filter(|name| !seen.insert(name.clone())).collect();
        for (row, scenario) in (1..).zip(&mut scenarios) {
            if is_same || twice.contains(&scenario.name) {
                scenario.name = format!("{} ({row})", scenario.name);
            }
        }
        Some(scenarios)
    }
}
