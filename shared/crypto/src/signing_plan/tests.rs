//! A secret, a table and runs of `rotate-keys` that are whole, cut off anywhere, or mixed with each other.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// What a run is for, before it is known which keys there are.
#[derive(Clone, Copy, Debug)]
enum Call {
    Present,
    Rotate,
    RetireWorking,
    RetireStandby,
    /// Any key that is published, the oldest first.
    RetirePublished(usize),
    /// The one that was retired last.
    RetireAgain,
    RetireUnknown,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Wait(i64),
    Whole(Call),
    /// Cut off after so many steps.
    Cut(Call, usize),
    /// Two at once; each bit says whose step is next.
    Two(Call, Call, u16),
}

/// A run that is under way: the steps of `rotate-keys`.
struct Run {
    kid: Option<String>,
    wish: Call,
    loaded: Option<(u32, SigningRing)>,
    plan: Option<SigningPlan>,
    step: Step,
}

#[derive(Clone, Copy, PartialEq)]
enum Step {
    LoadRing,
    Plan,
    Publish,
    Replace,
    End,
    Done,
}

#[derive(Default)]
struct World {
    now: i64,
    version: u32,
    ring: SigningRing,
    published: BTreeMap<String, VerificationKey>,
    retired: Vec<String>,
    /// Which keys signed, in order, and until when.
    signed: Vec<(String, i64)>,
}

impl World {
    fn at(&self) -> Timestamp {
        Timestamp::from_second(self.now).unwrap()
    }

    fn run(&self, call: Call) -> Run {
        let keys = self.ring.keys();
        let kid = match call {
            Call::Present | Call::Rotate => None,
            Call::RetireWorking => keys.working().map(|key| key.kid().to_owned()),
            Call::RetireStandby => keys.standby().map(|key| key.kid().to_owned()),
            Call::RetirePublished(nth) => {
                let mut all: Vec<_> = self.published.values().collect();
                all.sort_by_key(|key| key.created_at);
                all.get(nth % all.len().max(1)).map(|key| key.kid.clone())
            }
            Call::RetireAgain => self.retired.last().cloned(),
            Call::RetireUnknown => Some("nobody-knows-it".to_owned()),
        };
        Run { kid, wish: call, loaded: None, plan: None, step: Step::LoadRing }
    }

    fn step(&mut self, run: &mut Run) {
        run.step = match run.step {
            Step::LoadRing => {
                run.loaded = Some((self.version, self.ring.clone()));
                Step::Plan
            }
            Step::Plan => {
                let published: Vec<_> = self.published.values().cloned().collect();
                let wish = match (&run.kid, run.wish) {
                    (Some(kid), _) => Wish::Retirement(kid),
                    (None, Call::Rotate) => Wish::Rotation,
                    (None, _) => Wish::Present,
                };
                let (_, ring) = run.loaded.as_ref().unwrap();
                run.plan = SigningPlan::new(ring, &published, wish, self.at()).unwrap();
                if run.plan.is_none() { Step::Done } else { Step::Publish }
            }
            Step::Publish => {
                for key in &run.plan.as_ref().unwrap().publish {
                    assert!(self.published.insert(key.kid.clone(), key.clone()).is_none());
                }
                Step::Replace
            }
            Step::Replace => {
                let (version, plan) = (run.loaded.as_ref().unwrap().0, run.plan.as_ref().unwrap());
                if !plan.is_another {
                    Step::End
                } else if version == self.version {
                    self.version += 1;
                    self.ring = plan.ring.clone();
                    Step::End
                } else {
                    for key in &plan.publish {
                        end(&mut self.published, &key.kid, End::AtOnce);
                    }
                    Step::LoadRing
                }
            }
            Step::End => {
                for (kid, at) in &run.plan.as_ref().unwrap().ends {
                    end(&mut self.published, kid, *at);
                }
                self.retired.extend(run.kid.clone());
                Step::Done
            }
            Step::Done => Step::Done,
        };
        self.check();
    }

    /// What holds at every moment, also in the middle of a run.
    fn check(&mut self) {
        let Some(signer) = self.ring.signer() else { return };
        let kid = signer.kid().to_owned();
        let known = self.published.get(&kid).unwrap_or_else(|| panic!("{kid} signs and is not published"));
        assert_eq!(known.retire_at, None, "a key signs that has an end");
        match self.signed.last_mut() {
            Some((last, until)) if *last == kid => *until = self.now,
            _ => {
                assert!(!self.signed.iter().any(|(before, _)| *before == kid), "a replaced key signs again");
                self.signed.push((kid, self.now));
            }
        }
        // Whoever got a token of a key that was not retired by hand can use it up.
        for (kid, until) in &self.signed {
            let end = self.published.get(kid).and_then(|key| key.retire_at);
            let by_hand = end == Some(Timestamp::UNIX_EPOCH);
            let needed = *until + 60 + ACCESS_TOKEN_LIFETIME.as_secs();
            assert!(by_hand || end.is_none_or(|end| end.as_second() >= needed), "tokens end early");
        }
    }

