//! Everything that can happen: processes that call, a network that keeps every paid request and
//! delivers it whenever and as often as it likes, a gateway, a token contract, time.

use std::collections::BTreeSet;

use blockrun_llm::journal::RecordState;
use stateright::{Model, Property};

use super::{
    gateway::{Gateway, Stage},
    journal::{Journal, Row, Standing},
    machine::{Auth, Books, Claim, Input, Machine, Next, Seed},
    rules,
    state::{Bounds, Broken, Process, Recorded, Run, Seen, Step, World},
};

/// The model.
pub(crate) struct Exploration {
    pub(crate) machine: Machine,
    pub(crate) bounds: Bounds,
}

impl Exploration {
    pub(crate) fn is_broken(&self, broken: Broken) -> bool {
        self.bounds.broken == Some(broken)
    }

    /// The time that clients see.
    fn clock(&self, world: &World) -> u8 {
        if self.is_broken(Broken::ReplayAfterExpiry) { 0 } else { world.now }
    }

    fn key(&self, process: u8) -> u8 {
        self.bounds.keys[usize::from(process)]
    }

    fn limit(&self) -> u8 {
        if self.is_broken(Broken::SeparateBudgets) { u8::MAX } else { self.bounds.limit }
    }

    pub(super) fn next(&self, run: &Run) -> Option<Next> {
        self.machine.next(run.node)
    }

    /// Tells a process's flow what happened and does what it says, up to the next choice.
    fn feed(&self, world: &mut World, process: u8, input: Input) {
        let now = self.clock(world);
        let run = world.run_mut(process);
        let (node, next) = self.machine.step(run.node, input, now);
        (run.node, run.inbox) = (node, None);
        match next {
            Next::Approve => self.feed(world, process, Input::Approved),
            Next::Sign => self.feed(world, process, Input::Signed),
            Next::Finished(books) => self.end(world, process, None, books),
            Next::Failed(claim, books) => self.end(world, process, Some(claim), books),
            _ => {}
        }
    }

    /// Tells a flow something after which it may show its payment again, and does that.
    fn resume(&self, world: &mut World, process: u8, input: Input, written: bool) {
        self.feed(world, process, input);
        let replays = |run| self.next(run) == Some(Next::Replay);
        match (world.run(process).is_some_and(replays), written) {
            (false, _) => {}
            (true, true) => self.send(world, process),
            (true, false) => {
                world.sends = world.sends.saturating_sub(1);
                self.feed(world, process, Input::NeverSent);
            }
        }
    }

    fn begin(&self, world: &mut World, process: u8, written: bool, foretold: Option<u8>) {
        let now = self.clock(world);
        let fresh = self.is_broken(Broken::RandomNonce);
        let attempt = world.attempts;
        let key = if self.bounds.keyless { attempt } else { self.key(process) };
        let nonce = if fresh { 100 + attempt } else { key };
        let standing = match fresh || self.bounds.keyless {
            true => Standing::New,
            false => world.journal.standing(key, process, now),
        };
        let (seed, auth) = match standing {
            Standing::InFlight => return,
            Standing::New => match foretold {
                Some(price) => (Seed::Foretold { nonce, price }, None),
                None => (Seed::New { nonce }, None),
            },
            Standing::Resume { auth, at_risk, ended } => {
                (Seed::Resume { auth, at_risk, ended }, Some(auth))
            }
        };
        // A number that tells attempts apart matters only once one of them signs.
        world.attempts = if auth.is_none() { attempt + 1 } else { attempt };
        world.processes[usize::from(process)].run = Some(Run {
            node: self.machine.begin(seed),
            key,
            attempt: auth.map_or(attempt, |auth| auth.attempt),
            token: auth.map_or(attempt, |auth| auth.token),
            nonce,
            auth,
            own: auth.into_iter().collect(),
            row: auth.is_some(),
            resumed: auth.is_some(),
            inbox: None,
        });
        self.resume(world, process, Input::Start, written);
    }

    /// Turns to a payment of the same content that was found on the way.
    fn take_up(&self, world: &mut World, process: u8, found: (Auth, u8, Option<u8>)) {
        let (auth, at_risk, ended) = found;
        let node = self.machine.begin(Seed::Resume { auth, at_risk, ended });
        *world.run_mut(process) = Run {
            node,
            key: auth.key,
            attempt: auth.attempt,
            token: auth.token,
            nonce: auth.nonce,
            auth: Some(auth),
            own: BTreeSet::from([auth]),
            row: true,
            resumed: true,
            inbox: None,
        };
        let written = world.sends > 0;
        self.resume(world, process, Input::Start, written);
    }

