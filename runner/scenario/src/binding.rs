//! What is made of templates, calls and expectations once some of their variables are known.

use serde_json::Value;

use crate::{
    Binding, Bindings, Body, BodyExpectation, Call, Expectations, Template, TemplateValue, template::Part,
};

impl Template {
    /// The same with other names or values for some of its variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        let bind = |part: &Part| match part {
            Part::Text(text) => Part::Text(text.clone()),
            Part::Hole(expression) => match bindings.get(expression.source().trim()) {
                Some(Binding::Value(Value::String(text))) => Part::Text(text.clone()),
                Some(Binding::Value(value)) => Part::Text(value.to_string()),
                _ => Part::Hole(expression.bind(bindings)),
            },
        };
        Self { parts: self.parts.iter().map(bind).collect() }
    }

    /// The value that takes its place altogether, when it is nothing but one variable that is known.
    fn known<'a>(&self, bindings: &'a Bindings) -> Option<&'a Value> {
        match self.parts.as_slice() {
            [Part::Hole(expression)] => match bindings.get(expression.source().trim())? {
                Binding::Value(value) => Some(value),
                Binding::Name(_) => None,
            },
            _ => None,
        }
    }
}

impl TemplateValue {
    /// The same with other names or values for some of its variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        match self {
            Self::Plain(_) | Self::Any => self.clone(),
            Self::Text(template) => match template.known(bindings) {
                Some(value) => value.into(),
                None => Self::Text(template.bind(bindings)),
            },
            Self::Array(items) => Self::Array(items.iter().map(|item| item.bind(bindings)).collect()),
            Self::Object(entries) => {
                Self::Object(entries.iter().map(|(key, value)| (key.clone(), value.bind(bindings))).collect())
            }
        }
    }
}

impl From<&Value> for TemplateValue {
    fn from(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(Template::literal(text)),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(entries) => {
                Self::Object(entries.iter().map(|(key, value)| (key.clone(), value.into())).collect())
            }
            plain => Self::Plain(plain.clone()),
        }
    }
}

impl Call {
    /// The same with other names or values for some of its variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        let body = match &self.body {
            Body::None => Body::None,
            Body::Json(value) => Body::Json(value.bind(bindings)),
            Body::Text(text) => Body::Text(text.bind(bindings)),
            Body::Form(fields) => {
                Body::Form(fields.iter().map(|(name, value)| (name.clone(), value.bind(bindings))).collect())
            }
        };
        Self {
            path: self.path.bind(bindings),
            headers: self.headers.iter().map(|(name, value)| (name.clone(), value.bind(bindings))).collect(),
            body,
            ..self.clone()
        }
    }

    /// The variables it uses, some of them more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let headers = self.headers.iter().map(|(_, value)| value);
        let mut templates: Vec<&Template> = std::iter::once(&self.path).chain(headers).collect();
        match &self.body {
            Body::None => {}
            Body::Json(value) => value.templates(&mut templates),
            Body::Text(text) => templates.push(text),
            Body::Form(fields) => templates.extend(fields.iter().map(|(_, value)| value)),
        }
        templates.into_iter().flat_map(Template::names)
    }
}

impl Template {
    /// The variables it uses, some of them more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.expressions().flat_map(crate::Expression::names)
    }
}

impl TemplateValue {
    fn templates<'a>(&'a self, found: &mut Vec<&'a Template>) {
        match self {
            Self::Plain(_) | Self::Any => {}
            Self::Text(template) => found.push(template),
            Self::Array(items) => items.iter().for_each(|item| item.templates(found)),
            Self::Object(entries) => entries.iter().for_each(|(_, value)| value.templates(found)),
        }
    }

    /// The variables it uses, some of them more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut templates = Vec::new();
        self.templates(&mut templates);
        templates.into_iter().flat_map(Template::names)
    }
}

impl Expectations {
    /// The same with other names or values for some of their variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        let mut bound = self.clone();
        for (_, value) in &mut bound.headers {
            *value = value.as_ref().map(|value| value.bind(bindings));
        }
        if let Some(BodyExpectation::Subset(value) | BodyExpectation::Exact(value)) = &mut bound.body {
            *value = value.bind(bindings);
        }
        for condition in &mut bound.that {
            *condition = condition.bind(bindings);
        }
        for link in &mut bound.links {
            link.holds = link.holds.bind(bindings);
        }
        bound
    }

    /// The variables they use, some of them more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let headers = self.headers.iter().filter_map(|(_, value)| value.as_ref()).flat_map(Template::names);
        let body = self.body.iter().flat_map(|body| match body {
            BodyExpectation::Subset(value) | BodyExpectation::Exact(value) => value.names(),
        });
        let conditions = self.that.iter().chain(self.links.iter().map(|link| &link.holds));
        headers.chain(body).chain(conditions.flat_map(crate::Expression::names))
    }
}
