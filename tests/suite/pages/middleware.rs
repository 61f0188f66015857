//! Middleware: what goes on, what answers, what fails, and what it leaves behind.

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
