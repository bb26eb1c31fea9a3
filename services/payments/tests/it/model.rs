//! The saga as a model, searched exhaustively: three payments on one order and two refunds, with messages lost,
//! repeated, delayed and reordered, and a crash with everything sent again at every point.
//!
//! Payments and refunds move by the service's own [`payment::step`], [`refund::step`] and [`refund::request`]. Users and
//! orders are the rules of the contract in a few lines. A message is never taken off the network: it may be delivered
//! late, several times, or never. Everything that payments has is durable, and every step may be repeated from any
//! record, which models a crash and a restart. Each [`Mutation`] leaves one rule out; each must be caught.

use std::collections::BTreeSet;

use payments::domain::payment::{self, RefundTotals};
use payments::domain::{
    Answer, Command, Event, Moment, Next, OrderId, Payment, PaymentId, Reason, Refund, RefundId,
    RefundStatus, Status, UserId, Work, refund,
};
use stateright::{Checker, HasDiscoveries, Model, Property};
use values::{Id, Money};

const PAYMENTS: usize = 3;
const REFUNDS: usize = 2;
const AMOUNT: i64 = 2;
const HALF: Money = Money::minor(1);
const DEADLINE: Moment = Moment(1);
const DONE: Answer = Answer::Done { new_balance: None };

/// Rule that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mutation {
    None,
    NoTombstone,
    RefusalNotSticky,
    TimeoutTakenForRefusal,
    ConfirmWithoutComparing,
    NoLiveIndex,
    NoDeduplication,
    RefundedTwice,
    ChargedVoidedOnDeadline,
}

