//! The specification, made honest: what poem-openapi can't say of itself is added here.

use std::{
    any::TypeId,
    collections::BTreeMap,
    marker::PhantomData,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use poem_openapi::{
    OpenApi, OpenApiService,
    registry::{MetaApi, Registry},
};
use serde_json::{Map, Value, json};

use crate::{
    config::About,
    id::LARGEST,
    problem::{CONTENT_TYPE, meaning},
    routing::Table,
};

/// The documents of one service.
pub(crate) struct Docs {
    /// The specification as JSON text.
    pub(crate) specification: String,
    /// Every path of it with its methods.
    pub(crate) routes: Vec<Route>,
    page: OnceLock<String>,
    blank_page: Box<dyn Fn() -> String + Send + Sync>,
}

/// The description of an API without the API, so that documents can be made at any time.
pub(crate) struct Description<T>(PhantomData<fn() -> T>);

impl<T> Default for Description<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: OpenApi> OpenApi for Description<T> {
    fn meta() -> Vec<MetaApi> {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, _: &mut Table) {}
}

/// One path of the specification: `/api/users/{id}` with GET.
pub(crate) struct Route {
    segments: Vec<Segment>,
    /// The methods in capitals.
    pub(crate) methods: Vec<String>,
}

enum Segment {
    Fixed(String),
    Parameter(String),
}

impl Route {
    fn new(path: &str, methods: Vec<String>) -> Self {
        let segments = path.split('/').skip(1).map(|segment| {
            match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(name) => Segment::Parameter(name.to_owned()),
                None => Segment::Fixed(segment.to_owned()),
            }
        });
        Self { segments: segments.collect(), methods }
    }

    /// Whether a request for `path` comes here.
    pub(crate) fn serves(&self, path: &str) -> bool {
        let given: Vec<_> = path.split('/').skip(1).collect();
        given.len() == self.segments.len()
            && self.segments.iter().zip(given).all(|(segment, given)| match segment {
                Segment::Fixed(fixed) => fixed == given,
                Segment::Parameter(_) => !given.is_empty(),
            })
    }

    /// The name of the parameter that poem-openapi calls `param0`, `param1`, ….
    pub(crate) fn parameter(&self, internal: &str) -> Option<&str> {
        let place: usize = internal.strip_prefix("param")?.parse().ok()?;
        let names = self.segments.iter().filter_map(|segment| match segment {
            Segment::Parameter(name) => Some(name.as_str()),
            Segment::Fixed(_) => None,
        });
        names.into_iter().nth(place)
    }
}

/// What was made so far, by API.
static MADE: Mutex<BTreeMap<TypeId, Arc<Docs>>> = Mutex::new(BTreeMap::new());

impl Docs {
    /// The documents of the API `T`, made once in a process: they take a third of a service's start, and a simulation
    /// starts thousands of services.
    pub(crate) fn shared<T: OpenApi + 'static>(about: &About) -> Arc<Self> {
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(made.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(Self::of::<T>(about))))
    }

    /// Documents the API `T`.
    fn of<T: OpenApi + 'static>(about: &About) -> Self {
        let about = *about;
        let service = move || {
            OpenApiService::new(Description::<T>::default(), about.name, env!("CARGO_PKG_VERSION"))
                .description(about.purpose)
        };
        // Read as a float, the largest id would lose its last digit.
        let text = service().spec().replace(&format!("{LARGEST}.0"), &LARGEST.to_string());
        let mut document: Value =
            serde_json::from_str(&text).expect("poem-openapi writes its specification as JSON");
        refine(&mut document);
        let mut routes: Vec<Route> = object(&document["paths"])
            .map(|(path, operations)| {
                let methods = object(operations).map(|(method, _)| method.to_uppercase()).collect();
                Route::new(path, methods)
            })
            .collect();
        for path in ["/", "/docs", "/openapi.json"] {
            routes.push(Route::new(path, vec!["GET".into()]));
        }
        let specification = document.to_string();
        let blank_page = move || service().swagger_ui_html().replacen(&service().spec(), PLACE, 1);
        Self { specification, routes, page: OnceLock::new(), blank_page: Box::new(blank_page) }
    }

    /// Swagger UI with the specification in it, made when it is first asked for: it is a megabyte.
    pub(crate) fn page(&self) -> &str {
        self.page.get_or_init(|| (self.blank_page)().replacen(PLACE, &self.specification, 1))
    }
}

