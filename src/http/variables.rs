//! Variables of templates that services give, beside `request` and `route`.

use std::collections::HashMap;

use super::Request;
use crate::site::Value;

/// Gives a variable's value for a request; only called for a template that uses it.
pub(crate) type VariableFn = fn(&Request) -> Option<Value>;

/// The variables by name. `site::renderer` has the list of all names there can be.
#[derive(Default, Clone)]
pub(crate) struct Variables(pub(crate) HashMap<&'static str, VariableFn>);
