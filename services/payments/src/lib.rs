//! Payments and refunds: a saga that loses no money.
