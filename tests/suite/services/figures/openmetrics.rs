//! A strict reader of the OpenMetrics text format 1.0, for what Kalgan uses of it: counters, gauges, histograms and infos without
//! exemplars and timestamps. Whatever it does not know is a mistake.

use std::collections::{BTreeMap, BTreeSet};

/// The labels of a sample.
pub type Labels = BTreeMap<String, String>;

/// What a scrape gave.
#[derive(Debug, Default)]
pub struct Exposition {
    /// The kind of each family by its name.
    pub families: BTreeMap<String, String>,
    samples: Vec<(String, Labels, f64)>,
}

/// A family while it is read.
#[derive(Debug, Default)]
struct Family {
    name: String,
    kind: Option<String>,
    has_help: bool,
    unit: Option<String>,
    has_samples: bool,
}

impl Exposition {
    /// Reads a whole text.
    pub fn parse(text: &str) -> Result<Exposition, String> {
        let body = text.strip_suffix("# EOF\n").ok_or("it does not end with `# EOF`")?;
        let (mut found, mut family) = (Exposition::default(), Family::default());
        for line in body.split_terminator('\n') {
            let read = match line.strip_prefix("# ") {
                Some(rest) => found.comment(rest, &mut family),
                None => found.sample(line, &mut family),
            };
            read.map_err(|wrong| format!("{wrong}: `{line}`"))?;
        }
        found.end(&family)?;
        found.check_series()?;
        found.check_histograms()?;
        Ok(found)
    }

    /// The value of the one sample with this name and exactly these labels.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: Labels = labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        self.samples.iter().find(|(found, of, _)| found == name && *of == labels).map(|(.., value)| *value)
    }

    /// All samples of a name.
    pub fn samples<'e>(&'e self, name: &'e str) -> impl Iterator<Item = (&'e Labels, f64)> {
        self.samples.iter().filter(move |(found, ..)| found == name).map(|(_, labels, value)| (labels, *value))
    }

    /// The number of series.
    pub fn series(&self) -> usize {
        self.samples.len()
    }

    /// The names under which Prometheus keeps the families: counters with `_total`, infos with `_info`.
    pub fn names(&self) -> BTreeSet<String> {
        let name = |(name, kind): (&String, &String)| match kind.as_str() {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.clone(),
        };
        self.families.iter().map(name).collect()
    }

    fn comment(&mut self, rest: &str, family: &mut Family) -> Result<(), String> {
        let (keyword, rest) = rest.split_once(' ').ok_or("a comment without a name")?;
        let (name, text) = rest.split_once(' ').ok_or("a comment without a text")?;
        if !is_name(name) {
            return Err("no name of a family".to_string());
        }
        if family.name != name {
            self.end(family)?;
            *family = Family { name: name.to_string(), ..Family::default() };
        }
        if family.has_samples {
            return Err("what is said of a family comes before its samples".to_string());
        }
        let is_new = match keyword {
            "HELP" => !std::mem::replace(&mut family.has_help, true),
            "TYPE" => family.kind.replace(text.to_string()).is_none(),
            "UNIT" => family.unit.replace(text.to_string()).is_none(),
            _ => return Err("an unknown comment".to_string()),
        };
        if is_new { Ok(()) } else { Err("it is said twice".to_string()) }
    }

    /// A family is complete.
    fn end(&mut self, family: &Family) -> Result<(), String> {
        if family.name.is_empty() {
            return Ok(());
        }
        let kind = family.kind.clone().ok_or_else(|| format!("`{}` has no type", family.name))?;
        if !family.has_help {
            return Err(format!("`{}` has no help", family.name));
        }
        if let Some(unit) = &family.unit
            && !family.name.ends_with(&format!("_{unit}"))
        {
            return Err(format!("`{}` does not end with its unit `{unit}`", family.name));
        }
        match self.families.insert(family.name.clone(), kind) {
            Some(_) => Err(format!("`{}` is there twice", family.name)),
            None => Ok(()),
        }
    }

    fn sample(&mut self, line: &str, family: &mut Family) -> Result<(), String> {
        let (series, value) = line.rsplit_once(' ').ok_or("no value")?;
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, read_labels(labels.strip_suffix('}').ok_or("no closing brace")?)?),
            None => (series, Labels::new()),
        };
        let suffix = name.strip_prefix(&family.name).ok_or("a sample outside of its family")?;
        let suffixes: &[&str] = match family.kind.as_deref() {
            Some("counter") => &["_total"],
            Some("gauge") => &[""],
            Some("info") => &["_info"],
            Some("histogram") => &["_bucket", "_count", "_sum"],
            _ => return Err("a sample of a kind that is not known".to_string()),
        };
        if !suffixes.contains(&suffix) || labels.contains_key("le") != (suffix == "_bucket") {
            return Err("a name or a label that the kind does not have".to_string());
        }
        let value: f64 = value.parse().map_err(|_| "no number")?;
        if value.is_nan() || (family.kind.as_deref() != Some("gauge") && value < 0.0) {
            return Err("a number that cannot be".to_string());
        }
        family.has_samples = true;
        self.samples.push((name.to_string(), labels, value));
        Ok(())
    }

    fn check_series(&self) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        match self.samples.iter().find(|(name, labels, _)| !seen.insert((name, labels))) {
            Some((name, labels, _)) => Err(format!("`{name}` {labels:?} is there twice")),
            None => Ok(()),
        }
    }

    /// Buckets grow with their bounds, the last one is infinite and holds everything.
    fn check_histograms(&self) -> Result<(), String> {
        for name in self.families.iter().filter(|(_, kind)| *kind == "histogram").map(|(name, _)| name) {
            for (labels, count) in self.samples(&format!("{name}_count")) {
                let of_series = |(bucket, value): (&Labels, f64)| {
                    let mut bucket = bucket.clone();
                    let bound: f64 = bucket.remove("le")?.parse().ok()?;
                    (bucket == *labels).then_some((bound, value))
                };
                let bucket_name = format!("{name}_bucket");
                let buckets: Vec<_> = self.samples(&bucket_name).filter_map(of_series).collect();
                let grows = buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
                let is_whole = buckets.last() == Some(&(f64::INFINITY, count));
                let has_sum = self.samples(&format!("{name}_sum")).any(|(of, _)| of == labels);
                if !(grows && is_whole && has_sum) {
                    return Err(format!("the histogram `{name}` {labels:?} is broken: {buckets:?}"));
                }
            }
        }
        Ok(())
    }
}

