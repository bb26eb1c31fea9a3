//! Single values of the API: what is documented of one and what is refused stand side by side.

use poem_openapi::registry::MetaSchema;
pub use serde_json::Value;

/// A value without parts: its schema, and how it is read and written.
pub trait Leaf: Sized + Send + Sync + 'static {
    /// The name in the registry of types.
    const NAME: &'static str;

    /// What the specification says of it.
    fn schema() -> MetaSchema;

    /// Reads it from a body. The error is a fragment that fits "`field` …".
    fn from_json(value: &Value) -> Result<Self, String>;

    /// Reads it from a path, a query or a header. The error is such a fragment too.
    fn from_text(text: &str) -> Result<Self, String>;

    /// Writes it.
    fn to_json(&self) -> Value;
}

/// Makes a [`Leaf`](crate::leaf::Leaf) a type of poem-openapi's: `leaf!(Item)`, `leaf!(Id<K>, K: 'static)`.
#[macro_export]
macro_rules! leaf {
    ($type:ty $(, $($bound:tt)+)?) => {
        impl $(<$($bound)+>)? poem_openapi::types::Type for $type {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> std::borrow::Cow<'static, str> {
                <Self as $crate::leaf::Leaf>::NAME.into()
            }

            fn schema_ref() -> poem_openapi::registry::MetaSchemaRef {
                poem_openapi::registry::MetaSchemaRef::Inline(Box::new(<Self as $crate::leaf::Leaf>::schema()))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }

        impl $(<$($bound)+>)? poem_openapi::types::ParseFromJSON for $type {
            fn parse_from_json(value: Option<$crate::leaf::Value>) -> poem_openapi::types::ParseResult<Self> {
                <Self as $crate::leaf::Leaf>::from_json(&value.unwrap_or_default())
                    .map_err(poem_openapi::types::ParseError::custom)
            }
        }

        impl $(<$($bound)+>)? poem_openapi::types::ParseFromParameter for $type {
            fn parse_from_parameter(text: &str) -> poem_openapi::types::ParseResult<Self> {
                <Self as $crate::leaf::Leaf>::from_text(text).map_err(poem_openapi::types::ParseError::custom)
            }
        }

        impl $(<$($bound)+>)? poem_openapi::types::ToJSON for $type {
            fn to_json(&self) -> Option<$crate::leaf::Value> {
                Some(<Self as $crate::leaf::Leaf>::to_json(self))
            }
        }
    };
}
pub use leaf;