/// Where the specification goes in Swagger UI's page.
const PLACE: &str = "\u{0}specification\u{0}";

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// Makes `OpenAPI` 3.1 of it, in which schemas are JSON Schema; closes the bodies of requests, whose optional fields may
/// be null; adds the errors that come from before the handlers, and that the first record serves as an example.
fn refine(document: &mut Value) {
    document["openapi"] = json!("3.1.0");
    schemas(document);
    let mut bodies = Vec::new();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, operation) in paths.flat_map(|(_, operations)| operations.as_object_mut().into_iter().flatten()) {
        if let Some(reference) = operation.pointer("/requestBody/content/application~1json/schema/$ref") {
            bodies.extend(reference.as_str().and_then(|path| path.rsplit('/').next()).map(str::to_owned));
        }
        for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            if parameter["in"] == "path" && parameter["schema"]["type"] == "integer" {
                parameter["schema"]["examples"] = json!([1]);
            }
        }
        let with_body = operation.get("requestBody").is_some();
        let with_parameters = operation["parameters"].as_array().is_some_and(|list| !list.is_empty());
        let mut add = |status: u16| {
            let responses = operation["responses"].as_object_mut().expect("an operation has responses");
            responses.entry(status.to_string()).or_insert_with(|| {
                json!({
                    "description": meaning(status),
                    "content": { CONTENT_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } },
                })
            });
        };
        if with_body || with_parameters {
            add(400);
        }
        if with_body {
            add(413);
            add(415);
        }
        add(500);
        if let Some(responses) = operation["responses"].as_object_mut() {
            for (status, response) in responses.iter_mut() {
                if response["description"] == "" {
                    response["description"] = json!(if status == "201" { "Made" } else { "Done" });
                }
            }
            responses.sort_keys();
        }
    }
    for name in bodies {
        let schema = &mut document["components"]["schemas"][&name];
        schema["additionalProperties"] = json!(false);
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (name, property) in schema["properties"].as_object_mut().into_iter().flatten() {
            if !required.iter().any(|required| required == name) {
                nullable(property.as_object_mut().expect("a schema is an object"));
            }
        }
    }
}

/// Rewrites, everywhere, what `OpenAPI` 3.0 says in a way of its own.
fn schemas(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(schemas),
        Value::Object(fields) => {
            if let Some(content) = fields.get_mut("content").and_then(Value::as_object_mut) {
                rename(content, "application/json; charset=utf-8", "application/json");
            }
            if let Some(example) = fields.remove("example") {
                fields.insert("examples".into(), json!([example]));
            }
            fields.values_mut().for_each(schemas);
            if fields.remove("nullable").is_some_and(|nullable| nullable == true) {
                nullable(fields);
            }
        }
        _ => {}
    }
}

fn rename(fields: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = fields.remove(from) {
        fields.insert(to.into(), value);
    }
}

/// Lets a schema be null as JSON Schema says it.
fn nullable(fields: &mut Map<String, Value>) {
    if let Some(Value::String(kind)) = fields.get("type") {
        let kind = kind.clone();
        fields.insert("type".into(), json!([kind, "null"]));
    } else if let Some(Value::Array(mut parts)) = fields.remove("allOf") {
        // A reference that may be null: poem-openapi writes `allOf: [reference, {nullable}]`.
        parts.retain(|part| part.get("$ref").is_some());
        parts.push(json!({ "type": "null" }));
        fields.insert("anyOf".into(), parts.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_knows_its_parameters() {
        let route = Route::new("/api/users/{id}/operations/{key}/cancel", vec!["POST".into()]);
        assert!(route.serves("/api/users/1/operations/a%2Fb/cancel"));
        assert!(!route.serves("/api/users/1/operations//cancel"));
        assert!(!route.serves("/api/users/1/operations"));
        assert_eq!(route.parameter("param1"), Some("key"));
        assert_eq!(route.parameter("param2"), None);
    }

    #[test]
    fn null_is_said_in_json_schema() {
        let mut schema = json!({
            "properties": {
                "name": { "type": "string", "nullable": true, "example": "alice" },
                "user": { "allOf": [{ "$ref": "#/components/schemas/User" }, { "nullable": true }], "nullable": true },
            }
        });
        schemas(&mut schema);
        let expected = json!({
            "properties": {
                "name": { "type": ["string", "null"], "examples": ["alice"] },
                "user": { "anyOf": [{ "$ref": "#/components/schemas/User" }, { "type": "null" }] },
            }
        });
        assert_eq!(schema, expected);
    }
}