    fn finish(&mut self, run: &mut Run) {
        while run.step != Step::Done {
            self.step(run);
        }
        if let (Some(kid), Some(_)) = (&run.kid, &run.plan) {
            assert!(self.ring.keys().get(kid).is_none(), "a retired key is in the ring");
            let end = self.published.get(kid).map(|key| key.retire_at);
            assert!(end.is_none_or(|end| end == Some(Timestamp::UNIX_EPOCH)), "a retired key is trusted");
        }
        if run.plan.is_some() {
            assert!(self.ring.keys().standby().is_some(), "no key stands by");
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Wait(seconds) => {
                self.now += seconds;
                let gone = self.at() - SignedDuration::from_hours(48);
                self.published.retain(|_, key| key.retire_at.is_none_or(|end| end > gone || end.as_second() == 0));
            }
            Act::Whole(call) => {
                let mut run = self.run(call);
                self.finish(&mut run);
            }
            Act::Cut(call, steps) => {
                let mut run = self.run(call);
                (0..steps).for_each(|_| self.step(&mut run));
            }
            Act::Two(first, second, order) => {
                let (mut first, mut second) = (self.run(first), self.run(second));
                for place in 0..16 {
                    self.step(if order >> place & 1 == 0 { &mut first } else { &mut second });
                }
                self.finish(&mut first);
                self.finish(&mut second);
            }
        }
    }
}

/// As the table does it: an end only comes nearer.
fn end(published: &mut BTreeMap<String, VerificationKey>, kid: &str, end: End) {
    if let Some(key) = published.get_mut(kid) {
        match end {
            End::AtOnce => key.retire_at = Some(Timestamp::UNIX_EPOCH),
            End::At(at) => key.retire_at = key.retire_at.or(Some(at)),
        }
    }
}

fn calls() -> impl Strategy<Value = Call> {
    prop_oneof![
        1 => Just(Call::Present),
        3 => Just(Call::Rotate),
        2 => Just(Call::RetireWorking),
        1 => Just(Call::RetireStandby),
        2 => (0..6_usize).prop_map(Call::RetirePublished),
        1 => Just(Call::RetireAgain),
        1 => Just(Call::RetireUnknown),
    ]
}

fn acts() -> impl Strategy<Value = Act> {
    let waits = prop_oneof![Just(1), Just(61), Just(16 * 60), Just(HOUR), Just(26 * HOUR), Just(30 * DAY)];
    prop_oneof![
        3 => waits.prop_map(Act::Wait),
        3 => calls().prop_map(Act::Whole),
        2 => (calls(), 0..6_usize).prop_map(|(call, steps)| Act::Cut(call, steps)),
        2 => (calls(), calls(), any::<u16>()).prop_map(|(first, second, order)| Act::Two(first, second, order)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn h07_whatever_happens_to_the_keys_a_trusted_one_signs_and_a_replaced_one_never_again(
        acts in prop::collection::vec(acts(), 1..25),
    ) {
        let mut world = World { now: 1_800_000_000, ..World::default() };
        world.act(Act::Whole(Call::Present));
        for act in acts {
            world.act(act);
        }
        // Once all is quiet nothing is left over: what is trusted is what signs or stands by.
        for _ in 0..2 {
            world.act(Act::Wait(2 * HOUR));
            world.act(Act::Whole(Call::Rotate));
        }
        let trusted: BTreeSet<_> =
            world.published.values().filter(|key| key.retire_at.is_none()).map(|key| key.kid.as_str()).collect();
        let ring: BTreeSet<_> = world.ring.keys().keys().iter().map(SigningKey::kid).collect();
        assert_eq!(trusted, ring);
    }
}

fn world() -> World {
    let mut world = World { now: 1_800_000_000, ..World::default() };
    world.act(Act::Whole(Call::Present));
    world
}

fn signer(world: &World) -> String {
    world.ring.signer().unwrap().kid().to_owned()
}

#[test]
fn c08_a_rotation_lets_the_key_that_stands_by_sign_and_trusts_the_one_before_for_its_tokens() {
    let mut world = world();
    let (first, second) = (signer(&world), world.ring.keys().standby().unwrap().kid().to_owned());
    world.act(Act::Wait(30 * DAY));
    world.act(Act::Whole(Call::Rotate));
    assert_eq!(signer(&world), second);
    let end = world.published[&first].retire_at.unwrap();
    assert_eq!(end, world.at() + SignedDuration::from_mins(90));
    // The same event twice, and news about the stack at any time, replace nothing.
    world.act(Act::Whole(Call::Rotate));
    world.act(Act::Wait(60 * DAY));
    world.act(Act::Whole(Call::Present));
    assert_eq!(signer(&world), second);
}

#[test]
fn h07_the_order_of_the_review_leaves_a_trusted_signer() {
    let mut world = world();
    world.act(Act::Wait(30 * DAY));
    world.act(Act::Whole(Call::Rotate));
    world.act(Act::Wait(26 * HOUR));
    let known_for_long = world.ring.keys().standby().unwrap().kid().to_owned();
    world.act(Act::Whole(Call::RetireWorking));
    assert_eq!(signer(&world), known_for_long);
}

#[test]
fn h07_a_ring_whose_keys_are_published_nowhere_is_made_anew() {
    let world = world();
    let plan = SigningPlan::new(&world.ring, &[], Wish::Present, world.at()).unwrap().unwrap();
    assert!(plan.is_another && plan.publish.len() == 2 && plan.ends.is_empty());
    assert_ne!(plan.ring.signer().unwrap().kid(), signer(&world));
}

#[test]
fn o8_a_key_that_nobody_knows_is_no_plan() {
    let mut world = world();
    let mut run = world.run(Call::RetireUnknown);
    world.finish(&mut run);
    assert!(run.plan.is_none());
    assert_eq!((world.version, world.published.len()), (1, 2));
}
