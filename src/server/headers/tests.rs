use std::time::{Duration, UNIX_EPOCH};

use super::*;

const TAG: &str = "\"abc\"";

/// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
const MODIFIED: u64 = 784_111_777;

fn fields(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(HeaderName::from_static(name), value.parse().unwrap());
    }
    headers
}

fn dated() -> Validators<'static> {
    let modified = Some(UNIX_EPOCH + Duration::from_secs(MODIFIED));
    Validators { tag: TAG, modified, is_date_strong: true }
}

fn undated() -> Validators<'static> {
    Validators { modified: None, ..dated() }
}

fn judged(list: &[(&'static str, &'static str)]) -> Verdict {
    verdict(&fields(list), dated())
}

/// What is sent of ten bytes for these fields.
fn sent(list: &[(&'static str, &'static str)]) -> Ranges {
    ranges(&fields(list), dated(), 10)
}

fn ranged(range: &'static str, length: usize) -> Ranges {
    ranges(&fields(&[("range", range)]), dated(), length)
}

#[test]
fn a_request_is_plain_without_the_fields_that_are_read_here() {
    assert!(is_plain(&fields(&[("host", "a"), ("accept-encoding", "gzip"), ("if", "x"), ("accept-ranges", "bytes")])));
    let read = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range"];
    for name in read {
        assert!(!is_plain(&fields(&[("host", "a"), (name, "")])), "{name}");
    }
}

#[test]
fn a_client_that_has_the_file_gets_nothing() {
    for known in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "\"x\",W/\"abc\" , \"y\"", "*", " * ", "\"x,y\", \"abc\""] {
        assert_eq!(judged(&[("if-none-match", known)]), Verdict::NotModified, "{known}");
    }
    for other in ["\"x\"", "abc", "\"abcd\"", "", "W/", "w/\"abc\"", "\"a,*,b\"", "\"x\", *", "\"abc"] {
        assert_eq!(judged(&[("if-none-match", other)]), Verdict::Perform, "{other}");
    }
}

#[test]
fn fields_on_several_lines_are_one_list() {
    assert_eq!(judged(&[("if-none-match", "\"x\""), ("if-none-match", TAG)]), Verdict::NotModified);
    assert_eq!(judged(&[("if-match", "\"x\""), ("if-match", TAG)]), Verdict::Perform);
}

#[test]
fn if_match_compares_strongly_and_comes_first() {
    assert_eq!(judged(&[("if-match", "\"abc\"")]), Verdict::Perform);
    assert_eq!(judged(&[("if-match", "*")]), Verdict::Perform);
    assert_eq!(judged(&[("if-match", "W/\"abc\"")]), Verdict::Failed);
    assert_eq!(judged(&[("if-match", "\"x\""), ("if-none-match", TAG)]), Verdict::Failed);
    assert_eq!(judged(&[("if-match", TAG), ("if-none-match", TAG)]), Verdict::NotModified);
}

#[test]
fn dates_count_in_all_three_formats() {
    for same in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
        assert_eq!(judged(&[("if-modified-since", same)]), Verdict::NotModified, "{same}");
        assert_eq!(judged(&[("if-unmodified-since", same)]), Verdict::Perform, "{same}");
        assert_eq!(sent(&[("range", "bytes=0-1"), ("if-range", same)]), Ranges::One(0..2), "{same}");
    }
    let (before, after) = ("Sun, 06 Nov 1994 08:49:36 GMT", "Sun, 06 Nov 1994 08:49:38 GMT");
    assert_eq!(judged(&[("if-modified-since", before)]), Verdict::Perform);
    assert_eq!(judged(&[("if-modified-since", after)]), Verdict::NotModified);
    assert_eq!(judged(&[("if-unmodified-since", before)]), Verdict::Failed);
    assert_eq!(judged(&[("if-unmodified-since", after)]), Verdict::Perform);
}

#[test]
fn a_tag_counts_more_than_a_date() {
    const AFTER: (&str, &str) = ("if-modified-since", "Sun, 06 Nov 1994 08:49:38 GMT");
    const BEFORE: (&str, &str) = ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:36 GMT");
    assert_eq!(judged(&[("if-none-match", "\"x\""), AFTER]), Verdict::Perform);
    assert_eq!(judged(&[("if-match", TAG), BEFORE]), Verdict::Perform);
    assert_eq!(judged(&[BEFORE, ("if-none-match", TAG)]), Verdict::Failed);
}

#[test]
fn a_date_that_is_none_or_twice_and_a_file_without_one_are_passed_over() {
    const SINCE: (&str, &str) = ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT");
    for other in ["", "yesterday", "1994-11-06", "Sun, 06 Nov 1994 08:49:37 GMT, x", "784111777"] {
        assert_eq!(judged(&[("if-modified-since", other)]), Verdict::Perform, "{other}");
        assert_eq!(judged(&[("if-unmodified-since", other)]), Verdict::Perform, "{other}");
    }
    assert_eq!(judged(&[SINCE, SINCE]), Verdict::Perform);
    assert_eq!(verdict(&fields(&[SINCE]), undated()), Verdict::Perform);
    let long_ago = fields(&[("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT")]);
    assert_eq!(verdict(&long_ago, undated()), Verdict::Perform);
}

