//! The cache in memory, and the computations that callers share. Redis has its tests in `tests/suite/services/cache.rs`.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn cache(max_size: u64) -> Cache {
    Cache(Arc::new(Inner {
        engine: Engine::Memory(Memory::new(max_size)),
        flights: Flights::default(),
        metrics: Arc::default(),
    }))
}

const MINUTE: Duration = Duration::from_secs(60);

/// B117
#[tokio::test]
async fn a_value_is_kept_until_it_is_deleted_or_its_time_is_over() {
    let cache = cache(1 << 20);
    assert_eq!(cache.get::<u32>("a").await.unwrap(), None);
    cache.set("a", &7, MINUTE).await.unwrap();
    assert_eq!(cache.get::<u32>("a").await.unwrap(), Some(7));
    assert!(cache.exists("a").await.unwrap());
    assert_eq!(cache.get::<Vec<u32>>("a").await.unwrap(), None, "a value of another type is none");
    cache.delete("a").await.unwrap();
    assert!(!cache.exists("a").await.unwrap());

    cache.set("b", "text", Duration::from_millis(50)).await.unwrap();
    cache.set("c", "text", MINUTE).await.unwrap();
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(cache.get::<String>("b").await.unwrap(), None);
    assert_eq!(cache.get::<String>("c").await.unwrap().as_deref(), Some("text"));
    cache.set("c", "text", Duration::ZERO).await.unwrap();
    assert!(!cache.exists("c").await.unwrap(), "no time is no value");
}

#[tokio::test]
async fn what_cannot_be_serialised_is_an_error_and_not_a_panic() {
    let wrong = std::collections::BTreeMap::from([(vec![1], 2)]);
    let error = cache(1 << 20).set("a", &wrong, MINUTE).await.unwrap_err();
    assert!(matches!(error, Error::Value(_)), "{error}");
}

#[tokio::test]
async fn memory_is_bounded() {
    let memory = Memory::new(10_000);
    for index in 0..1_000 {
        memory.set(&format!("key {index}"), "x".repeat(100).into(), MINUTE).await;
    }
    let size = memory.size().await;
    assert!((1..=10_000).contains(&size), "{size} bytes");
    let none = Memory::new(0);
    none.set("a", "1".into(), MINUTE).await;
    assert_eq!(none.size().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_callers_share_one_computation() {
    let (cache, computed) = (cache(1 << 20), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let (cache, computed) = (cache.clone(), Arc::clone(&computed));
            tokio::spawn(async move {
                let compute = || async {
                    computed.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Ok::<_, Failure>("made".to_string())
                };
                cache.get_or_compute::<String, _, _, _>("a", MINUTE, compute).await.unwrap()
            })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "made");
    }
    assert_eq!(computed.load(Ordering::SeqCst), 1);
    assert!(cache.0.flights.is_empty());
}

#[tokio::test]
async fn an_error_is_for_those_who_wait_and_is_not_kept() {
    let cache = cache(1 << 20);
    let failing = || async { Err::<u32, _>(Failure::new(404, "none there")) };
    let (first, second) = tokio::join!(
        cache.get_or_compute::<u32, _, _, _>("a", MINUTE, failing),
        cache.get_or_compute::<u32, _, _, _>("a", MINUTE, failing)
    );
    assert_eq!((first.unwrap_err().status().as_u16(), second.unwrap_err().status().as_u16()), (404, 404));
    let works = cache.get_or_compute("a", MINUTE, || async { Ok::<u32, Failure>(1) }).await;
    assert_eq!(works.unwrap(), 1);
}

#[tokio::test]
async fn another_caller_computes_where_the_first_is_dropped() {
    let cache = cache(1 << 20);
    let forever = cache.get_or_compute("a", MINUTE, std::future::pending::<Result<u32, Failure>>);
    let mut forever = Box::pin(forever);
    assert!(futures_util::poll!(&mut forever).is_pending());
    let mut next = Box::pin(cache.get_or_compute("a", MINUTE, || async { Ok::<u32, Failure>(2) }));
    assert!(futures_util::poll!(&mut next).is_pending(), "it waits for the first");
    drop(forever);
    assert_eq!(next.await.unwrap(), 2);
    assert!(cache.0.flights.is_empty());
}

#[tokio::test]
async fn what_was_deleted_while_it_was_computed_is_not_kept() {
    let cache = cache(1 << 20);
    let compute = || async {
        cache.delete("a").await.unwrap();
        Ok::<u32, Failure>(1)
    };
    assert_eq!(cache.get_or_compute("a", MINUTE, compute).await.unwrap(), 1);
    assert_eq!(cache.get::<u32>("a").await.unwrap(), None);
}

#[tokio::test]
async fn a_counter_counts_within_its_time() {
    let cache = cache(1 << 20);
    let ttl = Duration::from_millis(200);
    assert_eq!(cache.increment("a", ttl).await.unwrap(), 1);
    std::thread::sleep(Duration::from_millis(120));
    assert_eq!(cache.increment("a", ttl).await.unwrap(), 2);
    assert_eq!(cache.get::<u64>("a").await.unwrap(), Some(2));
    std::thread::sleep(Duration::from_millis(120));
    assert_eq!(cache.increment("a", ttl).await.unwrap(), 1, "its time begins with the first count, not with the last");
    cache.set("b", "text", MINUTE).await.unwrap();
    assert!(matches!(cache.increment("b", ttl).await, Err(Error::Value(_))));
}