fn is_name(name: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(is_first) && name.chars().all(|c| is_first(c) || c.is_ascii_digit())
}

fn read_labels(mut text: &str) -> Result<Labels, String> {
    let mut labels = Labels::new();
    loop {
        let (name, rest) = text.split_once("=\"").ok_or("a label without a value")?;
        let (value, rest) = read_value(rest)?;
        if !is_name(name) || labels.insert(name.to_string(), value).is_some() {
            return Err(format!("the label `{name}` is no name, or is there twice"));
        }
        match rest.strip_prefix(',') {
            Some(rest) => text = rest,
            None if rest.is_empty() => return Ok(labels),
            None => return Err("something behind a label".to_string()),
        }
    }
}

/// A value up to its quote, and what follows.
fn read_value(text: &str) -> Result<(String, &str), String> {
    let (mut value, mut characters) = (String::new(), text.char_indices());
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &text[index + 1..])),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                _ => return Err("an unknown escape".to_string()),
            },
            character => value.push(character),
        }
    }
    Err("a value without an end".to_string())
}

#[test]
fn the_reader_is_strict() {
    let good = "# HELP a_total x\n# TYPE a_total gauge\na_total{b=\"c\\\"\\n\"} 1\n# EOF\n";
    assert_eq!(Exposition::parse(good).unwrap().value("a_total", &[("b", "c\"\n")]), Some(1.0));
    let wrong = [
        "",
        "# HELP a x\n# TYPE a counter\na_total 1\n",
        "# HELP a x\n# TYPE a counter\na 1\n# EOF\n",
        "# TYPE a counter\na_total 1\n# EOF\n",
        "# HELP a x\n# TYPE a counter\nb_total 1\n# EOF\n",
        "# HELP a x\n# TYPE a counter\n# UNIT a seconds\na_total 1\n# EOF\n",
        "# HELP a x\n# TYPE a gauge\na 1\na 2\n# EOF\n",
        "# HELP a x\n# TYPE a gauge\na{b=c} 1\n# EOF\n",
        "# HELP a x\n# TYPE a gauge\na one\n# EOF\n",
        "# HELP a x\n# TYPE a counter\na_total -1\n# EOF\n",
        "# HELP a x\n# TYPE a gauge\na 1\n# HELP b x\n# TYPE b gauge\nb 1\n# HELP a x\n# TYPE a gauge\n# EOF\n",
        "# HELP a x\n# TYPE a histogram\na_sum 1\na_count 2\na_bucket{le=\"1.0\"} 1\na_bucket{le=\"+Inf\"} 1\n# EOF\n",
    ];
    wrong.iter().for_each(|text| assert!(Exposition::parse(text).is_err(), "{text}"));
}