#[test]
fn a_range_of_another_version_is_void() {
    let part = |named| sent(&[("range", "bytes=0-1"), ("if-range", named)]);
    assert_eq!(part(TAG), Ranges::One(0..2));
    for other in ["\"x\"", "W/\"abc\"", "*", "", "\"x\", \"abc\"", "Sun, 06 Nov 1994 08:49:38 GMT", "yesterday"] {
        assert_eq!(part(other), Ranges::Whole, "{other}");
    }
    let twice = sent(&[("range", "bytes=0-1"), ("if-range", TAG), ("if-range", TAG)]);
    assert_eq!(twice, Ranges::Whole);
    let dated = fields(&[("range", "bytes=0-1"), ("if-range", "Sun, 06 Nov 1994 08:49:37 GMT")]);
    let weakly = Validators { is_date_strong: false, ..self::dated() };
    assert_eq!(ranges(&dated, weakly, 10), Ranges::Whole);
    assert_eq!(ranges(&dated, undated(), 10), Ranges::Whole);
}

#[test]
fn one_range_is_taken() {
    for (range, expected) in [
        ("bytes=0-0", 0..1),
        ("bytes=2-4", 2..5),
        ("bytes=7-", 7..10),
        ("bytes=-3", 7..10),
        ("bytes=-99", 0..10),
        ("bytes=0-", 0..10),
        ("bytes=8-99999999999999999999999", 8..10),
        ("bytes=-99999999999999999999999", 0..10),
        ("BYTES=0-", 0..10),
        ("bytes= 2-4 ", 2..5),
        ("bytes=,2-4,,", 2..5),
        ("bytes=2-4,10-", 2..5),
    ] {
        assert_eq!(ranged(range, 10), Ranges::One(expected), "{range}");
    }
}

#[test]
fn bytes_behind_the_end_are_refused() {
    for range in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999-", "bytes=10-,-0,11-12"] {
        assert_eq!(ranged(range, 10), Ranges::None, "{range}");
    }
}

#[test]
fn malformed_ranges_count_as_absent() {
    for range in [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=4-2",
        "bytes=a-b",
        "bytes=+1-2",
        "lines=1-2",
        "bytes=,",
        "bytes=1",
        "bytes=1-2-3",
        "bytes=--1",
        "bytes=1 - 2",
        "bytes =1-2",
        "bytes=0-1,x",
        "bytes=0-1,4-2",
        "bytes: 0-1",
        "=0-1",
    ] {
        assert_eq!(ranged(range, 10), Ranges::Whole, "{range}");
    }
    assert_eq!(sent(&[("range", "bytes=0-1"), ("range", "bytes=0-1")]), Ranges::Whole);
    assert_eq!(sent(&[]), Ranges::Whole);
}

#[test]
fn an_empty_file_is_sent_whole() {
    for range in ["bytes=0-", "bytes=-1", "bytes=5-9"] {
        assert_eq!(ranged(range, 0), Ranges::Whole, "{range}");
    }
}

#[test]
fn several_ranges_keep_their_order_and_join_where_they_nearly_touch() {
    let several = |range| ranged(range, 10_000);
    assert_eq!(several("bytes=0-9,5000-5009"), Ranges::Several(vec![0..10, 5000..5010]));
    assert_eq!(several("bytes=-10, 0-9"), Ranges::Several(vec![9990..10_000, 0..10]));
    assert_eq!(several("bytes=0-9,20000-,5000-5009"), Ranges::Several(vec![0..10, 5000..5010]));
    assert_eq!(several("bytes=0-9,10-19"), Ranges::One(0..20));
    assert_eq!(several("bytes=0-9,110-119"), Ranges::One(0..120));
    assert_eq!(several("bytes=0-9,111-119"), Ranges::Several(vec![0..10, 111..120]));
    assert_eq!(several("bytes=0-9,5-14,5000-5009,0-0"), Ranges::Several(vec![0..15, 5000..5010]));
    // The last one joins the two before it.
    assert_eq!(several("bytes=8000-8001,0-9,300-309,10-299"), Ranges::Several(vec![8000..8002, 0..310]));
}

#[test]
fn parts_that_cost_more_than_the_whole_are_not_made() {
    assert_eq!(ranged("bytes=0-399,600-999", 1000), Ranges::Whole);
    assert_eq!(ranged("bytes=0-299,700-999", 1000), Ranges::Several(vec![0..300, 700..1000]));
    let many = |count: usize| {
        let items: Vec<String> = (0..count).map(|number| format!("{0}-{0}", number * 1000)).collect();
        ranges(
            &HeaderMap::from_iter([(RANGE, format!("bytes={}", items.join(",")).parse().unwrap())]),
            dated(),
            100_000,
        )
    };
    assert!(matches!(many(16), Ranges::Several(parts) if parts.len() == 16));
    assert_eq!(many(17), Ranges::Whole);
    assert_eq!(many(4000), Ranges::Whole);
}
