//! Middleware: what goes on, what answers, what fails, and what it leaves behind.

use super::groups::{groups, steps};
use super::{depends_on_language, functions, production};

/// B55k, B89, B90
#[test]
fn middleware_run_in_order_and_leave_values() {
    let client = production(&[]);
    assert_eq!(client.get("/guarded/text").send().text(), "first, <second> 7 true");
    assert_eq!(client.get("/guarded/template").send().text().trim(), "first, &lt;second&gt; en");
}

/// B91
#[test]
fn a_middleware_may_answer_in_the_controllers_place() {
    let client = production(&[]);
    let answer = client.get("/guarded/text?do=answer").send();
    assert_eq!((answer.status(), answer.text()), (403, "refused"));
    // What comes after it has not run.
    assert_eq!(client.get("/guarded/text?do=render").send().text().trim(), "first en");
}

#[test]
fn a_middleware_may_choose_the_language() {
    let client = production(&[("i18n.negotiate", "true")]);
    let answer = client.get("/guarded/template?do=spanish").language("en").send();
    assert_eq!((answer.text().trim(), depends_on_language(&answer)), ("first, &lt;second&gt; es", false));
    assert!(depends_on_language(&client.get("/guarded/template").language("es").send()));
}

/// B92
#[test]
fn a_middleware_that_fails_gets_its_error_page() {
    let client = production(&[("error.401", "errors::tells")]);
    let answer = client.get("/guarded/text?do=fail").send();
    assert_eq!((answer.status(), answer.text()), (401, "Some(401) Some(\"guarded\")"));
    assert!(!answer.text().contains(functions::REASON));
}

#[test]
fn those_that_see_answers_do_so_in_the_reverse_order() {
    // B88 to B90.
    let client = groups(&[]);
    let answer = client.get("/wrapped/text").send();
    assert_eq!((answer.text(), steps(&answer).as_str()), ("stamp in ", "never around inner outer"));
    assert_eq!((answer.header("x-left"), answer.header("x-path")), (Some("by-last"), Some("/wrapped/text")));
    // A template is rendered when all have seen the answer, with what they have left.
    let page = client.get("/wrapped/render?around=spanish").send();
    assert_eq!((page.text().trim(), steps(&page).as_str()), ("stamp in  Página", "never around inner outer"));
}

#[test]
fn a_refusal_is_seen_by_those_that_stand_before_it() {
    // B91.
    let client = groups(&[]);
    let refused = client.get("/wrapped/text?refuse").send();
    assert_eq!((refused.status(), refused.text(), steps(&refused).as_str()), (403, "refused", "around inner outer"));
    let stopped = client.get("/wrapped/text?around=stop").send();
    assert_eq!((stopped.text(), steps(&stopped).as_str()), ("stopped", "around inner outer"));
}

#[test]
fn failures_are_seen_and_their_pages_keep_the_headers() {
    // B92: also a panic is a failure.
    let client = groups(&[]);
    for (path, status, seen) in [
        ("/wrapped/fail", 409, "never around inner outer"),
        ("/wrapped/panic", 500, "never around inner outer"),
        ("/wrapped/text?inner=fail", 503, "outer"),
        ("/wrapped/text?inner=panic", 500, "outer"),
    ] {
        let answer = client.get(path).send();
        assert_eq!((answer.status(), steps(&answer).as_str()), (status, seen), "{path}");
        assert_eq!(answer.header("x-failure"), Some(status.to_string().as_str()), "{path}");
        assert!(answer.text().contains("<h1>"), "{path}: {}", answer.text());
    }
    assert_eq!(client.get("/wrapped/text?inner=fail").send().header("retry-after"), Some("9"));
    // A template that is not there is found out too late for them.
    let missing = client.get("/wrapped/missing").send();
    assert_eq!((missing.status(), missing.header("x-failure")), (500, None));
}

#[test]
fn a_failure_may_be_replaced_by_another_answer() {
    let rescued = groups(&[]).get("/wrapped/fail?inner=rescue").send();
    assert_eq!((rescued.status(), rescued.text(), steps(&rescued).as_str()), (200, "rescued", "outer"));
}
