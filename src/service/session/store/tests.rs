//! What every store does, for those that need no server. Redis does the same in `tests/suite/services/sessions.rs`.

use super::*;
use crate::service::session::id::Id;

const MINUTE: u64 = 60_000;

/// A new key each time.
fn key() -> Key {
    Id::new().unwrap().key("user")
}

fn record(values: &[(&str, &str)]) -> Record {
    let values = values.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Record { created: now(), expires: now() + MINUTE, values }
}

fn set(name: &str, value: &str) -> Changes {
    Changes { values: BTreeMap::from([(name.to_string(), Some(value.to_string()))]), ..Changes::default() }
}

async fn texts(store: &dyn Store, key: &Key) -> Option<Vec<String>> {
    let record = store.load(key).await.unwrap()?;
    Some(record.values.iter().map(|(name, value)| format!("{name}={value}")).collect())
}

/// Runs all that a store must do.
async fn is_a_store(store: &dyn Store) {
    changes_meet_what_is_there(store).await;
    what_is_gone_stays_gone(store).await;
    store.check().await.unwrap();
}

async fn changes_meet_what_is_there(store: &dyn Store) {
    let key = key();
    assert_eq!(store.load(&key).await.unwrap(), None);
    let made = record(&[("a", "1"), ("b", "1")]);
    store.create(&key, made.clone()).await.unwrap();
    assert_eq!(store.load(&key).await.unwrap(), Some(made.clone()));
    // Two requests have loaded the same; each changes another name.
    assert!(store.change(&key, &set("a", "2"), made.expires + 1).await.unwrap());
    assert!(store.change(&key, &set("c", "3"), made.expires + 2).await.unwrap());
    assert_eq!(texts(store, &key).await.unwrap(), ["a=2", "b=1", "c=3"]);
    let changed = store.load(&key).await.unwrap().unwrap();
    assert_eq!((changed.created, changed.expires), (made.created, made.expires + 2));
    let removal = Changes { values: BTreeMap::from([("a".to_string(), None)]), clear: false };
    assert!(store.change(&key, &removal, made.expires).await.unwrap());
    assert_eq!(texts(store, &key).await.unwrap(), ["b=1", "c=3"]);
    let clear = Changes { clear: true, ..set("d", "4") };
    assert!(store.change(&key, &clear, made.expires).await.unwrap());
    assert_eq!(texts(store, &key).await.unwrap(), ["d=4"]);
    assert!(store.change(&key, &Changes { clear: true, ..Changes::default() }, made.expires).await.unwrap());
    assert_eq!(texts(store, &key).await.unwrap(), [""; 0], "an empty session is there all the same");
}

async fn what_is_gone_stays_gone(store: &dyn Store) {
    let (old, new) = (key(), key());
    store.create(&old, record(&[("a", "1")])).await.unwrap();
    assert!(store.renew((&old, &new), &set("b", "2"), now() + MINUTE).await.unwrap());
    assert_eq!(texts(store, &old).await, None);
    assert_eq!(texts(store, &new).await.unwrap(), ["a=1", "b=2"]);
    // A slower request still has the old id.
    assert!(!store.change(&old, &set("a", "9"), now() + MINUTE).await.unwrap());
    assert!(!store.renew((&old, &key()), &set("a", "9"), now() + MINUTE).await.unwrap());
    assert_eq!(texts(store, &old).await, None);
    store.remove(&new).await.unwrap();
    assert!(!store.change(&new, &set("a", "9"), now() + MINUTE).await.unwrap());
    assert_eq!(texts(store, &new).await, None);
}

#[tokio::test]
async fn memory_is_a_store() {
    is_a_store(&memory::Memory::new(1 << 20)).await;
}

#[tokio::test]
async fn memory_takes_a_new_session_and_drops_the_one_that_was_used_longest_ago() {
    let store = memory::Memory::new(20_000);
    let keys: Vec<Key> = (0..200).map(|_| key()).collect();
    for key in &keys {
        store.create(key, record(&[("a", &"x".repeat(100))])).await.unwrap();
        store.settle().await;
    }
    let mut there = 0;
    for key in &keys {
        there += usize::from(store.load(key).await.unwrap().is_some());
    }
    assert!((2..60).contains(&there), "{there} sessions");
    assert!(store.load(&keys[199]).await.unwrap().is_some() && store.load(&keys[0]).await.unwrap().is_none());
}

#[tokio::test]
async fn memory_forgets_what_has_ended() {
    let (store, key) = (memory::Memory::new(1 << 20), key());
    store.create(&key, Record { expires: now() + 30, ..record(&[]) }).await.unwrap();
    std::thread::sleep(std::time::Duration::from_millis(40));
    assert_eq!(store.load(&key).await.unwrap(), None);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_file_is_a_store_and_forgets_what_has_ended_when_it_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite::File::open(folder.path().join("s.sqlite3")).await.unwrap();
    is_a_store(&store).await;
    let (ended, lasting) = (key(), key());
    store.create(&ended, Record { expires: now() - 1, ..record(&[("a", "1")]) }).await.unwrap();
    store.create(&lasting, record(&[("a", "1")])).await.unwrap();
    store.sweep().await.unwrap();
    assert_eq!((texts(&store, &ended).await, texts(&store, &lasting).await), (None, Some(vec!["a=1".to_string()])));
    // The values went with their session.
    assert_eq!(store.count_values().await, 1);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_file_that_is_no_database_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sqlite3");
    std::fs::write(&path, "this is no database, but long enough to be looked at as one".repeat(100)).unwrap();
    let Err(error) = sqlite::File::open(path).await else { panic!("it is opened") };
    assert!(matches!(&error, Error::Service(text) if text.contains("s.sqlite3")), "{error}");
}

#[test]
fn only_the_form_of_an_id_is_taken_for_one() {
    let id = Id::new().unwrap();
    assert!(Id::parse(id.secret()).is_some_and(|parsed| parsed == id));
    let (short, long) = (&id.secret()[1..], format!("{}A", id.secret()));
    for wrong in ["", short, &long, &"*".repeat(43), &"ä".repeat(43), &"A".repeat(100_000)] {
        assert!(Id::parse(wrong).is_none());
    }
    // B115: the same id is another key under another name, and no key contains an id.
    assert_ne!(id.key("user"), id.key("shop"));
    assert!(!id.key("user").as_str().contains(id.secret()));
    assert!(Id::new().unwrap() != id);
}
