//! All of redb: the tables, and the transactions over them.
//!
//! | table | key | value |
//! | --- | --- | --- |
//! | `payments` | number | the payment |
//! | `refunds` | number | the refund |
//! | `payments_by_user` | user, payment | |
//! | `live_payment_by_order` | order | its one live payment |
//! | `unfinished` | kind, number | |
//! | `payment_keys`, `refund_keys` | idempotency key | what it made |
//! | `database` | `tag` | distinguishes this database from others |
//!
//! Every change of a payment or refund goes through [`PaymentStore::apply`], which runs the domain's step on the record
//! inside the transaction: a compare-and-set.

use chassis::{Disk, Keys, Limit, Page, Recalled, Record, StartError, Store, StoreError};
use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};
use values::{Fingerprint, Id, IdempotencyKey, Money, seeded_hash};

use crate::domain::payment::{self, RefundTotals};
use crate::domain::refund;
use crate::domain::{
    DatabaseTag, Event, Moment, Next, NotRefundable, OrderId, Payment, PaymentId, Refund, RefundId,
    RefundStatus, Status, UserId, Work,
};

const PAYMENTS: TableDefinition<u64, Record<Payment>> = TableDefinition::new("payments");
const REFUNDS: TableDefinition<u64, Record<Refund>> = TableDefinition::new("refunds");
const BY_USER: TableDefinition<(u64, u64), ()> = TableDefinition::new("payments_by_user");
const LIVE: TableDefinition<u64, u64> = TableDefinition::new("live_payment_by_order");
const UNFINISHED: TableDefinition<(u8, u64), ()> = TableDefinition::new("unfinished");
const DATABASE: TableDefinition<&str, u64> = TableDefinition::new("database");
/// Purpose of the hash that a new database gets as its tag.
const TAG: u64 = 0x7461_6700;
const PAYMENT_KEYS: Keys = Keys::new("payment_keys");
const REFUND_KEYS: Keys = Keys::new("refund_keys");

/// Idempotency key of a request, if it has one, with the fingerprint of its body.
pub type Keyed = Option<(IdempotencyKey, Fingerprint)>;

/// What a new payment is recorded with.
#[derive(Debug, Clone, Copy)]
pub struct Intent {
    /// The order to pay.
    pub order_id: OrderId,
    /// The user who placed it.
    pub user_id: UserId,
    /// Its total.
    pub amount: Money,
    /// When the payment begins.
    pub created_at: Moment,
    /// When it is given up, if it is still pending.
    pub deadline: Moment,
}

/// Result of beginning a payment or refund under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun<Made, No> {
    /// It is recorded.
    New(Made),
    /// An earlier request with the same key and body recorded this.
    Replayed(Made),
    /// The key was used with another body. Nothing was recorded.
    OtherBody,
    /// It was refused. Nothing was recorded.
    Refused(No),
}

/// The order has this live payment already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBy(pub PaymentId);

/// Reason why no refund was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoRefund {
    /// There is no such payment.
    NoPayment,
    /// The payment can't be refunded by that amount.
    NotRefundable(NotRefundable),
}

/// A piece of work with its records.
#[derive(Debug, Clone)]
pub enum Loaded {
    /// A payment.
    Payment(Payment),
    /// A refund and its payment.
    Refund(Refund, Payment),
}

impl Loaded {
    /// The call to make, or the change to record, when the work is due.
    pub fn due(&self, now: Moment) -> Next<()> {
        match self {
            Loaded::Payment(payment) => payment::step(payment, Event::Due, now).kind(),
            Loaded::Refund(refund, payment) => refund::step(refund, payment, Event::Due).kind(),
        }
    }
}

/// The database of payments. Clones share it.
#[derive(Clone)]
pub struct PaymentStore {
    store: Store,
    tag: DatabaseTag,
}

