//! Users and their money: a double-entry ledger.