    fn reserve(&self, world: &mut World, process: u8, amount: u8) {
        let now = self.clock(world);
        let run = world.run(process).unwrap();
        let (key, token, raises) = (run.key, run.token, run.row);
        let looks = self.bounds.keyless && !raises && !self.is_broken(Broken::NothingTakenUp);
        if looks
            && let Standing::Resume { auth, at_risk, ended } =
                world.journal.by_content(process, now)
        {
            return self.take_up(world, process, (auth, at_risk, ended));
        }
        if self.is_broken(Broken::RandomNonce) && !raises {
            world.journal.rows[usize::from(key)] = None;
        }
        let reserved = match raises {
            true => world.journal.raise(key, amount, self.limit()),
            false => world.journal.reserve((key, process), (amount, token), self.limit(), now),
        };
        match reserved {
            Ok(()) => {
                let row = world.journal.rows[usize::from(key)].as_mut().unwrap();
                if self.is_broken(Broken::TokenReplaced) && !raises {
                    row.token = token;
                }
                let token = row.token;
                let run = world.run_mut(process);
                (run.row, run.token) = (true, token);
                self.feed(world, process, Input::Reserved);
            }
            Err(kind) => self.feed(world, process, Input::NotReserved(kind)),
        }
    }

    fn record(&self, world: &mut World, process: u8, how: Recorded) {
        let run = world.run_mut(process);
        let key = run.key;
        let Some(Next::Record { amount, expiry }) = self.next(run) else { return };
        let Run { nonce, token, attempt, .. } = *run;
        let auth = Auth { key, nonce, amount, expiry, token, attempt };
        if how == Recorded::Failed {
            return self.feed(world, process, Input::NotRecorded);
        }
        run.auth = Some(auth);
        run.own.insert(auth);
        if !self.is_broken(Broken::SendBeforeRecord) {
            world.journal.record(auth);
            world.recorded.insert(auth);
        }
        match how {
            Recorded::ThenDied => self.crash(world, process),
            Recorded::NeverSent => {
                self.feed(world, process, Input::Recorded);
                self.feed(world, process, Input::NeverSent);
            }
            _ => {
                self.feed(world, process, Input::Recorded);
                self.send(world, process);
            }
        }
        if self.is_broken(Broken::SendBeforeRecord) {
            world.journal.record(auth);
            world.recorded.insert(auth);
        }
    }

    /// Writes the payment to the network, which never forgets it.
    fn send(&self, world: &mut World, process: u8) {
        let auth = world.run(process).and_then(|run| run.auth).unwrap();
        let settled = |state| state == RecordState::Settled;
        let shown = world.journal.row(auth.key).is_some_and(|row| settled(row.state));
        world.seen.unrecorded_send |= !world.recorded.contains(&auth);
        world.seen.expired_send |= auth.expiry <= world.now && !shown;
        world.sent.insert(auth);
        world.sends = world.sends.saturating_sub(1);
    }

    /// Closes the books and tells the caller, who remembers what he was told.
    fn end(&self, world: &mut World, process: u8, claim: Option<Claim>, books: Books) {
        let at = &mut world.processes[usize::from(process)];
        let Some(run) = at.run.take() else { return };
        at.calls -= 1;
        let (key, answered) = (run.key, claim.is_none() && books != Books::Released);
        if answered {
            world.answered.insert(run.nonce);
        }
        if run.row {
            let released =
                self.is_broken(Broken::ReleaseOnRefusal) && matches!(books, Books::Refused { .. });
            let holder = world.journal.row(key).and_then(|row| row.lease);
            let books = if released { Books::Released } else { books };
            world.journal.close(key, books, answered);
            if self.is_broken(Broken::LeaseKept)
                && let Some(row) = &mut world.journal.rows[usize::from(key)]
            {
                row.lease = holder;
            }
        }
        let paid = world.executed(run.nonce).map(|auth| auth.amount);
        let latest = run.own.iter().map(|auth| auth.expiry).max();
        let honest = !self.bounds.liar;
        let fits = match (claim, books) {
            (None | Some(Claim::NotCharged), Books::Released) => true,
            (None | Some(Claim::ChargedByServer), Books::Settled { .. }) => {
                paid.is_some() || !honest
            }
            (Some(Claim::ChargedOnChain { amount: said }), Books::Settled { amount, .. }) => {
                said == amount && Some(said) == paid
            }
            (Some(Claim::Refused { live_until: said }), Books::Refused { live_until })
            | (Some(Claim::Unknown { live_until: said }), Books::Unknown { live_until }) => {
                said == live_until && Some(said) >= latest
            }
            _ => false,
        };
        world.seen.false_claim |= !fits;
        world.seen.resumed_and_answered |=
            run.resumed && claim.is_none() && matches!(books, Books::Settled { .. });
        if books == Books::Released {
            world.disclaimed.extend(run.own);
        }
    }

