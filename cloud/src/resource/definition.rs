//! What a resource declares of itself: its table, its fields, who reads and writes it, what uses it.

use crate::accounts::Role;
use crate::form::NAME_CHARACTERS_MAX;

/// A resource: a list the back office keeps.
pub struct Definition {
    /// Its address below `/api/v1/`, and its name in audit rows.
    pub name: &'static str,
    /// Its table; beside the fields it has `id`, `enabled`, `version`, `created_at`.
    pub table: &'static str,
    /// What a form of it holds, in the order of the form.
    pub fields: &'static [Field],
    /// The field people call a row by.
    pub label: &'static str,
    /// The reference to a row of the same resource that makes it a tree.
    pub tree: Option<&'static str>,
    /// Whether its rows are enabled and disabled.
    pub toggles: bool,
    /// Who sees it.
    pub readers: &'static [Role],
    /// Who changes it.
    pub writers: &'static [Role],
    /// What refers to its rows: such a row is not deleted.
    pub uses: &'static [Use],
    /// Tables with rows that go when their row goes: (table, column with its id). Links of fields are known already.
    pub parts: &'static [(&'static str, &'static str)],
}

/// Rows somewhere that use rows of a resource.
pub struct Use {
    /// What they are called in the answer.
    pub by: &'static str,
    /// Their table.
    pub table: &'static str,
    /// Columns that are the same: (theirs, ours).
    pub on: &'static [(&'static str, &'static str)],
}

/// One field of a form, and one column of the table unless its kind says otherwise.
pub struct Field {
    /// Its name in forms, rows and the table.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be filled in.
    pub required: bool,
    /// Where no other row may hold the same.
    pub unique: Unique,
    /// Whether it stays as it was when the row was made.
    pub fixed: bool,
    /// Whether lists show it.
    pub listed: bool,
    /// Whether `q` looks into it.
    pub searched: bool,
    /// Whether lists can be narrowed to one value of it.
    pub filtered: bool,
    /// Whether lists can be put in its order.
    pub sorted: bool,
}

