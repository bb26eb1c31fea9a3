//! The scenario language: text in, a scenario or every mistake in it out.
