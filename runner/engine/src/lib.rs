//! Runs scenarios in a world and says what happens as it happens.
