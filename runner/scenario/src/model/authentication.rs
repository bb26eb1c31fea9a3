use base64::{Engine, prelude::BASE64_STANDARD as STANDARD};
use http::HeaderValue;

use crate::{Bindings, EvaluationError, Scope, Template};

/// How a request says who sends it, in its header `Authorization`.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// Not at all, though what holds for more than this request says otherwise.
    None,
    /// A user and a password (RFC 7617).
    Basic {
        /// The user, without `:`.
        user: Template,
        /// The password.
        password: Template,
    },
    /// A token (RFC 6750).
    Bearer(Template),
}

impl Authentication {
    /// The same with other names or values for some of its variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        match self {
            Self::None => Self::None,
            Self::Basic { user, password } => {
                Self::Basic { user: user.bind(bindings), password: password.bind(bindings) }
            }
            Self::Bearer(token) => Self::Bearer(token.bind(bindings)),
        }
    }

    /// The value of `Authorization`; `None` for no authentication.
    pub fn header(&self, scope: &Scope) -> Result<Option<HeaderValue>, EvaluationError> {
        let (source, value) = match self {
            Self::None => return Ok(None),
            Self::Basic { user, password } => {
                let source = user.source();
                let user = user.render(scope)?;
                if user.contains(':') {
                    let reason = format!("{user:?} has a `:`, which ends a user");
                    return Err(EvaluationError { expression: source, reason });
                }
                let pair = format!("{user}:{}", password.render(scope)?);
                (source, format!("Basic {}", STANDARD.encode(pair)))
            }
            Self::Bearer(token) => (token.source(), format!("Bearer {}", token.render(scope)?)),
        };
        let invalid =
            |_| EvaluationError { expression: source, reason: "its value can't stand in a header".into() };
        HeaderValue::from_str(&value).map(Some).map_err(invalid)
    }

    /// The templates in it.
    pub(crate) fn templates(&self) -> Vec<&Template> {
        match self {
            Self::None => Vec::new(),
            Self::Basic { user, password } => vec![user, password],
            Self::Bearer(token) => vec![token],
        }
    }

    /// The templates in it, to be changed.
    pub(crate) fn templates_mut(&mut self) -> Vec<&mut Template> {
        match self {
            Self::None => Vec::new(),
            Self::Basic { user, password } => vec![user, password],
            Self::Bearer(token) => vec![token],
        }
    }

    /// The variables it uses, some of them more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.templates().into_iter().flat_map(Template::names)
    }
}
