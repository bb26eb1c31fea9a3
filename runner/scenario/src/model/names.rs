use std::collections::BTreeSet;

use super::{Action, ForStep, Rounds, Step, WaitUntilStep};
use crate::{Expression, TemplateValue};

impl Step {
    /// The variables that it needs: those that it uses, and doesn't set or capture before.
    pub fn names(&self) -> BTreeSet<String> {
        let mut needed = self.own_names(UntilCondition::Ignored);
        let mut made = BTreeSet::new();
        if let Action::For(ForStep { rounds, .. }) = &self.action {
            made.insert("index".to_owned());
            if let Rounds::Each { name: Some(name), .. } = rounds {
                made.insert(name.clone());
            }
        }
        for step in self.nested() {
            needed.extend(step.names().into_iter().filter(|name| !made.contains(name)));
            // The members of `together` are sent at once; none of them captures for another.
            if !matches!(self.action, Action::Together(_)) {
                made.extend(step.made().map(str::to_owned));
            }
        }
        if let Action::For(ForStep { rounds: Rounds::Until { condition, .. }, .. }) = &self.action {
            needed.extend(condition.names().filter(|name| !made.contains(*name)).map(str::to_owned));
        }
        needed
    }

    /// The variables that it or a step within it uses.
    pub fn uses(&self) -> BTreeSet<String> {
        self.all().iter().flat_map(|step| step.own_names(UntilCondition::Asked)).collect()
    }

    /// The variables that it or a step within it captures or sets.
    pub fn made(&self) -> impl Iterator<Item = &str> {
        let set = self.all().into_iter().flat_map(|step| {
            let set = if let Action::Vars(vars) = &step.action { vars.as_slice() } else { &[] };
            set.iter().map(|(name, _)| name.as_str())
        });
        self.captured().chain(set)
    }

    /// The variables that it uses, without those of the steps within it.
    fn own_names(&self, until: UntilCondition) -> BTreeSet<String> {
        let mut names: Vec<&str> = self.condition.iter().flat_map(Expression::names).collect();
        if let Some(request) = self.own_request() {
            names.extend(request.call.names().chain(request.expect.names()));
            names.extend(request.capture.iter().flat_map(|(_, value)| value.names()));
        }
        match &self.action {
            Action::Eventually(eventually) => {
                names.extend(eventually.fail_if.iter().flat_map(Expression::names));
            }
            Action::Check(conditions) => names.extend(conditions.iter().flat_map(Expression::names)),
            Action::Run(run) => names.extend(run.names()),
            Action::WaitUntil(WaitUntilStep { holds, .. }) => names.extend(holds.names()),
            Action::For(ForStep { rounds: Rounds::Each { list, .. }, .. }) => names.extend(list.names()),
            Action::For(ForStep { rounds: Rounds::Until { condition, .. }, .. })
                if until == UntilCondition::Asked =>
            {
                names.extend(condition.names());
            }
            Action::Vars(vars) => {
                let mut set = BTreeSet::new();
                for (name, value) in vars {
                    names.extend(TemplateValue::names(value).filter(|used| !set.contains(used)));
                    set.insert(name.as_str());
                }
            }
            _ => {}
        }
        names.into_iter().map(str::to_owned).collect()
    }
}

/// Whether the condition of a loop counts, which can name what the loop's steps capture.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UntilCondition {
    Ignored,
    Asked,
}