    fn crash(&self, world: &mut World, process: u8) {
        let at = &mut world.processes[usize::from(process)];
        (at.run, at.calls) = (None, at.calls.saturating_sub(1));
        world.crashes = world.crashes.saturating_sub(1);
        world.journal.died(process);
    }

    fn reconcile(&self, world: &mut World, key: u8) {
        let Some(row) = world.journal.row(key) else { return };
        let Some(auth) = row.auth else { return };
        match world.executed(auth.nonce) {
            Some(paid) => world.journal.prove(key, Some(paid.amount)),
            None if row.valid_before.is_some_and(|at| at <= world.now) => {
                world.journal.prove(key, None);
            }
            None => {}
        }
    }

    fn deliver(&self, world: &mut World, auth: Auth, to: Option<u8>) {
        let reply = world.gateway.take(auth, world.now);
        if let Some(process) = to {
            world.run_mut(process).inbox = Some(reply);
        }
    }

    fn advance(&self, world: &mut World, nonce: u8, stage: Stage) {
        world.gateway.put(nonce, stage);
        if stage == Stage::Settled && self.is_broken(Broken::AnswerForgotten) {
            world.gateway.claims.get_mut(&nonce).unwrap().stored = false;
        }
    }

    fn apply(&self, world: &mut World, step: Step) {
        match step {
            Step::Tick => {
                world.now += 1;
                world.gateway.expire(world.now);
            }
            Step::Begin(process, written) => self.begin(world, process, written, None),
            Step::Prepay(process, price) => {
                let written = world.sends > 0;
                self.begin(world, process, written, Some(price));
            }
            Step::ServeUnpaid(process, reply) => self.feed(world, process, Input::Reply(reply)),
            Step::Reserve(process) => {
                if let Some(Next::Reserve { amount }) = self.next(world.run(process).unwrap()) {
                    self.reserve(world, process, amount);
                }
            }
            Step::Decline(process) => {
                self.feed(world, process, Input::NotReserved(blockrun_llm::ErrorKind::Journal));
            }
            Step::Record(process, how) => self.record(world, process, how),
            Step::Wake(process, written) => {
                self.resume(world, process, Input::Waited, written);
            }
            Step::Deliver(auth, to) => self.deliver(world, auth, to),
            Step::Receive(process) => {
                if let Some(reply) = world.run_mut(process).inbox {
                    self.feed(world, process, Input::Reply(reply));
                }
            }
            Step::Lie(process, reply) => self.feed(world, process, Input::Reply(reply)),
            Step::Lose(process) => {
                let paying = world.run(process).is_some_and(|run| run.auth.is_some());
                let input = match paying && self.is_broken(Broken::LostIsNeverSent) {
                    true => Input::NeverSent,
                    false => Input::Lost,
                };
                self.feed(world, process, input);
            }
            Step::AskChain(process, answers) => {
                let nonce = world.run(process).and_then(|run| run.auth).map(|auth| auth.nonce);
                let paid = nonce.and_then(|nonce| world.executed(nonce)).map(|auth| auth.amount);
                self.feed(world, process, Input::Chain(answers.then_some(paid)));
            }
            Step::Deadline(process) => self.feed(world, process, Input::Deadline),
            Step::Crash(process) => self.crash(world, process),
            Step::Reconcile(key) => self.reconcile(world, key),
            Step::Advance(nonce, stage) => self.advance(world, nonce, stage),
            Step::Execute(auth) => {
                world.executed.push(auth);
                world.executed.sort_unstable();
            }
        }
    }
}

impl Model for Exploration {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let rows = match self.bounds.keyless {
            true => self.bounds.keys.len() * usize::from(self.bounds.calls),
            false => usize::from(self.bounds.keys.iter().max().unwrap() + 1),
        };
        let process = Process { calls: self.bounds.calls, run: None };
        vec![World {
            now: 0,
            processes: vec![process; self.bounds.keys.len()],
            journal: Journal { rows: vec![None; rows] },
            gateway: Gateway::default(),
            recorded: BTreeSet::new(),
            sent: BTreeSet::new(),
            executed: Vec::new(),
            answered: BTreeSet::new(),
            disclaimed: BTreeSet::new(),
            attempts: 0,
            sends: self.bounds.sends,
            crashes: self.bounds.crashes,
            seen: Seen::default(),
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        if world.now < self.bounds.time && !self.is_quick(world) {
            steps.push(Step::Tick);
        }
        for process in 0..u8::try_from(world.processes.len()).unwrap() {
            self.process_steps(world, process, steps);
        }
        for key in 0..u8::try_from(world.journal.rows.len()).unwrap() {
            if world.journal.row(key).is_some_and(Row::is_open) {
                steps.push(Step::Reconcile(key));
            }
        }
        self.server_steps(world, steps);
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut after = world.clone();
        self.apply(&mut after, step);
        (after != *world).then_some(after)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        rules::all(self)
    }
}
