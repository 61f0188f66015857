//! The filters `trans`, `url` and `asset` (B131 to B135), and the functions that services answer.
//!
//! They give plain text, which the engine escapes by the template's file type. Arguments of any type are taken as the text that
//! the engine would print for them.

use std::borrow::Cow;

use tera::{Kwargs, State, Tera, TeraResult, Value};

use super::current;
use super::inline::NONCE;
use super::{FUNCTIONS, Filters};
use crate::site::translator::Message;

/// The argument that says the language.
const LANGUAGE: &str = "_lang";

/// The end of the id of a message that is markup.
const MARKUP: &str = "_html";

/// Registers the filters.
pub(super) fn register(engine: &mut Tera, filters: Filters) {
    let Filters { translator, urls, assets } = filters;
    engine.register_filter("trans", move |id: &str, arguments: Kwargs, state: &State| -> TeraResult<Value> {
        let is_markup = id.ends_with(MARKUP);
        let value = |name: &str| argument(&arguments, name, is_markup.then_some(state));
        in_language(&arguments, |language| match translator.find(language, id, value) {
            Message::Text(text) if is_markup => Ok(Value::safe_string(&text)),
            Message::Text(text) => Ok(Value::normal_string(&text)),
            Message::Missing => Ok(Value::normal_string(id)),
        })
    });
    engine.register_filter("url", move |name: &str, arguments: Kwargs, _: &State| -> TeraResult<Value> {
        let value = |name: &str| argument(&arguments, name, None);
        in_language(&arguments, |language| match urls.find(name, Some(language), value) {
            Ok(address) => Ok(Value::normal_string(&address)),
            Err(error) => Err(tera::Error::message(error)),
        })
    });
    for (name, feature) in FUNCTIONS {
        engine.register_function(name, move |_: Kwargs, _: &State| -> TeraResult<Value> {
            current::value(name).ok_or_else(|| {
                tera::Error::message(format!(
                    "`{name}()` is there where a request is answered, in a binary that has Kalgan's feature `{feature}`"
                ))
            })
        });
    }
    // Where no request is answered, as in a mail, no policy asks for it.
    engine.register_function(NONCE, |_: Kwargs, _: &State| -> TeraResult<Value> {
        Ok(current::value(NONCE).unwrap_or_else(|| Value::normal_string("")))
    });
    engine.register_filter("asset", move |value: &str, _: Kwargs, _: &State| Value::normal_string(&assets.url(value)));
}

/// Runs something with the language of `_lang`, or with the render's where that is absent or empty (B133).
fn in_language<R>(arguments: &Kwargs, run: impl FnOnce(&str) -> R) -> R {
    match argument(arguments, LANGUAGE, None) {
        Some(language) if !language.is_empty() => run(&language),
        _ => current::with(run),
    }
}

/// An argument as text; escaped where a state is given and it is not marked safe.
fn argument<'a>(arguments: &'a Kwargs, name: &str, escape: Option<&State>) -> Option<Cow<'a, str>> {
    let value = find(arguments, name)?;
    let text = match value.as_str() {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(value.to_string()),
    };
    match escape {
        Some(state) if !value.is_safe() => state.escape(&text).ok().map(Cow::Owned),
        _ => Some(text),
    }
}

/// `Kwargs::get` wants a name that lives as long as the value, so a name that comes from elsewhere is compared instead; a call has few arguments.
fn find<'a>(arguments: &'a Kwargs, name: &str) -> Option<&'a Value> {
    arguments.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value)
}
