//! The JSON Schemas by which editors complete and check what is written, made from the tables that the reader uses.
//!
//! Each table is a definition, to which all that hold such a mapping refer, so that tables can hold one another.

use serde_json::{Map, Value, json};

use super::{
    file_kind::FileKind,
    reader::EXTENSION,
    step::STEP,
    table::{Key, Presence, Shape, Table},
};

const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The JSON Schema (draft 7) of a file that is of one of these kinds, which the key at its top tells. What depends on the whole
/// file, such as a variable that is undefined, is left to [`read_file`](crate::read_file).
pub fn schema(kinds: &[FileKind]) -> Value {
    let mut definitions = Definitions::default();
    let mut schema = definitions.files(kinds);
    schema["$schema"] = DRAFT.into();
    schema["$defs"] = definitions.0.into();
    schema
}

/// The tables that were met so far, by their names.
#[derive(Default)]
struct Definitions(Map<String, Value>);

impl Definitions {
    fn files(&mut self, kinds: &[FileKind]) -> Value {
        match kinds {
            [] => json!(false),
            [only] => self.file(*only),
            [first, rest @ ..] => json!({
                "if": { "required": [first.key()] },
                "then": self.file(*first),
                "else": self.files(rest),
            }),
        }
    }

    /// The schema of a whole file, in which keys that begin with `x-` can hold anything.
    fn file(&mut self, kind: FileKind) -> Value {
        let mut schema = self.mapping(kind.table());
        schema["patternProperties"] = json!({ format!("^{EXTENSION}"): {} });
        schema
    }

    fn mapping(&mut self, table: &Table) -> Value {
        let properties: Map<String, Value> =
            table.keys().map(|key| (key.name.to_owned(), self.property(key))).collect();
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

    fn property(&mut self, key: &Key) -> Value {
        let mut schema = self.shape(&key.shape);
        if schema.get("$ref").is_some() {
            // Beside a reference, nothing else would count.
            schema = json!({ "allOf": [schema] });
        }
        schema["description"] = key.doc.into();
        if let Some(default) = key.default {
            schema["default"] = serde_json::from_str(default).unwrap_or_else(|_| default.into());
        }
        schema
    }

    fn shape(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Text => json!({ "type": ["string", "number", "boolean"] }),
            Shape::Expression => json!({ "type": "string" }),
            Shape::Pattern(pattern) => json!({ "type": "string", "pattern": pattern }),
            Shape::Whole(least) => json!({ "type": "integer", "minimum": least }),
            Shape::Fraction => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
            Shape::Status => json!({ "type": "integer", "minimum": 100, "maximum": 599 }),
            Shape::Boolean => json!({ "type": "boolean" }),
            Shape::True => json!({ "const": true }),
            Shape::Choice(words) => json!({ "enum": words }),
            Shape::Json => json!({}),
            Shape::Table(table) => self.reference(table),
            Shape::Names(value) => json!({ "type": "object", "additionalProperties": self.shape(value) }),
            Shape::List(item) => json!({ "type": "array", "items": self.shape(item) }),
            Shape::OneOrMore(item) => json!({ "anyOf": [self.shape(item), self.shape(&Shape::List(item))] }),
            Shape::Either(shapes) => {
                json!({ "anyOf": shapes.iter().map(|shape| self.shape(shape)).collect::<Vec<_>>() })
            }
            Shape::Null => json!({ "type": "null" }),
            Shape::Steps => json!({ "type": "array", "items": self.reference(&STEP) }),
        }
    }

    fn reference(&mut self, table: &Table) -> Value {
        let name = table.slug();
        if !self.0.contains_key(&name) {
            // Within itself, a table is known already.
            self.0.insert(name.clone(), Value::Null);
            let mapping = self.mapping(table);
            self.0.insert(name.clone(), mapping);
        }
        json!({ "$ref": format!("#/$defs/{name}") })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    static NESTED: Table = Table {
        what: "a nested one",
        groups: &[&[Key::optional("inner", Shape::List(&Shape::Table(&NESTED)), "Holds the same.")]],
    };

    #[test]
    fn a_table_can_hold_itself() {
        let mut definitions = Definitions::default();
        let reference = json!({ "$ref": "#/$defs/nested-one" });
        assert_eq!(definitions.reference(&NESTED), reference);
        let nested = &definitions.0["nested-one"];
        assert_eq!(nested["properties"]["inner"]["items"], reference);
        assert_eq!(nested["properties"]["inner"]["description"], "Holds the same.");
    }

    #[test]
    fn a_key_of_a_table_is_a_property_with_its_description() {
        let scenario = schema(&[FileKind::Scenario]);
        assert_eq!(scenario["properties"]["steps"]["items"], json!({ "$ref": "#/$defs/step" }));
        let step = &scenario["$defs"]["step"];
        assert_eq!(
            step["properties"]["wait"]["description"],
            "Lets time pass, or waits for traffic on a link."
        );
        assert_eq!(step["additionalProperties"], false);
        assert_eq!(step["oneOf"][0], json!({ "required": ["request"] }));
        let eventually = &scenario["$defs"]["eventually"]["properties"];
        assert_eq!(eventually["every"]["default"], "100ms");
        assert_eq!(eventually["expect"]["allOf"], json!([{ "$ref": "#/$defs/expectation" }]));
        let expect = &scenario["$defs"]["expectation"];
        let status = json!({ "type": "integer", "minimum": 100, "maximum": 599 });
        assert_eq!(expect["properties"]["status"]["anyOf"][0]["anyOf"][0], status);
        assert_eq!(scenario["required"], json!(["scenario", "steps"]));
        let configuration = schema(&[FileKind::Configuration]);
        let services = &configuration["properties"]["services"]["additionalProperties"];
        assert_eq!(services, &json!({ "$ref": "#/$defs/service" }));
        let required = &configuration["$defs"]["service"]["properties"]["required"];
        assert_eq!((&required["type"], &required["default"]), (&json!("boolean"), &json!(true)));
    }

    #[test]
    fn tables_with_the_same_name_are_the_same_table() {
        fn walk(table: &'static Table, seen: &mut BTreeMap<String, Vec<&str>>) {
            let keys: Vec<&str> = table.keys().map(|key| key.name).collect();
            if let Some(known) = seen.insert(table.slug(), keys.clone()) {
                assert_eq!(known, keys, "{}", table.what);
                return;
            }
            for inner in table.keys().flat_map(|key| key.shape.tables()) {
                walk(inner, seen);
            }
        }
        let mut seen = BTreeMap::new();
        for kind in FileKind::ALL {
            walk(kind.table(), &mut seen);
        }
        assert!(seen.len() > 20, "{seen:?}");
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
        walk(&schema(&FileKind::ALL));
    }
}
