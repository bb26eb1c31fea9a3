//! The JSON Schemas by which editors complete and check what is written, made from the tables that the reader uses.

use serde_json::{Map, Value, json};

use super::{
    configuration::CONFIGURATION,
    exploration::EXPLORATION,
    invariant::INVARIANTS,
    reader::EXTENSION,
    scenario::SCENARIO,
    table::{Presence, Shape, Table},
};

const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The JSON Schema of the files among the scenarios. What depends on the whole file, such as a variable that is
/// undefined, is left to [`read_file`](crate::read_file).
pub fn schema() -> Value {
    let files = [&SCENARIO, &INVARIANTS, &EXPLORATION].map(of_file);
    json!({ "$schema": DRAFT, "title": "scenario", "anyOf": files })
}

/// The JSON Schema of e2e.conf.
pub fn configuration_schema() -> Value {
    let mut schema = of_file(&CONFIGURATION);
    schema["$schema"] = DRAFT.into();
    schema
}

/// The schema of a whole file, in which keys that begin with `x-` can hold anything.
fn of_file(table: &Table) -> Value {
    let mut schema = of_table(table);
    schema["patternProperties"] = json!({ format!("^{EXTENSION}"): {} });
    schema
}

fn of_table(table: &Table) -> Value {
    let described = |key: &super::table::Key| {
        let mut schema = of_shape(&key.shape);
        schema["description"] = key.doc.into();
        (key.name.to_owned(), schema)
    };
    let properties: Map<String, Value> = table.keys().map(described).collect();
    let mut schema = json!({
        "type": "object",
        "title": table.what,
        "properties": properties,
        "required": table.names(Presence::Required),
        "additionalProperties": false,
    });
    let one_of = table.names(Presence::OneOf);
    if !one_of.is_empty() {
        schema["oneOf"] = one_of.iter().map(|key| json!({ "required": [key] })).collect();
    }
    schema
}

fn of_shape(shape: &Shape) -> Value {
    match shape {
        Shape::Text => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Pattern(pattern) => json!({ "type": "string", "pattern": pattern }),
        Shape::Whole(least) => json!({ "type": "integer", "minimum": least }),
        Shape::Fraction => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Shape::Status => json!({ "type": "integer", "minimum": 100, "maximum": 599 }),
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::True => json!({ "const": true }),
        Shape::Choice(words) => json!({ "enum": words }),
        Shape::Json => json!({}),
        Shape::Table(table) => of_table(table),
        Shape::Names(value) => json!({ "type": "object", "additionalProperties": of_shape(value) }),
        Shape::List(item) => json!({ "type": "array", "items": of_shape(item) }),
        Shape::OneOrMore(item) => json!({ "anyOf": [of_shape(item), of_shape(&Shape::List(item))] }),
        Shape::Either(shapes) => json!({ "anyOf": shapes.iter().map(of_shape).collect::<Vec<_>>() }),
        Shape::Null => json!({ "type": "null" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_a_table_is_a_property_with_its_description() {
        let step = &schema()["anyOf"][0]["properties"]["steps"]["items"];
        assert_eq!(step["properties"]["wait"]["description"], "Lets time pass.");
        assert_eq!(step["additionalProperties"], false);
        assert_eq!(step["oneOf"][0], json!({ "required": ["request"] }));
        let expect = &step["properties"]["eventually"]["properties"]["expect"]["anyOf"][0];
        let status = json!({ "type": "integer", "minimum": 100, "maximum": 599 });
        assert_eq!(expect["properties"]["status"]["anyOf"][0], status);
        assert_eq!(schema()["anyOf"][0]["required"], json!(["scenario", "steps"]));
        let service = &configuration_schema()["properties"]["services"]["additionalProperties"];
        assert_eq!(service["properties"]["required"]["type"], "boolean");
    }

    /// Editors show the descriptions, and a reference is made of them.
    #[test]
    fn every_key_is_described_in_one_line() {
        fn walk(schema: &Value) {
            let properties = schema["properties"].as_object().into_iter().flatten();
            for (key, value) in properties {
                let description = value["description"].as_str().unwrap_or_default();
                let one_line =
                    description.starts_with(|c: char| c.is_uppercase()) && !description.contains('\n');
                assert!(one_line && description.ends_with('.'), "{key}: {description}");
            }
            match schema {
                Value::Object(entries) => entries.values().for_each(walk),
                Value::Array(items) => items.iter().for_each(walk),
                _ => {}
            }
        }
        walk(&schema());
        walk(&configuration_schema());
    }
}
