//! What must hold in every state, and what must be reachable for the exploration to mean anything.

use stateright::Property;

use super::{
    journal::Row,
    machine::{Auth, Reply},
    state::World,
    world::Exploration,
};

/// One authorization is executed for a key at most.
pub(crate) const ONCE: &str = "executed at most once per key";
/// What is sent was recorded.
pub(crate) const RECORDED: &str = "nothing is sent before it is recorded";
/// What is sent can still be executed, or was.
pub(crate) const LIVE: &str = "nothing is sent after its expiry";
/// The budgets cover all that was or could be executed.
pub(crate) const BUDGET: &str = "no budget is exceeded by what could be executed";
/// A run ends in a state of the money that fits what happened, and with its lease given up.
pub(crate) const STATED: &str = "every run ends in a stated money state";
/// Nothing that was called not charged is executed, before or after.
pub(crate) const NOT_CHARGED: &str = "what is not charged is never executed";
/// A settled call's answer can be had while it is stored.
pub(crate) const OBTAINABLE: &str = "a paid answer is obtainable while it is stored";

/// One process that makes the same call again pays no second time while it can have the answer of
/// the first.
pub(crate) const TAKEN_UP: &str = "a plain retry does not pay again";

/// What must hold in every state.
pub(crate) const ALWAYS: [&str; 8] =
    [ONCE, RECORDED, LIVE, BUDGET, STATED, NOT_CHARGED, OBTAINABLE, TAKEN_UP];

/// The rules for an exploration.
pub(crate) fn all(exploration: &Exploration) -> Vec<Property<Exploration>> {
    let mut rules = vec![
        Property::always(ONCE, |_, world: &World| {
            let keys: Vec<u8> = world.executed.iter().map(|auth| auth.key).collect();
            (0..keys.len()).all(|at| !keys[..at].contains(&keys[at]))
        }),
        Property::always(RECORDED, |_, world: &World| !world.seen.unrecorded_send),
        Property::always(LIVE, |_, world: &World| !world.seen.expired_send),
        Property::always(BUDGET, |exploration: &Exploration, world: &World| {
            let keys = 0..u8::try_from(world.journal.rows.len()).unwrap();
            keys.map(|key| at_stake(world, key)).sum::<u8>() <= exploration.bounds.limit
        }),
        Property::always(STATED, |_, world: &World| !world.seen.false_claim && is_tidy(world)),
        Property::always(NOT_CHARGED, |_, world: &World| {
            world.executed.iter().all(|auth| !world.disclaimed.contains(auth))
        }),
        Property::always(OBTAINABLE, |_, world: &World| is_obtainable(world)),
        Property::always(TAKEN_UP, |exploration: &Exploration, world: &World| {
            let waits =
                |auth: &&Auth| auth.expiry > world.now && !world.answered.contains(&auth.nonce);
            !exploration.bounds.keyless || world.executed.iter().filter(waits).count() < 2
        }),
        Property::sometimes("a call is paid and answered again", |_, world: &World| {
            world.seen.resumed_and_answered
        }),
        Property::sometimes(
            "a payment is executed and its call not answered",
            |_, world: &World| {
                let finished = world.processes.iter().all(|process| process.run.is_none());
                let unresolved = |row: &Row| row.state.is_unresolved();
                let open = world.journal.rows.iter().flatten().any(unresolved);
                !world.executed.is_empty() && finished && open
            },
        ),
    ];
    if exploration.bounds.liar {
        rules.push(Property::sometimes("a refused payment is executed", |_, world: &World| {
            use blockrun_llm::journal::RecordState::Refused;
            let refused = |key| world.journal.row(key).is_some_and(|row| row.state == Refused);
            world.executed.iter().any(|auth| refused(auth.key))
        }));
    }
    rules
}

/// The most that a key cost or can still cost.
fn at_stake(world: &World, key: u8) -> u8 {
    let paid: u8 =
        world.executed.iter().filter(|auth| auth.key == key).map(|auth| auth.amount).sum();
    if paid > 0 {
        return paid;
    }
    let live = world.sent.iter().filter(|auth| auth.key == key && auth.expiry > world.now);
    live.map(|auth| auth.amount).max().unwrap_or(0)
}

/// Whoever does nothing holds no lease.
fn is_tidy(world: &World) -> bool {
    let idle = |process: &u8| world.processes[usize::from(*process)].run.is_none();
    world.journal.rows.iter().flatten().filter_map(|row| row.lease).all(|holder| !idle(&holder))
}

/// The gateway hands the answer over, and the journal has the token that opens it.
fn is_obtainable(world: &World) -> bool {
    world.executed.iter().filter(|auth| world.gateway.owes(**auth, world.now)).all(|auth| {
        let opens = |row: &Row| row.token == auth.token;
        world.journal.row(auth.key).is_some_and(opens)
            && world.gateway.clone().take(*auth, world.now) == Reply::Success
    })
}
