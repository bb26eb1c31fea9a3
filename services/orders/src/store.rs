//! All of redb: the tables, and the transactions over them.
//!
//! Refusals are values here; an `Err` means that the store itself failed.

use chassis::{Keys, Limit, Page, Recalled, Record, Store, StoreError};
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use values::{Fingerprint, IdempotencyKey};

use crate::domain::{Order, OrderId, Refusal, StatusRequest, UserId, Verdict, decide};

/// Orders by id.
const ORDERS: TableDefinition<u64, Record<Order>> = TableDefinition::new("orders");
/// The orders of a user: user, order.
const BY_USER: TableDefinition<(u64, u64), ()> = TableDefinition::new("orders_by_user");
/// The keys that made orders.
const KEYS: Keys = Keys::new("order_keys");

/// Creates the tables.
pub(crate) fn prepare(transaction: &WriteTransaction) -> Result<(), StoreError> {
    transaction.open_table(ORDERS)?;
    transaction.open_table(BY_USER)?;
    Ok(())
}

/// Idempotency key of a request, with the fingerprint of its body.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) key: IdempotencyKey,
    pub(crate) fingerprint: Fingerprint,
}

/// Result of placing an order.
#[derive(Debug)]
pub(crate) enum Placed {
    Made(OrderId, Order),
    /// An earlier request with the key placed this order; it is returned as it is now.
    Before(OrderId, Order),
    OtherBody,
}

/// Result of a [`StatusRequest`].
#[derive(Debug)]
pub(crate) enum StatusSet {
    /// The order has, or had, that status.
    Granted(Order),
    Refused(Refusal, Order),
    NoSuchOrder,
}

/// Database of the service. Clones share it.
#[derive(Clone)]
pub(crate) struct Orders {
    store: Store,
}

impl Orders {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    pub(crate) fn find(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.store.read(|transaction| find(&transaction.open_table(ORDERS)?, id))
    }

    /// Orders, newest first; only those of `user`, if given.
    pub(crate) fn list(
        &self,
        user: Option<UserId>,
        after: Option<OrderId>,
        limit: Limit,
    ) -> Result<Page<(OrderId, Order), OrderId>, StoreError> {
        self.store.read(|transaction| {
            let before = after.map_or(u64::MAX, OrderId::number);
            match user {
                Some(user) => list_of_user(transaction, user, before, limit),
                None => list_all(transaction, before, limit),
            }
        })
    }

    /// The order that an earlier request with the key placed, if one did.
    pub(crate) fn recall(&self, claim: &Claim) -> Result<Option<Placed>, StoreError> {
        self.store.read(|transaction| {
            let recalled = KEYS.look_up(transaction, &claim.key, claim.fingerprint)?;
            recollect(recalled, &transaction.open_table(ORDERS)?)
        })
    }

    /// Places an order, once for each key.
    pub(crate) async fn place(&self, order: Order, claim: Option<Claim>) -> Result<Placed, StoreError> {
        self.store.write(move |transaction| place(transaction, order, claim.as_ref())).await
    }

    /// Decides on a change of the status and makes it, in one transaction.
    pub(crate) async fn set_status(
        &self,
        id: OrderId,
        request: StatusRequest,
    ) -> Result<StatusSet, StoreError> {
        self.store
            .write(move |transaction| {
                let mut orders = transaction.open_table(ORDERS)?;
                let Some(order) = find(&orders, id)? else { return Ok(StatusSet::NoSuchOrder) };
                match decide(&order, request) {
                    Verdict::Moved(after) => {
                        orders.insert(id.number(), &after)?;
                        Ok(StatusSet::Granted(after))
                    }
                    Verdict::Already => Ok(StatusSet::Granted(order)),
                    Verdict::Refused(refusal) => Ok(StatusSet::Refused(refusal, order)),
                }
            })
            .await
    }
}

fn place(transaction: &WriteTransaction, order: Order, claim: Option<&Claim>) -> Result<Placed, StoreError> {
    let mut orders = transaction.open_table(ORDERS)?;
    if let Some(claim) = claim {
        let recalled = KEYS.recall(transaction, &claim.key, claim.fingerprint)?;
        if let Some(placed) = recollect(recalled, &orders)? {
            return Ok(placed);
        }
    }
    let last = orders.last()?.map(|(id, _)| id.value());
    let id = OrderId::following(last);

    orders.insert(id.number(), &order)?;
    transaction.open_table(BY_USER)?.insert((order.user.number(), id.number()), ())?;
    if let Some(claim) = claim {
        KEYS.remember(transaction, &claim.key, claim.fingerprint, id.number())?;
    }
    Ok(Placed::Made(id, order))
}

fn recollect(
    recalled: Recalled,
    orders: &impl ReadableTable<u64, Record<Order>>,
) -> Result<Option<Placed>, StoreError> {
    Ok(match recalled {
        Recalled::Unknown => None,
        Recalled::OtherBody => Some(Placed::OtherBody),
        Recalled::Made(id) => {
            let id = OrderId::recorded(id);
            let order = find(orders, id)?.expect("a key is written with its order");
            Some(Placed::Before(id, order))
        }
    })
}

fn find(orders: &impl ReadableTable<u64, Record<Order>>, id: OrderId) -> Result<Option<Order>, StoreError> {
    Ok(orders.get(id.number())?.map(|order| order.value()))
}

fn list_all(
    transaction: &ReadTransaction,
    before: u64,
    limit: Limit,
) -> Result<Page<(OrderId, Order), OrderId>, StoreError> {
    let orders = transaction.open_table(ORDERS)?;
    Page::take(
        limit,
        orders.range(..before)?.rev().map(|row| {
            let (id, order) = row?;
            let id = OrderId::recorded(id.value());
            Ok((id, (id, order.value())))
        }),
    )
}

fn list_of_user(
    transaction: &ReadTransaction,
    user: UserId,
    before: u64,
    limit: Limit,
) -> Result<Page<(OrderId, Order), OrderId>, StoreError> {
    let orders = transaction.open_table(ORDERS)?;
    let by_user = transaction.open_table(BY_USER)?;
    Page::take(
        limit,
        by_user.range((user.number(), 0)..(user.number(), before))?.rev().map(|row| {
            let (_, id) = row?.0.value();
            let id = OrderId::recorded(id);
            let order = find(&orders, id)?.expect("an order is written with its place in the index");
            Ok((id, (id, order)))
        }),
    )
}