impl PaymentStore {
    /// Opens the database. A new one gets a tag that is a hash of the seed and the time.
    pub fn open(disk: Disk, seed: u64, now: Moment) -> Result<Self, StartError> {
        let store = Store::open(disk)?;
        let fresh = seeded_hash(seed, TAG, &now.0);
        store.prepare(|transaction| {
            transaction.open_table(PAYMENTS)?;
            transaction.open_table(REFUNDS)?;
            transaction.open_table(BY_USER)?;
            transaction.open_table(LIVE)?;
            transaction.open_table(UNFINISHED)?;
            let mut database = transaction.open_table(DATABASE)?;
            if database.get("tag")?.is_none() {
                database.insert("tag", fresh)?;
            }
            Ok(())
        })?;
        let tag = store.read(|transaction| -> Result<_, StoreError> {
            let tag = transaction.open_table(DATABASE)?.get("tag")?.map(|tag| tag.value());
            Ok(DatabaseTag(tag.expect("the tag was just written")))
        })?;
        Ok(Self { store, tag })
    }

    /// Completes when the database has failed: nothing can be written any more.
    pub fn failed(&self) -> impl Future<Output = StoreError> + Send + use<> {
        self.store.failed()
    }

    /// The tag of this database.
    pub fn tag(&self) -> DatabaseTag {
        self.tag
    }

    /// Records the intent to pay, unless the key is used or the order has a live payment.
    pub async fn begin_payment(
        &self,
        intent: Intent,
        keyed: Keyed,
    ) -> Result<Begun<Payment, HeldBy>, StoreError> {
        self.store
            .write(move |transaction| {
                match recall(PAYMENT_KEYS, transaction, keyed.as_ref())? {
                    Recalled::OtherBody => return Ok(Begun::OtherBody),
                    Recalled::Made(made) => return Ok(Begun::Replayed(written_payment(transaction, made)?)),
                    Recalled::Unknown => {}
                }
                let mut live = transaction.open_table(LIVE)?;
                if let Some(holder) = live.get(intent.order_id.number())? {
                    return Ok(Begun::Refused(HeldBy(Id::recorded(holder.value()))));
                }
                let mut payments = transaction.open_table(PAYMENTS)?;
                let last = payments.last()?.map(|(last, _)| last.value());
                let payment = Payment {
                    id: PaymentId::following(last),
                    order_id: intent.order_id,
                    user_id: intent.user_id,
                    amount: intent.amount,
                    status: Status::Pending,
                    reason: None,
                    new_balance: None,
                    created_at: intent.created_at,
                    deadline: intent.deadline,
                    refunds: RefundTotals::NONE,
                };
                let number = payment.id.number();
                live.insert(intent.order_id.number(), number)?;
                payments.insert(number, &payment)?;
                transaction.open_table(BY_USER)?.insert((payment.user_id.number(), number), ())?;
                transaction.open_table(UNFINISHED)?.insert(unfinished_key(Work::Payment(payment.id)), ())?;
                if let Some((key, fingerprint)) = &keyed {
                    PAYMENT_KEYS.remember(transaction, key, *fingerprint, number)?;
                }
                Ok(Begun::New(payment))
            })
            .await
    }

    /// Records a refund and reserves its amount, unless the key is used or the payment can't be refunded.
    pub async fn begin_refund(
        &self,
        payment_id: PaymentId,
        amount: Option<Money>,
        now: Moment,
        keyed: Keyed,
    ) -> Result<Begun<Refund, NoRefund>, StoreError> {
        self.store
            .write(move |transaction| {
                match recall(REFUND_KEYS, transaction, keyed.as_ref())? {
                    Recalled::OtherBody => return Ok(Begun::OtherBody),
                    Recalled::Made(made) => return Ok(Begun::Replayed(written_refund(transaction, made)?)),
                    Recalled::Unknown => {}
                }
                let mut payments = transaction.open_table(PAYMENTS)?;
                let Some(payment) = payments.get(payment_id.number())?.map(|payment| payment.value()) else {
                    return Ok(Begun::Refused(NoRefund::NoPayment));
                };
                let mut refunds = transaction.open_table(REFUNDS)?;
                let last = refunds.last()?.map(|(last, _)| last.value());
                let (refund, payment) =
                    match refund::request(&payment, amount, RefundId::following(last), now) {
                        Ok(requested) => requested,
                        Err(reason) => return Ok(Begun::Refused(NoRefund::NotRefundable(reason))),
                    };
                let number = refund.id.number();
                payments.insert(payment_id.number(), &payment)?;
                refunds.insert(number, &refund)?;
                transaction.open_table(UNFINISHED)?.insert(unfinished_key(Work::Refund(refund.id)), ())?;
                if let Some((key, fingerprint)) = &keyed {
                    REFUND_KEYS.remember(transaction, key, *fingerprint, number)?;
                }
                Ok(Begun::New(refund))
            })
            .await
    }

