//! The cache in a Redis server; that in memory is tested beside the code.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kalgan::testing::{self, Client};
use kalgan::{BoxError, Request, Response, cache};

use super::sessions::app;
use crate::servers::redis::Redis;

const MINUTE: Duration = Duration::from_secs(60);

/// The value of a key, which is 1 where there is none.
pub async fn show(request: Request) -> Result<Response, BoxError> {
    let key = request.parameter("key").unwrap_or_default();
    let value: u32 = cache::of(&request)?.get_or_compute(key, MINUTE, async || Ok::<_, BoxError>(1)).await?;
    Ok(Response::text(value.to_string()))
}

fn client(server: &str) -> Client {
    testing::client_with(app().0, &[("environment.is_prod", "false"), ("cache.server", server)])
}

#[test]
fn values_are_shared_by_processes_and_nothing_foreign_is_read() {
    let Some(redis) = Redis::start() else { return };
    let (one, two) = (client(&redis.address()), client(&redis.address()));
    redis.ask("SET a 99");
    let cache = cache::of(one.process()).unwrap();
    one.block_on(async {
        assert_eq!(cache.get::<u32>("a").await.unwrap(), None, "B115, B118");
        cache.set("a", &[1, 2], MINUTE).await.unwrap();
        assert!(cache.exists("a").await.unwrap());
        cache.set("b", "x", Duration::from_millis(50)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!cache.exists("b").await.unwrap());
    });
    let other = cache::of(two.process()).unwrap();
    two.block_on(async {
        assert_eq!(other.get::<Vec<u32>>("a").await.unwrap(), Some(vec![1, 2]));
        other.delete("a").await.unwrap();
        assert_eq!(other.get::<Vec<u32>>("a").await.unwrap(), None);
    });
    assert!(redis.ask("GET a").contains("99"), "a key of somebody else's is left alone");
}

#[test]
fn fifty_callers_share_one_computation() {
    let Some(redis) = Redis::start() else { return };
    let client = client(&redis.address());
    let (cache, computed) = (cache::of(client.process()).unwrap(), AtomicUsize::new(0));
    let compute = async || {
        computed.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok::<_, BoxError>(7_u32)
    };
    let callers = (0..50).map(|_| cache.get_or_compute::<u32, _, _, _>("a", MINUTE, compute));
    let values = client.block_on(futures_util::future::join_all(callers));
    assert!(values.into_iter().all(|value| value.unwrap() == 7));
    assert_eq!(computed.load(Ordering::SeqCst), 1);
}

#[test]
fn counters_count_together_and_end() {
    let Some(redis) = Redis::start() else { return };
    let (one, two) = (client(&redis.address()), client(&redis.address()));
    let ttl = Duration::from_millis(500);
    let count = |client: &Client| client.block_on(cache::of(client.process()).unwrap().increment("a", ttl)).unwrap();
    assert_eq!([count(&one), count(&two), count(&one)], [1, 2, 3]);
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(count(&two), 1);
    redis.ask("SET sessions:cache:a text");
    let error = one.block_on(cache::of(one.process()).unwrap().increment("a", ttl)).unwrap_err();
    assert!(error.to_string().contains("no counter"), "{error}");
}

#[test]
fn while_redis_is_away_requests_get_503_and_afterwards_what_was_there() {
    let Some(mut redis) = Redis::start() else { return };
    let client = client(&redis.address());
    let cache = cache::of(client.process()).unwrap();
    client.block_on(cache.set("a", &5, MINUTE)).unwrap();
    redis.kill();
    for _ in 0..3 {
        let answer = client.get("/cache/a").send();
        assert_eq!(answer.status(), 503, "B112: {}", answer.text());
    }
    redis.start_again();
    assert_eq!(client.get("/cache/a").send().text(), "5");
    assert_eq!(client.get("/cache/b").send().text(), "1");
}
