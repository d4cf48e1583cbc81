//! What can happen next.

use super::{
    gateway::{PRICE, Stage},
    machine::{Auth, Next, Reply},
    state::{Broken, Recorded, Step, World},
    world::Exploration,
};

/// What a lying server may answer to a payment.
const LIES: [Reply; 9] = [
    Reply::Success,
    Reply::Pending,
    Reply::Failure,
    Reply::Used(PRICE),
    Reply::WrongTime(PRICE),
    Reply::Price(PRICE),
    Reply::Price(PRICE + 1),
    Reply::Conflict,
    Reply::Redirect,
];

impl Exploration {
    /// Whether the time between the offer and its record matters to nobody: see the head of `model.rs`.
    pub(super) fn is_quick(&self, world: &World) -> bool {
        let offered = |next| matches!(next, Some(Next::Reserve { .. } | Next::Record { .. }));
        world
            .processes
            .iter()
            .any(|process| process.run.as_ref().is_some_and(|run| offered(self.next(run))))
    }

    pub(super) fn process_steps(&self, world: &World, process: u8, steps: &mut Vec<Step>) {
        let Some(run) = world.run(process) else {
            if world.processes[usize::from(process)].calls > 0 {
                steps.push(Step::Begin(process, false));
                if world.sends > 0 {
                    steps.push(Step::Begin(process, true));
                }
                let foretold = self.bounds.foretold.iter();
                steps.extend(foretold.map(|price| Step::Prepay(process, *price)));
            }
            return;
        };
        if world.crashes > 0 {
            steps.push(Step::Crash(process));
        }
        steps.push(Step::Deadline(process));
        match self.next(run) {
            Some(Next::SendUnpaid) => {
                steps.push(Step::ServeUnpaid(process, Reply::Price(PRICE)));
                if self.bounds.liar {
                    steps.push(Step::ServeUnpaid(process, Reply::Price(PRICE + 1)));
                }
                steps.push(Step::ServeUnpaid(process, Reply::Failure));
                steps.push(Step::Lose(process));
            }
            Some(Next::Reserve { .. }) => {
                steps.extend([Step::Reserve(process), Step::Decline(process)]);
            }
            Some(Next::Record { .. }) => self.record_steps(world, process, steps),
            Some(Next::SendPaid | Next::Replay) => {
                steps.push(Step::Lose(process));
                if run.inbox.is_some() {
                    steps.push(Step::Receive(process));
                }
                if self.bounds.liar {
                    steps.extend(LIES.map(|reply| Step::Lie(process, reply)));
                }
            }
            Some(Next::Wait) if world.sends > 0 => {
                steps.extend([Step::Wake(process, true), Step::Wake(process, false)]);
            }
            Some(Next::AskChain) => {
                steps.extend([Step::AskChain(process, true), Step::AskChain(process, false)]);
            }
            _ => {}
        }
    }

    fn record_steps(&self, world: &World, process: u8, steps: &mut Vec<Step>) {
        steps.extend([Recorded::NeverSent, Recorded::Failed].map(|how| Step::Record(process, how)));
        if world.sends > 0 {
            steps.push(Step::Record(process, Recorded::Sent));
        }
        if world.crashes > 0 {
            steps.push(Step::Record(process, Recorded::ThenDied));
        }
    }

    pub(super) fn server_steps(&self, world: &World, steps: &mut Vec<Step>) {
        let may_execute = |auth: &Auth| {
            let used = world.executed(auth.nonce).is_some();
            world.now < auth.expiry && (!used || self.is_broken(Broken::SettlesTwice))
        };
        if self.bounds.liar {
            steps.extend(world.sent.iter().copied().filter(may_execute).map(Step::Execute));
            return;
        }
        for &auth in &world.sent {
            steps.push(Step::Deliver(auth, None));
            for (number, process) in (0..).zip(&world.processes) {
                let waits = process.run.as_ref().is_some_and(|run| {
                    let paying = matches!(self.next(run), Some(Next::SendPaid | Next::Replay));
                    paying && run.auth == Some(auth) && run.inbox.is_none()
                });
                if waits {
                    steps.push(Step::Deliver(auth, Some(number)));
                }
            }
        }
        for (&nonce, claim) in &world.gateway.claims {
            let executed = world.executed.contains(&claim.auth);
            let live = world.now < claim.auth.expiry;
            let stages: &[Stage] = match claim.stage {
                Stage::Taken if live => &[Stage::Free, Stage::Answered],
                Stage::Taken => &[Stage::Free],
                Stage::Answered => &[Stage::Broadcast],
                Stage::Broadcast if executed => &[Stage::Settled],
                Stage::Broadcast if !live => &[Stage::Failed],
                _ => &[],
            };
            steps.extend(stages.iter().map(|stage| Step::Advance(nonce, *stage)));
            let again = self.is_broken(Broken::SettlesTwice) && claim.stage == Stage::Settled;
            if (claim.stage == Stage::Broadcast || again)
                && may_execute(&claim.auth)
                && world.executed.len() < 2
            {
                steps.push(Step::Execute(claim.auth));
            }
        }
    }
}
