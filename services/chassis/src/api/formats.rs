//! Wire formats of the values that all services use.

use std::str::FromStr;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use serde_json::Value;
use values::{
    Id, IdempotencyKey, Money, MoneyError,
    money::{Amount, Change, Opening},
};

use super::wire::WireFormat;
use crate::store::page::Limit;

/// The whole number that a JSON number is: `5.0` is an integer to JSON Schema too.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|number| number.fract() == 0.0)?;
        format!("{number:.0}").parse().ok()
    })
}

impl<K: 'static> WireFormat for Id<K> {
    fn schema() -> MetaSchema {
        #[expect(clippy::cast_precision_loss, reason = "2^53 - 1 is a float exactly")]
        let maximum = Some(Self::LARGEST as f64);
        let (minimum, example) = (Some(1.0), Some(1.into()));
        MetaSchema { minimum, maximum, example, ..MetaSchema::new_with_format("integer", "int64") }
    }

    fn read(value: &Value) -> Result<Self, String> {
        whole(value).and_then(Self::new).ok_or_else(|| values::IdError.to_string())
    }

    fn write(&self) -> Value {
        self.number().into()
    }
}

/// A limit is not from 1 to 10,000. Fits "… must …".
#[derive(Debug, thiserror::Error)]
#[error("must be a whole number from 1 to {}", Limit::LARGEST)]
pub struct LimitError;

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if plain { text.parse().ok() } else { None };
        number.and_then(Self::new).ok_or(LimitError)
    }
}

impl WireFormat for Limit {
    fn schema() -> MetaSchema {
        MetaSchema {
            minimum: Some(1.0),
            maximum: Some(10_000.0),
            default: Some(1_000.into()),
            ..MetaSchema::new_with_format("integer", "int32")
        }
    }

    fn read(value: &Value) -> Result<Self, String> {
        value.to_string().parse().map_err(|error: LimitError| error.to_string())
    }

    fn write(&self) -> Value {
        self.entries().into()
    }
}

impl WireFormat for IdempotencyKey {
    fn schema() -> MetaSchema {
        MetaSchema {
            min_length: Some(1),
            max_length: Some(Self::LONGEST),
            pattern: Some("^[!-~]+$".into()),
            ..MetaSchema::new("string")
        }
    }

    fn read(value: &Value) -> Result<Self, String> {
        value.as_str().unwrap_or_default().parse().map_err(|error: values::KeyError| error.to_string())
    }

    fn write(&self) -> Value {
        self.as_str().into()
    }
}

/// Text of `MIN` to `MAX` characters; not a number or boolean, of which poem-openapi would make a `String`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<const MIN: usize, const MAX: usize>(pub String);

impl<const MIN: usize, const MAX: usize> AsRef<str> for Text<MIN, MAX> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> WireFormat for Text<MIN, MAX> {
    fn schema() -> MetaSchema {
        MetaSchema { min_length: Some(MIN), max_length: Some(MAX), ..MetaSchema::new("string") }
    }

    fn read(value: &Value) -> Result<Self, String> {
        let text = value.as_str().ok_or("must be a string")?;
        if (MIN..=MAX).contains(&text.chars().count()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("must have {MIN} to {MAX} characters"))
        }
    }

    fn write(&self) -> Value {
        self.0.as_str().into()
    }
}

fn money(value: &Value) -> Result<Money, MoneyError> {
    match value {
        Value::Number(number) => Money::from_number(number),
        _ => Err(MoneyError::NotANumber),
    }
}

impl WireFormat for Money {
    /// Replies may name balances beyond what one request may move, so there are no bounds here.
    fn schema() -> MetaSchema {
        MetaSchema::new_with_format("number", "double")
    }

    fn read(value: &Value) -> Result<Self, String> {
        money(value).map_err(|error| error.to_string())
    }

    fn write(&self) -> Value {
        Value::Number(self.to_number())
    }
}

/// The schema of an amount in a request.
fn amount(minimum: f64) -> MetaSchema {
    let (minimum, maximum, multiple_of) = (Some(minimum), Some(1e9), Some(0.01));
    MetaSchema { minimum, maximum, multiple_of, ..MetaSchema::new_with_format("number", "double") }
}

macro_rules! bounded {
    ($($type:ident: $schema:expr),+ $(,)?) => {
        $(impl WireFormat for $type {
            fn schema() -> MetaSchema {
                $schema
            }

            fn read(value: &Value) -> Result<Self, String> {
                money(value).and_then(Self::new).map_err(|error| error.to_string())
            }

            fn write(&self) -> Value {
                self.money().write()
            }
        })+
    };
}

bounded! {
    Amount: amount(0.01),
    Change: MetaSchema {
        any_of: [(Some(0.01), None), (None, Some(-0.01))]
            .map(|(minimum, maximum)| MetaSchema { minimum, maximum, ..MetaSchema::ANY })
            .map(|part| MetaSchemaRef::Inline(Box::new(part)))
            .into(),
        ..amount(-1e9)
    },
    Opening: amount(0.0),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_number_is_an_id_however_it_is_written() {
        let check = |value: Value, id: Option<u64>| {
            assert_eq!(Id::<()>::read(&value).ok().map(Id::number), id, "{value}");
        };
        check(json!(5), Some(5));
        check(json!(5.0), Some(5));
        check(json!(1.5), None);
        check(json!(1e300), None);
        check(json!(0), None);
        check(json!("1"), None);
    }

    #[test]
    fn a_limit_is_digits_within_its_bounds() {
        for text in ["0", "10001", "", "+1", "1.0", " 1"] {
            assert!(text.parse::<Limit>().is_err(), "{text:?}");
        }
        assert_eq!("10000".parse::<Limit>().unwrap().entries(), 10_000);
    }

    #[test]
    fn an_amount_is_a_number_and_never_a_text() {
        assert!(Amount::read(&json!(1)).is_ok());
        for wrong in [json!("1"), json!(0), json!(-1), json!(1.001), json!(null)] {
            assert!(Amount::read(&wrong).is_err(), "{wrong}");
        }
        assert!(Change::read(&json!(-1)).is_ok() && Change::read(&json!(0)).is_err());
        assert!(Opening::read(&json!(0)).is_ok());
    }
}