    /// Applies an event to a record: the domain's step on the record as it is, in one transaction. Returns the changed
    /// record once it is durable, `None` when the event was stale or decided nothing.
    pub async fn apply(&self, work: Work, event: Event, now: Moment) -> Result<Option<Loaded>, StoreError> {
        self.store
            .write(move |transaction| match work {
                Work::Payment(id) => apply_to_payment(transaction, id, event, now),
                Work::Refund(id) => apply_to_refund(transaction, id, event),
            })
            .await
    }

    /// The payment that an earlier request with the key recorded, if one did.
    pub fn recall_payment(&self, keyed: &Keyed) -> Result<Option<Begun<Payment, HeldBy>>, StoreError> {
        let Some((key, fingerprint)) = keyed else { return Ok(None) };
        self.store.read(|transaction| {
            Ok(match PAYMENT_KEYS.look_up(transaction, key, *fingerprint)? {
                Recalled::Unknown => None,
                Recalled::OtherBody => Some(Begun::OtherBody),
                Recalled::Made(made) => {
                    let payment = transaction.open_table(PAYMENTS)?.get(made)?.map(|payment| payment.value());
                    Some(Begun::Replayed(payment.expect("a key is recorded with its payment")))
                }
            })
        })
    }

    /// The payment with this id.
    pub fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.store.read(|transaction| {
            Ok(transaction.open_table(PAYMENTS)?.get(id.number())?.map(|payment| payment.value()))
        })
    }

    /// A piece of work with its records, which are never deleted.
    pub fn load(&self, work: Work) -> Result<Loaded, StoreError> {
        self.store.read(|transaction| {
            let payments = transaction.open_table(PAYMENTS)?;
            let payment = |id: PaymentId| -> Result<Payment, StoreError> {
                Ok(payments.get(id.number())?.expect("payments are never deleted").value())
            };
            match work {
                Work::Payment(id) => Ok(Loaded::Payment(payment(id)?)),
                Work::Refund(id) => {
                    let refunds = transaction.open_table(REFUNDS)?;
                    let refund = refunds.get(id.number())?.expect("refunds are never deleted").value();
                    let payment = payment(refund.payment_id)?;
                    Ok(Loaded::Refund(refund, payment))
                }
            }
        })
    }

    /// Payments, newest first; only those of `user`, if given. `after` is the last one of the page before.
    pub fn payments(
        &self,
        user: Option<UserId>,
        after: Option<PaymentId>,
        limit: Limit,
    ) -> Result<Page<Payment, PaymentId>, StoreError> {
        let before = after.map_or(u64::MAX, PaymentId::number);
        self.store.read(|transaction| {
            let payments = transaction.open_table(PAYMENTS)?;
            match user {
                None => {
                    let rows = payments.range(..before)?.rev();
                    Page::take(
                        limit,
                        rows.map(|row| {
                            row.map(|(key, payment)| (Id::recorded(key.value()), payment.value()))
                        }),
                    )
                    .map_err(StoreError::from)
                }
                Some(user) => {
                    let by_user = transaction.open_table(BY_USER)?;
                    let rows = by_user.range((user.number(), 0)..(user.number(), before))?.rev();
                    Page::take(
                        limit,
                        rows.map(|row| {
                            let (_, number) = row?.0.value();
                            let payment = payments.get(number)?.expect("the index names payments that exist");
                            Ok((Id::recorded(number), payment.value()))
                        }),
                    )
                }
            }
        })
    }

    /// Up to `limit` pieces of unfinished work, from after `after` on.
    pub fn unfinished(&self, after: Option<Work>, limit: usize) -> Result<Vec<Work>, StoreError> {
        let after = after.map_or((0, 0), unfinished_key);
        self.store.read(|transaction| {
            let unfinished = transaction.open_table(UNFINISHED)?;
            let rows = unfinished.range((after.0, after.1 + 1)..)?.take(limit);
            rows.map(|row| Ok(work(row?.0.value()))).collect()
        })
    }
}