/// Decision of users on a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Decision {
    Unseen,
    Applied { times: i64 },
    Refused,
    Reversed,
    Tombstone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Order {
    Pending,
    Cancelled,
    Confirmed(PaymentId),
    Refunded(PaymentId),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Shop {
    /// Records of payments, and which deadlines have passed.
    payments: Vec<Payment>,
    refunds: Vec<Refund>,
    late: BTreeSet<PaymentId>,
    /// Messages sent, both ways.
    requests: BTreeSet<(Work, Command)>,
    replies: BTreeSet<(Work, Command, Answer)>,
    /// Records of users.
    balance: i64,
    clearing: i64,
    topped_up: bool,
    charges: [Decision; PAYMENTS],
    credits: [i64; REFUNDS],
    /// Records of orders, and whether a status ever changed where there is no arrow.
    order: Order,
    off_the_arrows: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Pay,
    Refund(Option<Money>),
    Due(Work),
    Deliver(Work, Command),
    Reply(Work, Command, Answer),
    Lose(Work, Command),
    DeadlinePasses(PaymentId),
    TopUp,
    CancelOrder,
}

struct Saga {
    mutation: Mutation,
    /// Whether the balance is enough for one payment.
    opening: i64,
}

impl Saga {
    fn payment_step(&self, payment: &Payment, event: Event, now: Moment) -> Next<Payment> {
        let event = match event {
            Event::Answered(Command::Charge, Answer::Unclear)
                if self.mutation == Mutation::TimeoutTakenForRefusal =>
            {
                Event::Answered(Command::Charge, Answer::Refused)
            }
            event => event,
        };
        if self.mutation == Mutation::ChargedVoidedOnDeadline
            && (payment.status, event) == (Status::Charged, Event::Due)
            && now >= payment.deadline
        {
            return Next::Become(Payment {
                status: Status::Voiding,
                reason: Some(Reason::TooLate),
                ..payment.clone()
            });
        }
        payment::step(payment, event, now)
    }

    /// The charge, as users decides it.
    fn charge(&self, shop: &mut Shop, id: PaymentId) -> Answer {
        match shop.charges[place(id)] {
            Decision::Unseen if shop.balance < AMOUNT => {
                if self.mutation != Mutation::RefusalNotSticky {
                    shop.charges[place(id)] = Decision::Refused;
                }
                Answer::Refused
            }
            Decision::Applied { times }
                if self.mutation != Mutation::NoDeduplication || times == 2 || shop.balance < AMOUNT =>
            {
                DONE
            }
            before @ (Decision::Unseen | Decision::Applied { .. }) => {
                let times = if let Decision::Applied { times } = before { times + 1 } else { 1 };
                shop.charges[place(id)] = Decision::Applied { times };
                shop.balance -= AMOUNT;
                shop.clearing += AMOUNT;
                DONE
            }
            Decision::Refused => Answer::Refused,
            Decision::Reversed | Decision::Tombstone => Answer::Cancelled,
        }
    }

    fn cancel(&self, shop: &mut Shop, id: PaymentId) -> Answer {
        let decision = &mut shop.charges[place(id)];
        match *decision {
            Decision::Unseen if self.mutation == Mutation::NoTombstone => {}
            Decision::Unseen => *decision = Decision::Tombstone,
            Decision::Applied { times } => {
                *decision = Decision::Reversed;
                shop.balance += times * AMOUNT;
                shop.clearing -= times * AMOUNT;
            }
            Decision::Refused | Decision::Reversed | Decision::Tombstone => {}
        }
        DONE
    }

    fn credit(&self, shop: &mut Shop, id: RefundId) -> Answer {
        let place = place(id);
        let times = shop.credits[place];
        if times == 0 || (self.mutation == Mutation::RefundedTwice && times == 1) {
            let amount = shop.refunds[place].amount.units();
            shop.credits[place] += 1;
            shop.balance += amount;
            shop.clearing -= amount;
        }
        DONE
    }

    fn confirm(&self, shop: &mut Shop, id: PaymentId) -> Answer {
        match shop.order {
            Order::Confirmed(by) if by == id => DONE,
            Order::Pending => {
                shop.order = Order::Confirmed(id);
                DONE
            }
            _ if self.mutation == Mutation::ConfirmWithoutComparing => {
                shop.order = Order::Confirmed(id);
                shop.off_the_arrows = true;
                DONE
            }
            Order::Cancelled | Order::Confirmed(_) | Order::Refunded(_) => Answer::Conflict,
        }
    }

    fn mark_refunded(shop: &mut Shop, id: PaymentId) -> Answer {
        match shop.order {
            Order::Refunded(by) if by == id => DONE,
            Order::Confirmed(by) if by == id => {
                shop.order = Order::Refunded(id);
                DONE
            }
            _ => Answer::Conflict,
        }
    }

    fn pay(&self, shop: &mut Shop) {
        let held = shop.payments.iter().any(|payment| payment.status.is_live());
        if shop.payments.len() == PAYMENTS || (held && self.mutation != Mutation::NoLiveIndex) {
            return;
        }
        shop.payments.push(Payment {
            id: PaymentId::following(shop.payments.last().map(|payment| payment.id.number())),
            order_id: OrderId::following(None),
            user_id: UserId::following(None),
            amount: Money::minor(AMOUNT),
            status: Status::Pending,
            reason: None,
            new_balance: None,
            created_at: Moment(0),
            deadline: DEADLINE,
            refunds: RefundTotals::NONE,
        });
    }

    fn can_go_on(&self, shop: &Shop) -> bool {
        let mut actions = vec![];
        self.actions(shop, &mut actions);
        actions.into_iter().any(|action| self.next_state(shop, action).is_some())
    }

    fn happen(&self, shop: &mut Shop, work: Work, event: Event) {
        match work {
            Work::Payment(id) => {
                let now = if shop.late.contains(&id) { DEADLINE } else { Moment(0) };
                let payment = &mut shop.payments[place(id)];
                match self.payment_step(payment, event, now) {
                    Next::Call(command) => drop(shop.requests.insert((work, command))),
                    Next::Become(next) => *payment = next,
                    Next::Stay => {}
                }
            }
            Work::Refund(id) => {
                let refund = &mut shop.refunds[place(id)];
                let payment = &mut shop.payments[place(refund.payment_id)];
                match refund::step(refund, payment, event) {
                    Next::Call(command) => drop(shop.requests.insert((work, command))),
                    Next::Become((next_refund, next_payment)) => {
                        (*refund, *payment) = (next_refund, next_payment);
                    }
                    Next::Stay => {}
                }
            }
        }
    }
}

impl Model for Saga {
    type State = Shop;
    type Action = Action;

    fn init_states(&self) -> Vec<Shop> {
        vec![Shop {
            payments: vec![],
            refunds: vec![],
            late: BTreeSet::new(),
            requests: BTreeSet::new(),
            replies: BTreeSet::new(),
            balance: self.opening,
            clearing: 0,
            topped_up: false,
            charges: [Decision::Unseen; PAYMENTS],
            credits: [0; REFUNDS],
            order: Order::Pending,
            off_the_arrows: false,
        }]
    }

    fn actions(&self, shop: &Shop, actions: &mut Vec<Action>) {
        actions.extend([Action::Pay, Action::Refund(Some(HALF)), Action::Refund(None)]);
        actions.extend([Action::TopUp, Action::CancelOrder]);
        actions.extend(shop.payments.iter().map(|payment| Action::DeadlinePasses(payment.id)));
        actions.extend(shop.payments.iter().map(|payment| Action::Due(Work::Payment(payment.id))));
        actions.extend(shop.refunds.iter().map(|refund| Action::Due(Work::Refund(refund.id))));
        for &(work, command) in &shop.requests {
            actions.extend([Action::Deliver(work, command), Action::Lose(work, command)]);
        }
        actions
            .extend(shop.replies.iter().map(|&(work, command, answer)| Action::Reply(work, command, answer)));
    }

    fn next_state(&self, before: &Shop, action: Action) -> Option<Shop> {
        let mut shop = before.clone();
        match action {
            Action::Pay => self.pay(&mut shop),
            Action::Refund(amount) if shop.refunds.len() < REFUNDS => {
                let id = RefundId::following(shop.refunds.last().map(|refund| refund.id.number()));
                let payment = shop.payments.iter_mut().find(|payment| payment.status == Status::Completed)?;
                let (refund, changed) = refund::request(payment, amount, id, Moment(0)).ok()?;
                *payment = changed;
                shop.refunds.push(refund);
            }
            Action::Due(work) => self.happen(&mut shop, work, Event::Due),
            Action::Deliver(work, command) => {
                let answer = match (work, command) {
                    (Work::Payment(id), Command::Charge) => self.charge(&mut shop, id),
                    (Work::Payment(id), Command::Cancel) => self.cancel(&mut shop, id),
                    (Work::Payment(id), Command::Confirm) => self.confirm(&mut shop, id),
                    (Work::Refund(id), Command::Credit) => self.credit(&mut shop, id),
                    (Work::Refund(id), Command::MarkRefunded) => {
                        let payment = shop.refunds[place(id)].payment_id;
                        Self::mark_refunded(&mut shop, payment)
                    }
                    (work, command) => panic!("{work} never sends {command:?}"),
                };
                shop.replies.insert((work, command, answer));
            }
            Action::Reply(work, command, answer) => {
                self.happen(&mut shop, work, Event::Answered(command, answer));
            }
            Action::Lose(work, command) => {
                self.happen(&mut shop, work, Event::Answered(command, Answer::Unclear));
            }
            Action::DeadlinePasses(id) => drop(shop.late.insert(id)),
            Action::TopUp if !shop.topped_up => {
                shop.balance += AMOUNT;
                shop.topped_up = true;
            }
            Action::CancelOrder if shop.order == Order::Pending => shop.order = Order::Cancelled,
            Action::Refund(_) | Action::TopUp | Action::CancelOrder => {}
        }
        (shop != *before).then_some(shop)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("A1 the ledger adds up", |saga: &Saga, shop: &Shop| {
                shop.balance + shop.clearing == saga.opening + i64::from(shop.topped_up) * AMOUNT
            }),
            Property::always("A2 no negative balance", |_, shop: &Shop| shop.balance >= 0),
            Property::always("A4 an order's status moves along its arrows", |_, shop: &Shop| {
                !shop.off_the_arrows
            }),
            Property::always("A5 a confirmed order has been charged for", |_, shop: &Shop| {
                match shop.order {
                    Order::Confirmed(by) => matches!(shop.status(by), Status::Charged | Status::Completed),
                    _ => true,
                }
            }),
            Property::always("A6 a completed payment is charged, once", |_, shop: &Shop| {
                shop.payments
                    .iter()
                    .all(|p| p.status != Status::Completed || shop.charges[place(p.id)] == ONCE)
            }),
            Property::always("A7 at most one live payment", |_, shop: &Shop| {
                shop.payments.iter().filter(|payment| payment.status.is_live()).count() <= 1
            }),
            Property::always("A8 refunds don't exceed the amount", |_, shop: &Shop| {
                shop.payments.iter().all(|payment| {
                    shop.credited(payment.id) <= AMOUNT && payment.refunds.requested.units() <= AMOUNT
                })
            }),
            Property::always("A10 a declined or voided payment moved no money", |_, shop: &Shop| {
                shop.payments.iter().all(|payment| {
                    payment.status.is_live()
                        || !matches!(shop.charges[place(payment.id)], Decision::Applied { .. })
                })
            }),
            Property::always("Q what can happen no more is settled", |saga: &Saga, shop: &Shop| {
                shop.settled() || saga.can_go_on(shop)
            }),
            Property::sometimes("a payment is completed", |_, shop: &Shop| {
                shop.payments.iter().any(|payment| payment.status == Status::Completed)
            }),
            Property::sometimes(
                "the second payment is completed and refunded in two parts",
                |_, shop: &Shop| {
                    shop.payments.get(1).is_some_and(|payment| payment.refunds.done == payment.amount)
                        && shop.refunds.len() == REFUNDS
                },
            ),
            Property::sometimes("a payment is voided after its charge was applied", |_, shop: &Shop| {
                shop.payments
                    .iter()
                    .any(|p| p.status == Status::Voided && shop.charges[place(p.id)] == Decision::Reversed)
            }),
        ]
    }
}

