//! What the outbox decides, by hand.

use super::*;

const SEND: Action = Action::Send { batch: BatchNo(1) };

/// A machine whose downloads have nothing to do for a while.
fn quiet(now: u64) -> Outbox {
    let mut outbox = Outbox::new(7);
    outbox.on(Action::FetchDesk, Outcome::Desk { more: false }, now);
    outbox.on(Action::FetchGoods, Outcome::Goods { more: false }, now);
    outbox
}

fn unsent(batch: u64) -> Standing {
    Standing { unsent: Some(BatchNo(batch)), ..Standing::default() }
}

#[test]
fn nothing_to_do_waits_for_the_next_feed() {
    let outbox = quiet(1_000);
    assert_eq!(outbox.next(1_000), Action::WaitUntil(1_000 + FEED_INTERVAL_MS));
    assert_eq!(outbox.next(1_000 + FEED_INTERVAL_MS), Action::FetchDesk);
}

#[test]
fn operations_wait_a_little_for_company_and_many_do_not() {
    let mut outbox = quiet(0);
    outbox.observe(Standing { unsealed: 3, ..Standing::default() }, 10);
    assert_eq!(outbox.next(10), Action::WaitUntil(10 + LINGER_MS));
    outbox.observe(Standing { unsealed: 4, ..Standing::default() }, 150);
    assert_eq!(outbox.next(10 + LINGER_MS), Action::Seal);
    let mut outbox = quiet(0);
    outbox.observe(Standing { unsealed: LINGER_OPERATIONS_MAX, ..Standing::default() }, 10);
    assert_eq!(outbox.next(10), Action::Seal);
}

#[test]
fn a_sealed_batch_goes_before_a_new_one_is_sealed() {
    let mut outbox = quiet(0);
    outbox.observe(Standing { unsealed: 900, ..unsent(1) }, 10);
    assert_eq!(outbox.next(10), SEND);
}

#[test]
fn the_first_retry_comes_within_half_a_second_and_the_pause_is_bounded() {
    let mut outbox = quiet(0);
    outbox.observe(unsent(1), 0);
    let mut now = 0;
    for round in 0..40 {
        outbox.on(SEND, Outcome::Failed, now);
        let (_, at) = outbox.next_upload(now);
        assert!(at > now && at - now <= BACKOFF_MS_MAX, "round {round}: {at} after {now}");
        if round == 0 {
            assert!(at - now <= 500);
        }
        if round > 10 {
            assert!(at - now >= BACKOFF_MS_MAX / 2);
        }
        now = at;
    }
    assert!(!outbox.is_online());
    outbox.on(SEND, Outcome::Stored, now);
    assert!(outbox.is_online());
}

#[test]
fn uploads_that_fail_do_not_hold_the_feed_up() {
    let mut outbox = quiet(0);
    outbox.observe(unsent(1), 0);
    for _ in 0..10 {
        outbox.on(SEND, Outcome::Failed, 0);
    }
    assert_eq!(outbox.next(FEED_INTERVAL_MS), Action::FetchDesk);
}

#[test]
fn what_gets_through_shows_that_the_network_is_back() {
    let mut outbox = quiet(0);
    outbox.observe(unsent(1), 0);
    for _ in 0..10 {
        outbox.on(Action::FetchDesk, Outcome::Unreachable, 0);
        outbox.on(Action::FetchGoods, Outcome::Failed, 0);
    }
    outbox.on(SEND, Outcome::Stored, 500);
    outbox.observe(Standing::default(), 500);
    assert_eq!(outbox.next(FEED_INTERVAL_MS), Action::FetchDesk);
    outbox.on(Action::FetchDesk, Outcome::Desk { more: false }, 1_000);
    assert_eq!(
        outbox.next(1_000),
        Action::WaitUntil(1_000 + FEED_INTERVAL_MS),
        "goods were refused"
    );
}

#[test]
fn uploads_and_downloads_take_turns() {
    let mut outbox = Outbox::new(7);
    outbox.observe(Standing { unjudged: 5, ..unsent(1) }, 0);
    let mut done = Vec::new();
    for _ in 0..4 {
        let action = outbox.next(0);
        let outcome = if action == SEND {
            Outcome::Stored
        } else {
            Outcome::Verdicts { count: 1, more: true }
        };
        outbox.on(action, outcome, 0);
        done.push(action);
    }
    assert_eq!(done, [Action::FetchVerdicts, SEND, Action::FetchVerdicts, SEND]);
}

