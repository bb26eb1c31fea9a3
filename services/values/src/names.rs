//! Enums that are written as their names: in records, in APIs and in messages the same.

/// Value of a closed set, each with a name. Implemented by [`names!`](crate::names!).
pub trait Named: Copy + Eq + 'static {
    /// Name of the type.
    const TYPE: &'static str;
    /// What the type stands for: its doc comment.
    const DESCRIPTION: &'static str;
    /// Every value, in the order of the declaration.
    const ALL: &'static [Self];

    /// The name that is written.
    fn name(self) -> &'static str;

    /// The value with this name.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.name() == name)
    }
}

/// Declares an enum whose values are written as names, by serde, [`Display`](std::fmt::Display) and
/// [`Named`] alike. The crate that uses it needs serde.
///
/// ```
/// values::names! {
///     /// Size of a shirt.
///     pub enum Size {
///         /// Fits few.
///         Small = "small",
///         /// Fits most.
///         VeryLarge = "very_large",
///     }
/// }
///
/// use values::Named;
/// assert_eq!(Size::VeryLarge.to_string(), "very_large");
/// assert_eq!(Size::named("small"), Some(Size::Small));
/// assert_eq!(Size::DESCRIPTION.trim(), "Size of a shirt.");
/// ```
#[macro_export]
macro_rules! names {
    (
        $(#[doc = $doc:literal])*
        $vis:vis enum $type:ident { $($(#[$meta:meta])* $value:ident = $name:literal),+ $(,)? }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        $vis enum $type { $($(#[$meta])* #[serde(rename = $name)] $value),+ }

        impl $crate::Named for $type {
            const TYPE: &'static str = stringify!($type);
            const DESCRIPTION: &'static str = concat!($($doc, "\n"),*);
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn name(self) -> &'static str {
                match self { $(Self::$value => $name),+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::Named::name(*self))
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::Named;

    names! {
        /// A state.
        enum State {
            On = "on",
            HalfOn = "half_on",
        }
    }

    #[test]
    fn every_way_to_write_a_value_gives_its_name() {
        for (value, name) in [(State::On, "on"), (State::HalfOn, "half_on")] {
            assert_eq!((value.to_string().as_str(), State::named(name)), (name, Some(value)));
            let json = serde_json::to_string(&value).unwrap();
            assert_eq!(json, format!("{name:?}"));
            assert_eq!(serde_json::from_str::<State>(&json).unwrap(), value);
        }
        assert_eq!(State::named("off"), None);
        assert!(serde_json::from_str::<State>(r#""off""#).is_err());
        assert_eq!((State::ALL.len(), State::TYPE, State::DESCRIPTION), (2, "State", " A state.\n"));
    }
}
