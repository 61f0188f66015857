//! Plural forms by the rules of the CLDR, which `icu_plurals` brings along.

use ahash::AHashMap;
use fixed_decimal::Decimal;
use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralOperands, PluralRules};

use crate::snapshot::Text;

/// The texts of one message by category.
#[derive(Debug)]
pub(super) struct Forms {
    other: Text,
    /// The remaining categories that the message has; at most five.
    others: Vec<(PluralCategory, Text)>,
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
    /// The plural forms in a language's messages, by the id that they are below.
    pub(super) fn all(messages: &AHashMap<Text, Text>) -> AHashMap<Text, Forms> {
        let mut all = AHashMap::new();
        for (id, text) in messages {
            if let Some(id) = id.strip_suffix(".other") {
                let form =
                    |category| Some((category, messages.get(format!("{id}.{}", name(category)).as_str())?.clone()));
                let categories = PluralCategory::all().filter(|category| *category != PluralCategory::Other);
                let others = categories.filter_map(form).collect();
                all.insert(Text::Owned(id.to_string()), Forms { other: text.clone(), others });
            }
        }
        all
    }

    /// The form for all that no other form is for.
    pub(super) fn other(&self) -> &str {
        &self.other
    }

    fn get(&self, category: PluralCategory) -> Option<&str> {
        self.others.iter().find(|(known, _)| *known == category).map(|(_, text)| &**text)
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
    pub(super) fn choose<'f>(&self, forms: &'f Forms, count: &str) -> &'f str {
        let (Some(rules), Some(operands)) = (&self.rules, operands(count)) else { return &forms.other };
        if !self.has_zero
            && operands == PluralOperands::from(0_u32)
            && let Some(zero) = forms.get(PluralCategory::Zero)
        {
            return zero;
        }
        forms.get(rules.category_for(operands)).unwrap_or(&forms.other)
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
