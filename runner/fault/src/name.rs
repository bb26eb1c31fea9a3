use std::{fmt, str::FromStr, sync::Arc};

/// The name under which a scenario's own requests are callers, as in `client -> users-service`.
pub const CLIENT: &str = "client";

/// Why a text is not a name or not a link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// A name has to have at least one character.
    #[error("a name can't be empty")]
    Empty,
    /// A name with a character that isn't allowed.
    #[error("a name has letters, digits, `-`, `_` and `.` only, not `{0}`")]
    Character(char),
    /// A link that isn't `caller -> callee`.
    #[error("a link is written `caller -> callee`")]
    NotALink,
}

fn checked(text: &str) -> Result<Arc<str>, NameError> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    match text.chars().find(|c| !allowed(*c)) {
        Some(c) => Err(NameError::Character(c)),
        None if text.is_empty() => Err(NameError::Empty),
        None => Ok(text.into()),
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $Name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $Name(Arc<str>);

        impl $Name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $Name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                checked(text).map(Self)
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// A service as e2e.conf names it, or [`CLIENT`].
    ServiceName
}
name! {
    /// A fault as its scenario names it.
    FaultName
}

impl ServiceName {
    /// The caller of a scenario's own requests.
    pub fn client() -> Self {
        Self(CLIENT.into())
    }
}

/// An edge from the service that calls to the service that is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// The service that sends requests.
    pub caller: ServiceName,
    /// The service that answers them.
    pub callee: ServiceName,
}

impl Link {
    /// The link `caller -> callee`.
    pub fn new(caller: ServiceName, callee: ServiceName) -> Self {
        Self { caller, callee }
    }
}

impl FromStr for Link {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let (caller, callee) = text.split_once("->").ok_or(NameError::NotALink)?;
        Ok(Self { caller: caller.trim().parse()?, callee: callee.trim().parse()? })
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} -> {}", self.caller, self.callee))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_reads_as_it_is_shown() {
        let link: Link = "payment-service->users-service".parse().expect("a link");
        assert_eq!(link.to_string(), "payment-service -> users-service");
        assert_eq!(link.to_string().parse(), Ok(link));
    }

    #[test]
    fn an_invalid_name_is_refused_with_the_reason() {
        assert_eq!("a b".parse::<ServiceName>(), Err(NameError::Character(' ')));
        assert_eq!("".parse::<FaultName>(), Err(NameError::Empty));
        assert_eq!("a".parse::<Link>(), Err(NameError::NotALink));
        assert_eq!("a -> ".parse::<Link>(), Err(NameError::Empty));
    }
}