const ONCE: Decision = Decision::Applied { times: 1 };

impl Shop {
    fn status(&self, id: PaymentId) -> Status {
        self.payments[place(id)].status
    }

    fn credited(&self, id: PaymentId) -> i64 {
        self.refunds
            .iter()
            .zip(self.credits)
            .filter(|(refund, _)| refund.payment_id == id)
            .map(|(refund, times)| refund.amount.units() * times)
            .sum()
    }

    /// Q1 to Q4.
    fn settled(&self) -> bool {
        let completed = self.payments.iter().filter(|payment| payment.status == Status::Completed);
        let holds = |payment: &&Payment| {
            let wholly_refunded = payment.refunds.done == payment.amount;
            let expected =
                if wholly_refunded { Order::Refunded(payment.id) } else { Order::Confirmed(payment.id) };
            self.order == expected
        };
        let kept: i64 =
            completed.clone().map(|payment| payment.amount.units() - payment.refunds.done.units()).sum();
        self.payments.iter().all(|payment| payment.status.is_finished())
            && self.refunds.iter().all(|refund| refund.status == RefundStatus::Done)
            && completed.clone().all(|payment| holds(&payment))
            && (completed.count() > 0 || matches!(self.order, Order::Pending | Order::Cancelled))
            && self.clearing == kept
    }
}

