//! Templates made up from Tera's grammar, the same ones in each run.

/// Makes templates up. Every name that it gives to a filter, function, test, component or include is new.
pub struct Generator {
    state: u64,
    names: usize,
    /// Only what is evaluated for certain when the template is rendered, and cannot fail then.
    is_eager: bool,
}

/// Texts that look like the end of something.
const STRINGS: [&str; 9] = [
    r#""plain""#,
    "'it is'",
    "`back`",
    r#""}} {{ %} #}""#,
    r#"'\'}}'"#,
    r#""\\""#,
    "'é\n%}'",
    r#""{# | trans""#,
    r#""""#,
];

const TEXTS: [&str; 8] = ["<p>a</p>", " ", "\n", "é { } %} }} #}", "{", "a | trans", "\"", "'{"];

const RAWS: [&str; 4] = [
    "{% raw %}{{ 'a' | nothing }}{% endraw %}",
    "{%- raw -%} {% if %}{# {%- endraw -%}",
    "{%raw%}{%endraw%}",
    "{# {{ 'a' | nothing }} {% raw %} #}",
];

const OPERATORS: [&str; 18] =
    ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "and", "or", "in", "not in"];

impl Generator {
    pub fn new(seed: u64, is_eager: bool) -> Self {
        Generator { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, names: 0, is_eager }
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap() % limit
    }

    fn one<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    fn name(&mut self, kind: &str) -> String {
        self.names += 1;
        format!("{kind}_{}", self.names)
    }

