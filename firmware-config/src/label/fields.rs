//! What a label can say, and texts with places for it.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

/// A thing a label can say. In a template it is written `{product}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The product's name.
    Product,
    /// 14 digits.
    Gtin,
    /// The lot.
    Lot,
    /// The production date, `YYYY-MM-DD`.
    Date,
    /// How many are inside.
    Count,
    /// The code as a symbol carries it: a short URL, or an SSCC in brackets.
    Code,
    /// The SSCC's 18 digits.
    Sscc,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Product, Self::Gtin, Self::Lot, Self::Date, Self::Count, Self::Code, Self::Sscc];

    /// Its name in templates.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Gtin => "gtin",
            Self::Lot => "lot",
            Self::Date => "date",
            Self::Count => "count",
            Self::Code => "code",
            Self::Sscc => "sscc",
        }
    }

    /// The field of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// What one label says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<Field, String>);

impl Fields {
    /// The same with one more; a blank one is none.
    #[must_use]
    pub fn with(mut self, field: Field, value: impl Display) -> Self {
        let value = value.to_string();
        if !value.trim().is_empty() {
            self.0.insert(field, value);
        }
        self
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&str> {
        self.0.get(&field).map(String::as_str)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &str)> {
        self.0.iter().map(|(field, value)| (*field, value.as_str()))
    }
}

/// A text with places for fields: `批次 {lot}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wording(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Field(Field),
}

impl Wording {
    /// Reads a text; says which word in braces is no field.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, behind)) = rest.split_once('{') {
            let Some((name, behind)) = behind.split_once('}') else {
                return Err("has a { without a }".to_owned());
            };
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            let field = Field::from_name(name);
            parts.push(Part::Field(field.ok_or_else(|| format!("{{{name}}} is not a field"))?));
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The text with its fields filled in, or the field that this label does not have.
    pub(super) fn filled(&self, fields: &Fields) -> Result<String, Field> {
        self.0
            .iter()
            .map(|part| match part {
                Part::Literal(text) => Ok(text.as_str()),
                Part::Field(field) => fields.get(*field).ok_or(*field),
            })
            .collect()
    }
}

impl Display for Field {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