fn place<K>(id: Id<K>) -> usize {
    usize::try_from(id.number() - 1).expect("a handful")
}

#[test]
fn no_order_of_events_loses_money_and_everything_settles() {
    for opening in [AMOUNT - 1, AMOUNT] {
        let checker = Saga { mutation: Mutation::None, opening }.checker().spawn_bfs().join();
        assert!(checker.unique_state_count() > 10_000, "so few states can't be all of them");
        checker.assert_properties();
    }
}

#[test]
fn every_rule_is_needed() {
    for (mutation, opening, caught) in [
        (Mutation::NoTombstone, AMOUNT, "A10"),
        (Mutation::RefusalNotSticky, AMOUNT - 1, "A10"),
        (Mutation::TimeoutTakenForRefusal, AMOUNT, "A10"),
        (Mutation::ConfirmWithoutComparing, AMOUNT, "A4"),
        (Mutation::NoLiveIndex, AMOUNT, "A7"),
        (Mutation::NoDeduplication, 2 * AMOUNT, "A6"),
        (Mutation::RefundedTwice, AMOUNT, "A8"),
        (Mutation::ChargedVoidedOnDeadline, AMOUNT, "A5"),
    ] {
        let checker =
            Saga { mutation, opening }.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        let property = Saga { mutation, opening }
            .properties()
            .into_iter()
            .map(|property| property.name)
            .find(|name| name.split(' ').next() == Some(caught))
            .expect("a property of that name");
        let found = checker.discovery(property);
        assert!(found.is_some(), "{mutation:?} got past {property}");
    }
}