    fn space(&mut self) -> &'static str {
        self.one(&["", " ", " ", "\n", "\t"])
    }

    pub fn template(&mut self) -> String {
        let mut template = String::new();
        for _ in 0..1 + self.below(5) {
            template += &match self.below(8) {
                0 if !self.is_eager => self.definition(),
                1 if !self.is_eager => {
                    let name = self.name("block");
                    let body = self.body(2);
                    self.tag(&format!("block {name}")) + &body + &self.tag(&format!("endblock {name}"))
                }
                _ => self.body(3),
            };
        }
        template
    }

    fn definition(&mut self) -> String {
        let name = self.name("defined");
        let parameters = self.one(&["", "a", "a, @b: string", r#"a = "}}", b: map = {"c": -1}, ...rest"#]);
        let metadata = self.one(&["", r#" {"doc": "x", "list": [1, "2"]}"#]);
        let body = self.body(2);
        self.tag(&format!("component {name}({parameters}){metadata}")) + &body + &self.tag("endcomponent")
    }

    fn tag(&mut self, inside: &str) -> String {
        let (left, right) = (self.one(&["", "", "-"]), self.one(&["", "", "-"]));
        format!("{{%{left}{}{inside} {}{right}%}}", self.space(), self.space())
    }

    fn body(&mut self, depth: usize) -> String {
        (0..self.below(4)).map(|_| self.node(depth)).collect()
    }

    fn node(&mut self, depth: usize) -> String {
        let choices = if depth == 0 { 4 } else { 11 };
        match self.below(choices) {
            0 => self.one(&TEXTS).to_string(),
            1 => self.one(&RAWS).to_string(),
            2 | 3 => {
                let (left, right) = (self.one(&["", "-"]), self.one(&["", "-"]));
                let inside = self.expression(3);
                format!("{{{{{left} {inside} {right}}}}}")
            }
            4 => {
                let value = self.expression(3);
                let word = self.one(&["set", "set_global"]);
                self.tag(&format!("{word} w = {value}"))
            }
            5 => {
                let filter = self.filter(1);
                let word = self.one(&["set w |", "filter"]);
                let end = if word == "filter" { "endfilter" } else { "endset" };
                // The word keeps the body from being the text of one literal.
                self.tag(&format!("{word} {filter}")) + "body" + &self.body(depth - 1) + &self.tag(end)
            }
            6 => self.loop_over(depth),
            7 | 8 => self.condition(depth),
            9 if !self.is_eager => {
                let name = self.name("include");
                let quote = self.one(&["'", "\"", "`"]);
                self.tag(&format!("include {quote}{name}{quote}"))
            }
            _ => self.component(depth),
        }
    }

    fn loop_over(&mut self, depth: usize) -> String {
        let over = self.expression(2);
        let over = if self.is_eager { format!("[{over}]") } else { over };
        let variables = if self.is_eager { "i" } else { self.one(&["i", "k, v"]) };
        let body = self.body(depth - 1);
        self.tag(&format!("for {variables} in {over}")) + &body + &self.tag("endfor")
    }

    fn condition(&mut self, depth: usize) -> String {
        let condition = self.expression(3);
        let body = self.body(depth - 1);
        if self.is_eager {
            // The list is never empty, so the body is always rendered.
            return self.tag(&format!("if [{condition}]")) + &body + &self.tag("endif");
        }
        let (other, last) = (self.expression(2), self.body(depth - 1));
        self.tag(&format!("if {condition}"))
            + &body
            + &self.tag(&format!("elif {other}"))
            + &self.tag("else")
            + &last
            + &self.tag("endif")
    }

    fn component(&mut self, depth: usize) -> String {
        if self.is_eager {
            return String::new();
        }
        let (name, attributes) = (self.name("used.component"), self.attributes(2));
        let body = self.body(depth - 1);
        self.tag(&format!("<{name} {attributes}>")) + &body + &self.tag(&format!("</{name}>"))
    }

    fn attributes(&mut self, depth: usize) -> String {
        let mut attributes = String::new();
        for _ in 0..self.below(3) {
            attributes += &match self.below(4) {
                0 => "short ".to_string(),
                1 => format!("a={} ", self.one(&STRINGS)),
                2 => format!("b={{{}}} ", self.expression(depth)),
                _ => format!("{{...{}}} ", self.expression(depth)),
            };
        }
        attributes
    }

    fn filter(&mut self, depth: usize) -> String {
        self.name("filter") + &self.arguments(depth)
    }

    fn arguments(&mut self, depth: usize) -> String {
        match self.below(3) {
            0 => String::new(),
            1 => format!("(a{}={})", self.space(), self.expression(depth)),
            _ => format!("(a = {}, _b={},)", self.expression(depth), self.expression(depth)),
        }
    }

    /// A string that no other is equal to.
    fn string(&mut self) -> String {
        if self.is_eager {
            let quote = self.one(&["'", "\"", "`"]);
            format!("{quote}{} }}}} %}}{quote}", self.name("text"))
        } else {
            self.one(&STRINGS).to_string()
        }
    }

    pub fn expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return if self.below(2) == 0 { self.string() } else { self.one(&["1", "2.5", "v", "true"]).to_string() };
        }
        let depth = depth - 1;
        let inner = self.expression(depth);
        match self.below(if self.is_eager { 9 } else { 18 }) {
            0 => self.string(),
            1 | 2 => format!("{inner}{}|{}{}", self.space(), self.space(), self.filter(depth)),
            3 => format!("({inner})"),
            4 => format!("[{inner}, {}]", self.expression(depth)),
            5 => format!("{{\"k\": {inner}, true: {} }}", self.expression(depth)),
            6 => format!("{inner} {} {}", self.one(&["==", "!=", "~"]), self.expression(depth)),
            7 => format!("(not ({inner}))"),
            8 => format!("({} if [{inner}] else 0)", self.expression(depth)),
            9 => format!("{inner} {} {}", self.one(&OPERATORS), self.expression(depth)),
            10 => format!("{inner} is {}{}{}", self.one(&["", "not "]), self.name("test"), self.arguments(depth)),
            11 => format!("{inner} if {} else {}", self.expression(depth), self.expression(depth)),
            12 => format!("{}v{}", self.one(&["-", "not "]), self.one(&["", "[1]", ".b"])),
            13 => format!("{}(a={})", self.name("function"), inner),
            14 => format!("<{} {}/>", self.name("inline"), self.attributes(depth)),
            15 => {
                let tail = self.one(&["", ".b", "?.b", "[0]", "[::-1]", "[1:]", "[:'a']", "?[v]"]);
                format!("v{tail}{}", self.one(&["", ".c", "[1:2]"]))
            }
            16 => format!("[({inner}) for i in ({}) if ({})]", self.expression(depth), self.expression(depth)),
            _ => format!("{{...{inner}, ...{}, }}", self.expression(depth)),
        }
    }
}
