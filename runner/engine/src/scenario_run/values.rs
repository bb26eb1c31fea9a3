//! The values that a scenario is given by its run, and those that its expressions draw.

use fault::Seed;
use scenario::{Draws, Scope};

use super::{Rules, ScenarioRun};
use crate::World;

/// The variables that every scenario has.
pub(super) fn given_variables(rules: &Rules, seed: Seed) -> Scope {
    let mut variables = rules.outside.variables();
    variables.set("run_id", format!("{:016x}", rules.run.unwrap_or(seed).0));
    variables
}

impl<W: World> ScenarioRun<'_, W> {
    /// Lets the expressions of another attempt at the same step draw other values.
    pub(super) fn draw_again(&mut self, attempt: u32) {
        let place = self.drawing.clone();
        self.draw_from(&format!("{place}, attempt {attempt}"));
    }

    /// Lets expressions draw values that depend on the scenario's seed and on this place alone, whatever was drawn before.
    pub(super) fn draw_at(&mut self, place: &str) {
        place.clone_into(&mut self.drawing);
        self.draw_from(place);
    }

    fn draw_from(&mut self, place: &str) {
        let seed = self.seed.derive("values").derive(place);
        self.variables.draw_from(Draws::new(seed, self.world.clock()));
    }
}