fn apply_to_payment(
    transaction: &WriteTransaction,
    id: PaymentId,
    event: Event,
    now: Moment,
) -> Result<Option<Loaded>, StoreError> {
    let mut payments = transaction.open_table(PAYMENTS)?;
    let before = payments.get(id.number())?.expect("payments are never deleted").value();
    let Next::Become(payment) = payment::step(&before, event, now) else { return Ok(None) };
    payments.insert(id.number(), &payment)?;
    if !payment.status.is_live() {
        transaction.open_table(LIVE)?.remove(payment.order_id.number())?;
    }
    if payment.status.is_finished() {
        transaction.open_table(UNFINISHED)?.remove(unfinished_key(Work::Payment(id)))?;
    }
    Ok(Some(Loaded::Payment(payment)))
}

fn apply_to_refund(
    transaction: &WriteTransaction,
    id: RefundId,
    event: Event,
) -> Result<Option<Loaded>, StoreError> {
    let mut refunds = transaction.open_table(REFUNDS)?;
    let mut payments = transaction.open_table(PAYMENTS)?;
    let before = refunds.get(id.number())?.expect("refunds are never deleted").value();
    let payment = written(&payments, before.payment_id.number())?;
    let Next::Become((refund, payment)) = refund::step(&before, &payment, event) else {
        return Ok(None);
    };
    refunds.insert(id.number(), &refund)?;
    payments.insert(payment.id.number(), &payment)?;
    if refund.status == RefundStatus::Done {
        transaction.open_table(UNFINISHED)?.remove(unfinished_key(Work::Refund(id)))?;
    }
    Ok(Some(Loaded::Refund(refund, payment)))
}

fn recall(
    keys: Keys,
    transaction: &WriteTransaction,
    keyed: Option<&(IdempotencyKey, Fingerprint)>,
) -> Result<Recalled, StoreError> {
    keyed.map_or(Ok(Recalled::Unknown), |(key, fingerprint)| keys.recall(transaction, key, *fingerprint))
}

fn written_payment(transaction: &WriteTransaction, number: u64) -> Result<Payment, StoreError> {
    written(&transaction.open_table(PAYMENTS)?, number)
}

fn written_refund(transaction: &WriteTransaction, number: u64) -> Result<Refund, StoreError> {
    let refunds = transaction.open_table(REFUNDS)?;
    Ok(refunds.get(number)?.expect("a key is recorded with its refund").value())
}

fn written(payments: &Table<u64, Record<Payment>>, number: u64) -> Result<Payment, StoreError> {
    Ok(payments.get(number)?.expect("payments are never deleted").value())
}

/// Key of a piece of work in `unfinished`.
fn unfinished_key(work: Work) -> (u8, u64) {
    match work {
        Work::Payment(id) => (1, id.number()),
        Work::Refund(id) => (2, id.number()),
    }
}

fn work((kind, number): (u8, u64)) -> Work {
    match kind {
        1 => Work::Payment(Id::recorded(number)),
        _ => Work::Refund(Id::recorded(number)),
    }
}
