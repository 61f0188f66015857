use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;
use crate::captured_log::CapturedLog;
use crate::process::{DataFolder, Process, States};
use crate::site::Outside;
use crate::testing::empty;

/// Made by the reference implementation, `argon2 0123456789abcdef -id -t 3 -m 12 -p 1`: what Kalgan 0.9 made.
const OF_KALGAN_0_9: &str =
    "$argon2id$v=19$m=4096,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$yKu3VvxpnGuioOMoo23yIk+ovTMwsjQzEGrIn1aXYmc";
/// `-id -t 2 -k 19456 -p 1`
const CURRENT: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$rk2Mi3E4dgRMg0fHaYaptWVZRKqs//6b6k3/nntqGJk";
/// `-i -t 3 -m 12 -p 2`
const OF_ARGON2I: &str =
    "$argon2i$v=19$m=4096,t=3,p=2$MDEyMzQ1Njc4OWFiY2RlZg$yzxlzPQyfoowuD37mZoLcXaK/on4xJJEDx4g1LOjzVg";

const RIGHT: &str = "correct horse";

/// A process with so many turns.
fn process(turns: usize) -> Process {
    let app = crate::App::new(empty, crate::controller::Dispatch::default());
    let settings = app.site(Outside::default()).unwrap().settings.clone();
    let mut states = States::default();
    states.insert(Turns(Arc::new(Semaphore::new(turns))));
    Process::new(settings, DataFolder::temporary().unwrap(), states)
}

