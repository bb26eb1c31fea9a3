//! Values in their wire format: what a specification says of one and what is refused stand side by side.

use std::{borrow::Cow, fmt, str::FromStr};

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde_json::Value;
use values::Named;

/// A value that is one JSON value: its schema, and how it is read and written.
pub trait WireFormat: Sized + Send + Sync + 'static {
    /// Name of the component that holds the schema. Without one, the schema stands where it is used.
    const COMPONENT: Option<&'static str> = None;

    /// The schema.
    fn schema() -> MetaSchema;

    /// Reads the value from a body. The error is a fragment that fits "`field` …".
    fn read(value: &Value) -> Result<Self, String>;

    /// Writes the value into a body.
    fn write(&self) -> Value;
}

/// Gives an enum of names its wire format: `impl WireName for Status {}`.
pub trait WireName: Named + Send + Sync {}

impl<T: WireName> WireFormat for T {
    const COMPONENT: Option<&'static str> = Some(T::TYPE);

    fn schema() -> MetaSchema {
        // `text.is_empty()` would be poem-openapi's, which is always false here.
        let description = Some(T::DESCRIPTION.trim()).filter(|text| !str::is_empty(text));
        let enum_items = T::ALL.iter().map(WireFormat::write).collect();
        MetaSchema { description, enum_items, ..MetaSchema::new("string") }
    }

    fn read(value: &Value) -> Result<Self, String> {
        let all = || T::ALL.iter().map(|value| value.name()).collect::<Vec<_>>().join(", ");
        value.as_str().and_then(T::named).ok_or_else(|| format!("must be one of {}", all()))
    }

    fn write(&self) -> Value {
        self.name().into()
    }
}

/// A value as a part of the API: a field, a parameter or a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wire<T>(pub T);

impl<T> Wire<T> {
    /// The value.
    pub fn value(self) -> T {
        self.0
    }
}

impl<T: WireFormat> Type for Wire<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = T;
    type RawElementValueType = T;

    fn name() -> Cow<'static, str> {
        T::COMPONENT.unwrap_or_else(|| T::schema().ty).into()
    }

    fn schema_ref() -> MetaSchemaRef {
        match T::COMPONENT {
            Some(name) => MetaSchemaRef::Reference(name.into()),
            None => MetaSchemaRef::Inline(Box::new(T::schema())),
        }
    }

    fn register(registry: &mut Registry) {
        if let Some(name) = T::COMPONENT {
            registry.create_schema::<Self, _>(name.to_owned(), |_| T::schema());
        }
    }

    fn as_raw_value(&self) -> Option<&T> {
        Some(&self.0)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a T> + 'a> {
        Box::new(std::iter::once(&self.0))
    }
}

impl<T: WireFormat> ParseFromJSON for Wire<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        T::read(&value.unwrap_or_default()).map(Wire).map_err(ParseError::custom)
    }
}

impl<T: WireFormat + FromStr<Err: fmt::Display>> ParseFromParameter for Wire<T> {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        text.parse().map(Wire).map_err(ParseError::custom)
    }
}

impl<T: WireFormat> ToJSON for Wire<T> {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.write())
    }
}