#[test]
fn a_cloud_that_misses_batches_gets_them_in_order() {
    let mut outbox = quiet(0);
    outbox.observe(unsent(5), 0);
    let five = Action::Send { batch: BatchNo(5) };
    outbox.on(five, Outcome::Parked { expected: BatchNo(3) }, 0);
    let mut sent = Vec::new();
    for _ in 0..3 {
        let (action, _) = outbox.next_upload(0);
        let action = action.unwrap();
        outbox.on(action, Outcome::Stored, 0);
        sent.push(action);
    }
    let numbers = [3, 4, 5].map(|batch| Action::Send { batch: BatchNo(batch) });
    assert_eq!(sent, numbers);
}

#[test]
fn a_cloud_that_asks_for_what_it_was_just_sent_is_given_time() {
    let mut outbox = quiet(0);
    outbox.observe(unsent(5), 0);
    let five = Action::Send { batch: BatchNo(5) };
    outbox.on(five, Outcome::Parked { expected: BatchNo(5) }, 0);
    let (action, at) = outbox.next_upload(0);
    assert!(action.is_none() && at > 0);
}

#[test]
fn a_lost_stream_is_resumed_before_anything_else_goes_out() {
    let mut outbox = quiet(0);
    outbox.observe(Standing { lost: true, unsealed: 9, ..unsent(1) }, 0);
    assert_eq!(outbox.next(0), Action::Resume);
}

#[test]
fn a_frozen_stream_sends_nothing_and_still_listens() {
    let mut outbox = quiet(0);
    outbox.observe(Standing { frozen: true, unsealed: 9, unjudged: 2, ..unsent(1) }, 0);
    assert_eq!(outbox.next(0), Action::FetchVerdicts);
    outbox.on(Action::FetchVerdicts, Outcome::Verdicts { count: 0, more: false }, 0);
    assert_eq!(outbox.next(0), Action::WaitUntil(VERDICT_INTERVAL_MS));
}

#[test]
fn verdicts_that_take_their_time_are_asked_for_less_and_less_often() {
    let mut outbox = quiet(0);
    outbox.observe(Standing { unjudged: 2, ..Standing::default() }, 0);
    let none = Outcome::Verdicts { count: 0, more: false };
    let mut pauses = Vec::new();
    for _ in 0..7 {
        outbox.on(Action::FetchVerdicts, none, 0);
        pauses.push(outbox.verdicts_at);
    }
    assert_eq!(pauses, [200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    outbox.on(SEND, Outcome::Stored, 7);
    assert_eq!(outbox.next(7), Action::FetchVerdicts);
}

#[test]
fn the_desk_comes_first_to_its_end_and_is_asked_for_again_while_goods_come() {
    let mut outbox = Outbox::new(7);
    let mut done = Vec::new();
    for now in [0, 100, 200, 300, 400, 1_150, 1_250, 1_350] {
        let action = outbox.next(now);
        let outcome = if action == Action::FetchDesk {
            Outcome::Desk { more: now < 100 }
        } else {
            Outcome::Goods { more: true }
        };
        outbox.on(action, outcome, now);
        done.push(action);
    }
    let (desk, goods) = (Action::FetchDesk, Action::FetchGoods);
    assert_eq!(done, [desk, desk, goods, goods, goods, desk, goods, goods]);
}

#[test]
fn goods_that_do_not_come_keep_nothing_else_up() {
    let mut outbox = quiet(0);
    for _ in 0..10 {
        outbox.on(Action::FetchGoods, Outcome::Failed, 0);
    }
    assert!(!outbox.is_online());
    assert_eq!(outbox.next(FEED_INTERVAL_MS), Action::FetchDesk);
}

#[test]
fn many_verdicts_do_not_starve_the_feed() {
    let mut outbox = quiet(0);
    outbox.observe(Standing { unjudged: 9, ..Standing::default() }, 0);
    let late = FEED_INTERVAL_MS + FEED_OVERDUE_MS;
    assert_eq!(outbox.next(late - 1), Action::FetchVerdicts);
    assert_eq!(outbox.next(late), Action::FetchDesk);
}
