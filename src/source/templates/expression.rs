//! Reads Tera's expressions: what binds to what decides which text a filter is applied to.

use std::ops::Range;

use super::lexer::{Kind, Token};
use super::outline::{Argument, Call, CallKind, Named};
use super::reader::Reader;

/// How deep expressions may lie in one another. Tera itself stops at 40, so nothing that it accepts is deeper, and nothing
/// that it refuses can exhaust the stack here.
const MAX_DEPTH: usize = 64;

/// The least binding power that keeps a conditional expression from being read, as in the parts of a list comprehension.
const ABOVE_CONDITIONAL: u8 = 1;

/// Binding powers of `not` and of the sign before a value: the sign binds tighter than a filter.
const NOT: u8 = 5;
const SIGN: u8 = 20;

/// The texts that an expression is: several where a condition chooses, none where nothing but the running site knows.
type Values = Vec<Named>;

impl Reader<'_> {
    /// Reads an expression whose operators bind at least as tight as `minimum`.
    pub(super) fn expression(&mut self, minimum: u8) -> Option<Values> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let values = self.operand().and_then(|values| self.operations(values, minimum));
        self.depth -= 1;
        values
    }

    /// Everything behind the first operand that still belongs to the expression.
    fn operations(&mut self, mut values: Values, minimum: u8) -> Option<Values> {
        while let Some(token) = self.peek() {
            if !matches!(token.kind, Kind::Symbol | Kind::Name) {
                break;
            }
            if matches!(token.text, "[" | "?[") {
                self.subscript()?;
                values = Vec::new();
                continue;
            }
            let Some((_, right)) = binding_powers(token.text).filter(|(left, _)| *left >= minimum) else {
                break;
            };
            self.next();
            values = match token.text {
                "if" => return self.conditional(values),
                "|" => {
                    self.call(CallKind::Filter, values)?;
                    Vec::new()
                }
                "is" => {
                    self.take("not");
                    self.call(CallKind::Test, Vec::new())?;
                    Vec::new()
                }
                "not" => {
                    self.expect("in")?;
                    self.expression(right)?;
                    Vec::new()
                }
                _ => {
                    self.expression(right)?;
                    Vec::new()
                }
            };
        }
        Some(values)
    }

    /// `… if condition else …`, from behind the `if`: the texts of both sides.
    fn conditional(&mut self, mut values: Values) -> Option<Values> {
        self.expression(0)?;
        self.expect("else")?;
        values.append(&mut self.expression(0)?);
        Some(values)
    }

    fn operand(&mut self) -> Option<Values> {
        let token = self.peek()?;
        if token.kind == Kind::String {
            return self.string().map(|text| vec![text]);
        }
        self.next();
        match (token.kind, token.text) {
            (Kind::Number, _) => {}
            (Kind::Name, "not") => self.expression(NOT).map(|_| ())?,
            (Kind::Name, _) => self.variable_or_function(token)?,
            (Kind::Symbol, "-") => self.expression(SIGN).map(|_| ())?,
            (Kind::Symbol, "<") => {
                self.component()?;
                self.expect("/")?;
                self.expect(">")?;
            }
            (Kind::Symbol, "{") => self.map()?,
            (Kind::Symbol, "[") => self.array()?,
            (Kind::Symbol, "(") => {
                let values = self.expression(0)?;
                self.expect(")")?;
                return Some(values);
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    fn variable_or_function(&mut self, token: Token<'_>) -> Option<()> {
        let name = Named { name: token.text.to_string().into(), span: token.span() };
        if self.at("(") {
            return self.call_of(CallKind::Function, name, Vec::new());
        }
        loop {
            if self.take(".") || self.take("?.") {
                self.name()?;
            } else if self.at("[") || self.at("?[") {
                self.subscript()?;
            } else {
                return Some(());
            }
        }
    }

    /// `[…]` behind a value: an index or `start:end:step` with any of the three left out.
    fn subscript(&mut self) -> Option<()> {
        self.next();
        loop {
            if self.take("]") {
                return Some(());
            }
            if !self.take(":") {
                self.expression(0)?;
            }
        }
    }

    /// The name of a filter or test with its arguments.
    pub(super) fn call(&mut self, kind: CallKind, values: Values) -> Option<()> {
        let name = self.name()?;
        self.call_of(kind, name, values)
    }

    fn call_of(&mut self, kind: CallKind, name: Named, values: Values) -> Option<()> {
        let arguments = self.arguments()?;
        self.record(Call { kind, name, values, arguments, is_open: false });
        Some(())
    }

    /// `(name = …, …)`, where there is a bracket at all.
    fn arguments(&mut self) -> Option<Vec<Argument>> {
        let mut arguments = Vec::new();
        if !self.take("(") {
            return Some(arguments);
        }
        while !self.take(")") {
            let name = self.name()?;
            self.expect("=")?;
            arguments.push(Argument { name, values: self.expression(0)? });
            if !self.at(")") {
                self.expect(",")?;
            }
        }
        Some(arguments)
    }

    /// A component's name and attributes, from behind the `<`. Gives the span of the name.
    pub(super) fn component(&mut self) -> Option<Range<usize>> {
        let name = self.dotted_name()?;
        let span = name.span.clone();
        let (mut arguments, mut is_open) = (Vec::new(), false);
        loop {
            if self.at_kind(Kind::Name) {
                arguments.push(self.attribute()?);
            } else if self.take("{") {
                is_open = true;
                self.expect("...")?;
                self.expression(0)?;
                self.expect("}")?;
            } else {
                break;
            }
        }
        self.record(Call { kind: CallKind::Component, name, values: Vec::new(), arguments, is_open });
        Some(span)
    }

    /// `name`, `name="text"` or `name={…}`.
    fn attribute(&mut self) -> Option<Argument> {
        let name = self.name()?;
        if !self.take("=") {
            return Some(Argument { name, values: Vec::new() });
        }
        if self.at_kind(Kind::String) {
            return Some(Argument { name, values: vec![self.string()?] });
        }
        self.expect("{")?;
        let values = self.expression(0)?;
        self.expect("}")?;
        Some(Argument { name, values })
    }

    fn map(&mut self) -> Option<()> {
        while !self.take("}") {
            if !self.take("...") {
                self.next().filter(|key| matches!(key.kind, Kind::String | Kind::Number | Kind::Name))?;
                self.expect(":")?;
            }
            self.expression(0)?;
            if !self.at("}") {
                self.expect(",")?;
            }
        }
        Some(())
    }

    /// The items of a list, or a list comprehension.
    fn array(&mut self) -> Option<()> {
        while !self.take("]") {
            self.take("...");
            self.expression(0)?;
            if self.take("for") {
                self.comprehension()?;
            } else if !self.at("]") {
                self.expect(",")?;
            }
        }
        Some(())
    }

    /// `name in … if …` behind the `for` of a list comprehension.
    fn comprehension(&mut self) -> Option<()> {
        self.loop_variables()?;
        self.expression(ABOVE_CONDITIONAL)?;
        if self.take("if") {
            self.expression(ABOVE_CONDITIONAL)?;
        }
        Some(())
    }
}

/// How tight an operator binds to its left and to its right, as in Tera's parser; `None` for what is no operator.
fn binding_powers(operator: &str) -> Option<(u8, u8)> {
    Some(match operator {
        "if" => (0, 0),
        "or" => (1, 2),
        "and" => (3, 4),
        "in" | "is" | "not" => (5, 6),
        "==" | "!=" | "<" | "<=" | ">" | ">=" => (7, 8),
        "+" | "-" => (11, 12),
        "*" | "/" | "%" | "~" | "//" => (13, 14),
        "**" => (16, 15),
        "|" => (17, 18),
        _ => return None,
    })
}
