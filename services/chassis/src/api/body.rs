//! JSON bodies of requests. The error for a wrong one names every wrong field.

use poem::{FromRequest, Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    payload::{Json, Payload},
    registry::{MetaRequest, MetaSchema, MetaSchemaRef, Registry},
    types::{ParseFromJSON, ToJSON},
};
use serde_json::Value;
use values::{Fingerprint, Money};

use super::problem::Problem;

/// Body of a request: a JSON object.
#[derive(Debug, Clone)]
pub struct Body<T>(pub T);

impl<T: ToJSON> Body<T> {
    /// The same for bodies that differ in spelling or order alone.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.0.to_json_string())
    }
}

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Json<T> as Payload>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        <Json<T> as ApiExtractor>::request_meta()
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let bytes = <Vec<u8> as FromRequest>::from_request(request, body).await?;
        Ok(Self(parse(&bytes)?))
    }
}

/// Reads a body. The problem names every wrong field.
fn parse<T: ParseFromJSON>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.is_empty() {
        return Err(Problem::invalid("a JSON body is needed"));
    }
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Problem::invalid(format_args!("the body is not JSON: {error}")))?;
    T::parse_from_json(Some(value.clone())).map_err(|error| {
        let mut registry = Registry::new();
        let schema = registry.create_fake_schema::<T>();
        let mistakes = mistakes(&registry, &schema, &value);
        let all = if mistakes.is_empty() { error.into_message() } else { mistakes.join("; ") };
        Problem::invalid(all)
    })
}

/// Mistakes of a body against its schema, one for each wrong field.
fn mistakes(registry: &Registry, schema: &MetaSchema, value: &Value) -> Vec<String> {
    let Value::Object(fields) = value else {
        return vec!["the body must be a JSON object".into()];
    };
    let mut mistakes = Vec::new();
    for (name, property) in &schema.properties {
        match fields.get(*name) {
            None | Some(Value::Null) => {
                if schema.required.contains(name) {
                    mistakes.push(format!("`{name}` is missing"));
                }
            }
            Some(given) => {
                mistakes.extend(misfit(registry, property, given).map(|must| format!("`{name}` {must}")));
            }
        }
    }
    for name in fields.keys().filter(|name| !schema.properties.iter().any(|(known, _)| known == name)) {
        let known: Vec<_> = schema.properties.iter().map(|(name, _)| format!("`{name}`")).collect();
        mistakes.push(format!("`{name}` is unknown: there are {}", known.join(", ")));
    }
    mistakes
}

/// What a value must be by its schema and isn't.
fn misfit(registry: &Registry, schema: &MetaSchemaRef, value: &Value) -> Option<String> {
    let schema = match schema {
        MetaSchemaRef::Inline(schema) => schema,
        MetaSchemaRef::Reference(name) => registry.schemas.get(name)?,
    };
    if let Some(inner) = schema.all_of.first() {
        return misfit(registry, inner, value);
    }
    if !schema.enum_items.is_empty() {
        let known: Vec<_> = schema.enum_items.iter().map(ToString::to_string).collect();
        return (!schema.enum_items.contains(value)).then(|| format!("must be one of {}", known.join(", ")));
    }
    match (schema.ty, value) {
        ("integer", Value::Number(number)) if number.as_f64().is_some_and(|given| given.fract() == 0.0) => {
            range(schema, number.as_f64()?)
        }
        ("integer", _) => Some("must be a whole number".into()),
        ("number", Value::Number(number)) => {
            let given = number.as_f64()?;
            range(schema, given).or_else(|| ranges(schema, given)).or_else(|| {
                schema
                    .multiple_of
                    .and_then(|_| Money::from_number(number).err())
                    .map(|error| error.to_string())
            })
        }
        ("number", _) => Some("must be a number".into()),
        ("string", Value::String(text)) => {
            let length = text.chars().count();
            bounded(schema.min_length, schema.max_length, length, "characters")
                .or_else(|| schema.pattern.as_ref().and_then(|pattern| pattern_mismatch(pattern, text)))
        }
        ("string", _) => Some("must be a string".into()),
        ("array", Value::Array(items)) => bounded(schema.min_items, schema.max_items, items.len(), "items")
            .or_else(|| {
                let item = schema.items.as_ref()?;
                items.iter().enumerate().find_map(|(at, value)| {
                    misfit(registry, item, value).map(|must| format!("at place {at} {must}"))
                })
            }),
        ("array", _) => Some("must be a list".into()),
        _ => None,
    }
}

fn range(schema: &MetaSchema, number: f64) -> Option<String> {
    match (schema.minimum, schema.maximum) {
        (Some(minimum), _) if number < minimum => Some(format!("must be at least {minimum}")),
        (_, Some(maximum)) if number > maximum => Some(format!("must be at most {maximum}")),
        _ => None,
    }
}

/// What a number must be by a schema that allows several ranges.
fn ranges(schema: &MetaSchema, number: f64) -> Option<String> {
    let parts = schema.any_of.iter().filter_map(|part| match part {
        MetaSchemaRef::Inline(part) => Some(range(part, number)),
        MetaSchemaRef::Reference(_) => None,
    });
    let refusals: Option<Vec<_>> = parts.collect();
    refusals.filter(|refusals| !refusals.is_empty()).map(|refusals| refusals.join(" or "))
}

fn bounded(least: Option<usize>, most: Option<usize>, count: usize, what: &str) -> Option<String> {
    if least.is_some_and(|least| count < least) || most.is_some_and(|most| count > most) {
        let least = least.unwrap_or(0);
        return Some(match most {
            Some(most) => format!("must have {least} to {most} {what}"),
            None => format!("must have at least {least} {what}"),
        });
    }
    None
}

fn pattern_mismatch(pattern: &str, text: &str) -> Option<String> {
    let regex = regex::Regex::new(pattern).ok()?;
    (!regex.is_match(text)).then(|| format!("must look like {pattern}"))
}