#[tokio::test]
async fn a_password_is_known_by_its_hash_b161() {
    let process = process(2);
    let made = hash(&process, RIGHT).await.unwrap();
    assert!(made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{made}");
    assert_eq!(made.len(), 97);
    assert_ne!(made, hash(&process, RIGHT).await.unwrap(), "the salt is new each time");
    let right = verify(&process, RIGHT, &made).await.unwrap();
    assert_eq!((right.is_right, right.needs_rehash), (true, false));
    for wrong in ["", "correct horse ", "Correct horse", "correct\0horse"] {
        assert_eq!(verify(&process, wrong, &made).await.unwrap(), Verified::WRONG, "{wrong:?}");
    }
    let unusual = ["", "\0", "pässwörd 🔑", &"x".repeat(MAX_LENGTH)];
    for password in unusual {
        let made = hash(&process, password).await.unwrap();
        assert!(verify(&process, password, &made).await.unwrap().is_right);
    }
}

#[tokio::test]
async fn a_hash_made_in_another_way_is_understood_and_flagged_b161() {
    let process = process(1);
    for (stored, needs_rehash) in [(OF_KALGAN_0_9, true), (OF_ARGON2I, true), (CURRENT, false)] {
        let right = verify(&process, RIGHT, stored).await.unwrap();
        assert_eq!((right.is_right, right.needs_rehash), (true, needs_rehash), "{stored}");
        let wrong = verify(&process, "battery staple", stored).await.unwrap();
        assert_eq!(wrong, Verified::WRONG, "{stored}: without the right password there is nothing to be made anew");
    }
}

#[tokio::test]
async fn what_is_no_hash_is_never_right_and_never_shown_b161() {
    let (process, log) = (process(2), CapturedLog::start());
    let salt_and_hash = &CURRENT["$argon2id$v=19$m=19456,t=2,p=1".len()..];
    let mut broken: Vec<String> =
        ["", "$", "secret-of-mine", "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"]
            .map(str::to_string)
            .to_vec();
    broken.push(format!("$argon2id$v=19$m=4294967295,t=2,p=1{salt_and_hash}"));
    broken.push(format!("$argon2id$v=19$m=8388608,t=1,p=1{salt_and_hash}"));
    broken.push(format!("$argon2id$v=19$m=19456,t=4294967295,p=1{salt_and_hash}"));
    broken.push(format!("$argon2id$v=19$m=262144,t=2,p=16777215{salt_and_hash}"));
    broken.push(format!("$argon2id$v=18$m=19456,t=2,p=1{salt_and_hash}"));
    broken.push(format!("$argon2$v=19$m=19456,t=2,p=1{salt_and_hash}"));
    broken.push(format!("$argon2id$v=19$m=0,t=0,p=0{salt_and_hash}"));
    broken.push("$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg".to_string());
    broken.push("$argon2id$v=19$m=19456,t=2,p=1$c2hvcnQ$MDEyMzQ1Njc4OWFiY2RlZg".to_string());
    for stored in &broken {
        assert_eq!(verify(&process, RIGHT, stored).await.unwrap(), Verified::WRONG, "{stored}");
        let lines = log.take();
        assert!(lines.len() == 1 && lines[0].contains("WARN"), "{stored}: {lines:?}");
        assert!(!lines[0].contains(RIGHT) && !lines[0].contains("MDEy") && !lines[0].contains("secret"), "{lines:?}");
    }
}

#[test]
fn no_damage_to_a_hash_is_a_panic() {
    for position in 0..OF_KALGAN_0_9.len() {
        for byte in [b'$', b'=', b',', b'A', b'0', b'9', b' ', b'~'] {
            let mut damaged = OF_KALGAN_0_9.as_bytes().to_vec();
            damaged[position] = byte;
            let _ = Stored::read(std::str::from_utf8(&damaged).unwrap());
        }
        let _ = Stored::read(&OF_KALGAN_0_9[..position]);
    }
}

#[tokio::test]
async fn a_very_long_password_is_refused_before_it_costs_anything() {
    let process = process(0);
    let long = "x".repeat(MAX_LENGTH + 1);
    let refused = [
        hash(&process, &long).await.map(|_| ()),
        verify(&process, &long, CURRENT).await.map(|_| ()),
        verify_nothing(&process, &long).await.map(|_| ()),
    ];
    assert_eq!(refused.map(|result| result.unwrap_err().status().as_u16()), [400; 3]);
}

#[tokio::test]
async fn there_is_no_user_and_the_password_is_wrong_all_the_same() {
    assert_eq!(verify_nothing(&process(1), RIGHT).await.unwrap(), Verified::WRONG);
}

#[tokio::test]
async fn no_more_are_hashed_at_one_time_than_there_are_turns() {
    static AT_WORK: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let process = process(2);
    let all = (0..20).map(|_| {
        in_turn(&process, RIGHT, |_| {
            MOST.fetch_max(AT_WORK.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(2));
            AT_WORK.fetch_sub(1, Ordering::SeqCst);
        })
    });
    futures_util::future::try_join_all(all).await.unwrap();
    assert_eq!(MOST.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn who_no_longer_waits_keeps_the_turn_until_the_work_is_done() {
    static MAY_END: AtomicBool = AtomicBool::new(false);
    let process = process(1);
    let work = in_turn(&process, RIGHT, |_| {
        while !MAY_END.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    assert!(futures_util::FutureExt::now_or_never(work).is_none(), "it has begun and is dropped here");
    let Turns(turns) = process.service().unwrap();
    assert_eq!(
        turns.available_permits(),
        0,
        "else a client that hangs up again and again could have any number at work"
    );
    MAY_END.store(true, Ordering::SeqCst);
    assert_eq!(in_turn(&process, RIGHT, |password| password.len()).await.unwrap(), RIGHT.len());
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_gets_503_and_a_time_to_come_back() {
    let process = process(0);
    let failure = hash(&process, RIGHT).await.unwrap_err();
    assert_eq!(failure.status().as_u16(), 503);
    assert_eq!(failure.headers()["retry-after"], "10");
    assert!(!failure.chain().contains(RIGHT));
}

#[tokio::test]
async fn a_request_by_itself_has_nobody_to_hash_for_it() {
    let failure = hash(&crate::testing::request("/"), RIGHT).await.unwrap_err();
    assert_eq!(failure.status().as_u16(), 500);
}