/// What a field holds.
pub enum Kind {
    /// A line of text.
    Text {
        /// The most characters.
        characters_max: usize,
    },
    /// 14 digits; 8, 12 and 13 are filled up.
    Gtin,
    /// A production lot.
    Lot,
    /// What is typed to log in.
    Login,
    /// What is only ever kept as its argon2id verifier, and never shown.
    Secret(Secret),
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// Yes or no.
    Flag {
        /// What it is when a form does not say.
        default: bool,
    },
    /// `YYYY-MM-DD`.
    Date,
    /// Epoch milliseconds.
    Moment,
    /// A row of a resource.
    One(&'static Definition),
    /// Rows of a resource, in a table of pairs.
    Many(&'static Link),
    /// Prefectures. As a column: one of them.
    Regions {
        /// The most of them.
        max: usize,
    },
    /// Small forms within the form; the resource keeps them itself.
    Rows(&'static [Field]),
    /// A packaging plan whose packages may mix products; the resource keeps its revisions itself.
    Plan {
        /// Where its parts are found.
        of: &'static Definition,
    },
}

/// Which rules a secret is under.
#[derive(Clone, Copy)]
pub enum Secret {
    /// Of an account.
    Password,
    /// Of an operator.
    Pin,
}

/// A table of pairs: rows of one resource with rows of another.
pub struct Link {
    /// The other resource.
    pub of: &'static Definition,
    /// The table.
    pub table: &'static str,
    /// Its column with our id.
    pub own: &'static str,
    /// Its column with the other's.
    pub other: &'static str,
}

/// Where no other row may hold the same.
#[derive(Clone, Copy)]
pub enum Unique {
    /// Other rows may.
    No,
    /// In the whole table.
    Everywhere,
    /// Among the rows that agree in another field.
    Within(&'static str),
}

const READERS: &[Role] = &[Role::Admin, Role::Manager, Role::Auditor];
const WRITERS: &[Role] = &[Role::Admin, Role::Manager];

impl Definition {
    /// A list called by its rows' `name`, for everybody of the console to see and for managers to change.
    #[must_use]
    pub const fn new(name: &'static str, fields: &'static [Field]) -> Self {
        Self {
            name,
            table: name,
            fields,
            label: "name",
            tree: None,
            toggles: true,
            readers: READERS,
            writers: WRITERS,
            uses: &[],
            parts: &[],
        }
    }

    /// The same in a table with another name.
    #[must_use]
    pub const fn table(self, table: &'static str) -> Self {
        Self { table, ..self }
    }

    /// Its rows are called by another field than `name`.
    #[must_use]
    pub const fn label(self, label: &'static str) -> Self {
        Self { label, ..self }
    }

    /// A tree by this reference to itself.
    #[must_use]
    pub const fn tree(self, field: &'static str) -> Self {
        Self { tree: Some(field), ..self }
    }

    /// Its rows are neither enabled nor disabled.
    #[must_use]
    pub const fn without_toggle(self) -> Self {
        Self { toggles: false, ..self }
    }

    /// Nobody else reads or writes it.
    #[must_use]
    pub const fn only_for(self, roles: &'static [Role]) -> Self {
        Self { readers: roles, writers: roles, ..self }
    }

    /// What keeps its rows from being deleted.
    #[must_use]
    pub const fn used_by(self, uses: &'static [Use]) -> Self {
        Self { uses, ..self }
    }

    /// What goes with its rows.
    #[must_use]
    pub const fn parts(self, parts: &'static [(&'static str, &'static str)]) -> Self {
        Self { parts, ..self }
    }

    /// The field with this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Use {
    /// Rows of `table` whose `column` is the id of ours.
    #[must_use]
    pub const fn new(
        by: &'static str,
        table: &'static str,
        on: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self { by, table, on }
    }
}

impl Field {
    /// A field that may be left empty and that no list shows.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            required: false,
            unique: Unique::No,
            fixed: false,
            listed: false,
            searched: false,
            filtered: false,
            sorted: false,
        }
    }

    /// The name on screens: in every list, found and sorted by.
    #[must_use]
    pub const fn name() -> Self {
        let kind = Kind::Text { characters_max: NAME_CHARACTERS_MAX };
        Self::new("name", kind).required().listed().searched().sorted()
    }

    /// It must be filled in.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// No other row may hold the same.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = Unique::Everywhere;
        self
    }

    /// No other row that agrees in `field` may hold the same.
    #[must_use]
    pub const fn unique_within(mut self, field: &'static str) -> Self {
        self.unique = Unique::Within(field);
        self
    }

    /// It stays as it was when the row was made.
    #[must_use]
    pub const fn fixed(mut self) -> Self {
        self.fixed = true;
        self
    }

    /// Lists show it.
    #[must_use]
    pub const fn listed(mut self) -> Self {
        self.listed = true;
        self
    }

    /// `q` looks into it.
    #[must_use]
    pub const fn searched(mut self) -> Self {
        self.searched = true;
        self
    }

    /// Lists can be narrowed to one value of it.
    #[must_use]
    pub const fn filtered(mut self) -> Self {
        self.filtered = true;
        self
    }

    /// Lists can be put in its order.
    #[must_use]
    pub const fn sorted(mut self) -> Self {
        self.sorted = true;
        self
    }

    /// True when it is one column of the resource's own table.
    #[must_use]
    pub const fn is_column(&self) -> bool {
        !matches!(self.kind, Kind::Many(_) | Kind::Rows(_) | Kind::Plan { .. })
    }
}

impl Kind {
    /// The resource it refers to.
    #[must_use]
    pub const fn refers_to(&self) -> Option<&'static Definition> {
        match self {
            Self::One(of) | Self::Plan { of } => Some(of),
            Self::Many(link) => Some(link.of),
            Self::Text { .. }
            | Self::Gtin
            | Self::Lot
            | Self::Login
            | Self::Secret(_)
            | Self::Choice(_)
            | Self::Flag { .. }
            | Self::Date
            | Self::Moment
            | Self::Regions { .. }
            | Self::Rows(_) => None,
        }
    }

    /// The word for it in `GET /resources`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Gtin => "gtin",
            Self::Lot => "lot",
            Self::Login => "login",
            Self::Secret(_) => "secret",
            Self::Choice(_) => "choice",
            Self::Flag { .. } => "flag",
            Self::Date => "date",
            Self::Moment => "moment",
            Self::One(_) => "one",
            Self::Many(_) => "many",
            Self::Regions { .. } => "regions",
            Self::Rows(_) => "rows",
            Self::Plan { .. } => "plan",
        }
    }
}
