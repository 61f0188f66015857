//! Plural forms by the rules of the CLDR, which `icu_plurals` brings along.

use fixed_decimal::Decimal;
use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralOperands, PluralRules};

use crate::snapshot::Table;

/// What the id of the form for all that no other form is for ends with.
pub(super) const OTHER: &str = ".other";

/// The forms of one message by category, each as the number of its text in the language's table.
#[derive(Debug)]
pub(super) struct Forms {
    other: usize,
    /// The remaining categories that the message has; at most five.
    others: Vec<(PluralCategory, usize)>,
}

/// The rules of one language.
#[derive(Debug)]
pub(super) struct Plurals {
    /// `None` for a folder whose name is no language code.
    rules: Option<PluralRules>,
    /// Whether the rules themselves have a form for zero.
    has_zero: bool,
}

impl Forms {
    /// The forms below an id. `other` is the number of the form for all that no other form is for; `find` gives that of a message.
    pub(super) fn new(id: &str, other: usize, find: impl Fn(&str) -> Option<usize>) -> Forms {
        let form = |category| Some((category, find(&format!("{id}.{}", name(category)))?));
        let categories = PluralCategory::all().filter(|category| *category != PluralCategory::Other);
        Forms { other, others: categories.filter_map(form).collect() }
    }

    /// The id that they are below.
    pub(super) fn id<'t>(&self, messages: &'t Table) -> &'t str {
        messages.pair(self.other).0.strip_suffix(OTHER).unwrap_or_default()
    }

    /// The form for all that no other form is for.
    pub(super) fn other(&self) -> usize {
        self.other
    }

    fn get(&self, category: PluralCategory) -> Option<usize> {
        self.others.iter().find(|(known, _)| *known == category).map(|(_, number)| *number)
    }
}

impl Plurals {
    pub(super) fn new(language: &str) -> Self {
        let locale = language.parse::<Locale>().ok();
        let rules = locale.and_then(|locale| PluralRules::try_new_cardinal(locale.into()).ok());
        let has_zero = rules.as_ref().is_some_and(|rules| rules.categories().any(|one| one == PluralCategory::Zero));
        Plurals { rules, has_zero }
    }

    /// The form for a number, given as it is shown: `1` and `1.0` differ. What is no number takes `other`.
    pub(super) fn choose(&self, forms: &Forms, count: &str) -> usize {
        let (Some(rules), Some(operands)) = (&self.rules, operands(count)) else { return forms.other };
        if !self.has_zero
            && operands == PluralOperands::from(0_u32)
            && let Some(zero) = forms.get(PluralCategory::Zero)
        {
            return zero;
        }
        forms.get(rules.category_for(operands)).unwrap_or(forms.other)
    }
}

fn operands(count: &str) -> Option<PluralOperands> {
    if let Ok(whole) = count.parse::<i64>() {
        return Some(whole.into());
    }
    Decimal::try_from_str(count).ok().map(|decimal| PluralOperands::from(&decimal))
}

fn name(category: PluralCategory) -> &'static str {
    match category {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => "other",
    }
}
