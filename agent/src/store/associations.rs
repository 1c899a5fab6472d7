//! A file of associations while it is being imported: its rows, by package, in a file of their own beside the database,
//! so that neither memory nor the agent's own data grow with it. Nothing in it is worth keeping.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, params};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::ProductId;
use sealtrace_protocol::ledger::{Item, OPERATION_CODES_MAX};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;
use sealtrace_protocol::wire::{decode, encode};

use super::StoreError;

/// The file inside the data folder.
const STAGING_FILE: &str = "associations.db";

const TABLES: &str = "
    pragma journal_mode = off;
    pragma synchronous = off;
    create table association (
      number integer primary key,        -- the row of the file
      child text not null,
      parent text not null,
      product integer,
      lot text,
      at integer
    ) strict;
    create table package (
      parent text primary key,
      first integer not null,            -- its first row
      depth integer not null default 0,  -- how many levels of packages of this file it holds, itself included
      spoiled integer not null default 0,
      item blob                          -- what it would be, when it is only tried
    ) strict;
    create table spoiled (parent text primary key) strict, without rowid;
    begin";
const SORTED: &str = "
    create index association_child on association (child, number);
    create index association_parent on association (parent, number);
    insert into package (parent, first) select parent, min(number) from association group by parent;
    create index package_order on package (depth, first);
    update package set spoiled = 1 where parent in (select parent from spoiled);
    update package set spoiled = 1 where parent in (
      select parent from association where child in (
        select child from association group by child having count(*) > 1));
    commit";

/// One row of the file, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Association {
    /// Its place in the file.
    pub number: u64,
    /// What went in.
    pub child: Code,
    /// Into what.
    pub parent: Code,
    /// Of which product, when it says so.
    pub product: Option<ProductId>,
    /// Of which lot, when it says so.
    pub lot: Option<Lot>,
    /// When, if it says so.
    pub at: Option<Timestamp>,
}

/// All rows of one package.
#[derive(Clone, Debug)]
pub struct Associated {
    /// The package.
    pub parent: Code,
    /// Its rows in order; not fewer than one.
    pub rows: Vec<Association>,
}

/// A code that is in the file more than once as a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// The later row.
    pub number: u64,
    /// What it says went in.
    pub child: String,
    /// Into what.
    pub parent: String,
    /// The first row with this child.
    pub first: u64,
    /// The package it names.
    pub first_parent: String,
}

/// The rows of one import.
pub struct Staging {
    conn: Connection,
    path: PathBuf,
}

impl Staging {
    /// An empty one in the data folder; what an import that was cut off left there is gone.
    pub fn begin(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(STAGING_FILE);
        remove(&path).map_err(StoreError::folder(&path, "removed"))?;
        let conn = Connection::open(&path).map_err(failed())?;
        let staging = Self { conn, path };
        staging.conn.execute_batch(TABLES).map_err(failed())?;
        Ok(staging)
    }

    /// Takes one row.
    pub fn add(&self, row: &Association) -> Result<(), StoreError> {
        self.conn
            .prepare_cached(
                "insert into association (number, child, parent, product, lot, at)
                 values (?1, ?2, ?3, ?4, ?5, ?6)",
            )
            .and_then(|mut insert| {
                insert.execute(params![
                    row.number,
                    row.child.canonical(),
                    row.parent.canonical(),
                    row.product.map(ProductId::get),
                    row.lot.map(|lot| lot.as_str().to_owned()),
                    row.at.map(Timestamp::millis),
                ])
            })
            .map_err(failed())?;
        Ok(())
    }

    /// Notes, while rows are still coming, that nothing is to be done with a package.
    pub fn spoil(&self, parent: Code) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("insert or ignore into spoiled (parent) values (?1)")
            .and_then(|mut insert| insert.execute([parent.canonical()]))
            .map_err(failed())?;
        Ok(())
    }

    /// All rows are in: packages are made of them, and those with a child that is in the file twice are spoiled.
    pub fn sort(&self) -> Result<(), StoreError> {
        self.conn.execute_batch(SORTED).map_err(failed())
    }

    /// How many rows, packages, and different products and lots there are.
    pub fn counts(&self) -> Result<[u64; 3], StoreError> {
        self.conn
            .query_row(
                "select (select count(*) from association), (select count(*) from package),
                   (select count(*) from (select distinct product, lot from association))",
                [],
                |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]),
            )
            .map_err(failed())
    }

    /// Rows whose child is in an earlier row already, in order.
    pub fn repeated(&self, mut each: impl FnMut(Again)) -> Result<(), StoreError> {
        let mut query = self
            .conn
            .prepare(
                "select later.number, later.child, later.parent, first.number, first.parent
                 from association later join association first on first.number = (
                   select min(number) from association where child = later.child)
                 where later.number > first.number order by later.number",
            )
            .map_err(failed())?;
        let read = |row: &Row<'_>| {
            Ok(Again {
                number: row.get(0)?,
                child: row.get(1)?,
                parent: row.get(2)?,
                first: row.get(3)?,
                first_parent: row.get(4)?,
            })
        };
        for row in query.query_map([], read).map_err(failed())? {
            each(row.map_err(failed())?);
        }
        Ok(())
    }

    /// Finds out which packages come first: at depth 1 those that hold none of this file, at 2 those that hold such, …
    /// What has no depth after `deepest` rounds holds itself, or too much.
    pub fn order(&self, deepest: u8) -> Result<(), StoreError> {
        for depth in 1..=deepest {
            self.conn
                .execute(
                    "update package set depth = ?1 where depth = 0 and not exists (
                       select 1 from association join package inside on inside.parent = association.child
                       where association.parent = package.parent
                         and (inside.depth = 0 or inside.depth = ?1))",
                    [depth],
                )
                .map_err(failed())?;
        }
        Ok(())
    }

    /// The packages at a depth that are not spoiled, behind a row, with a number of codes in all or a little more.
    pub fn next(&self, depth: u8, after: u64, codes: usize) -> Result<Vec<Associated>, StoreError> {
        let mut query = self
            .conn
            .prepare_cached(
                "select parent from package where depth = ?1 and first > ?2 and spoiled = 0
                 order by first",
            )
            .map_err(failed())?;
        let mut found = Vec::new();
        let mut count = 0;
        let mut parents = query.query(params![depth, after]).map_err(failed())?;
        while let Some(row) = parents.next().map_err(failed())? {
            let parent: String = row.get(0).map_err(failed())?;
            let rows = self.rows(&parent)?;
            count += rows.len();
            if let Some(first) = rows.first() {
                found.push(Associated { parent: first.parent, rows });
            }
            if count >= codes {
                break;
            }
        }
        Ok(found)
    }

    /// The rows of a package, in order; of one that holds more than can be, one more than an operation takes.
    fn rows(&self, parent: &str) -> Result<Vec<Association>, StoreError> {
        let mut query = self
            .conn
            .prepare_cached(
                "select number, child, parent, product, lot, at from association
                 where parent = ?1 order by number limit ?2",
            )
            .map_err(failed())?;
        let mut rows = query.query(params![parent, OPERATION_CODES_MAX + 1]).map_err(failed())?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(failed())? {
            found.push(association(row)?);
        }
        Ok(found)
    }

    /// The first row of a package whose child is a package that is spoiled.
    pub fn spoiled_inside(&self, parent: Code) -> Result<Option<(u64, String)>, StoreError> {
        self.conn
            .prepare_cached(
                "select number, child from association join package inside on inside.parent = child
                 where association.parent = ?1 and inside.spoiled = 1 order by number limit 1",
            )
            .and_then(|mut query| {
                let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
                query.query_row([parent.canonical()], read).optional()
            })
            .map_err(failed())
    }

    /// Nothing is done with a package.
    pub fn leave_out(&self, parent: Code) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("update package set spoiled = 1 where parent = ?1")
            .and_then(|mut update| update.execute([parent.canonical()]))
            .map_err(failed())?;
        Ok(())
    }

    /// Packages that hold themselves, or too much: each with its first row. They are spoiled from now on.
    pub fn circles(&self, mut each: impl FnMut(u64, String)) -> Result<(), StoreError> {
        let mut query = self
            .conn
            .prepare(
                "update package set spoiled = 1 where depth = 0 and spoiled = 0
                 returning first, parent",
            )
            .map_err(failed())?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        for row in query.query_map([], read).map_err(failed())? {
            let (first, parent) = row.map_err(failed())?;
            each(first, parent);
        }
        Ok(())
    }

    /// How many packages are spoiled.
    pub fn spoiled(&self) -> Result<u64, StoreError> {
        self.conn
            .query_row("select count(*) from package where spoiled = 1", [], |row| row.get(0))
            .map_err(failed())
    }

    /// Remembers what a package would be.
    pub fn keep(&self, item: &Item) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("update package set item = ?2 where parent = ?1")
            .and_then(|mut update| update.execute(params![item.code.canonical(), encode(item)]))
            .map_err(failed())?;
        Ok(())
    }

    /// What a package of this file would be.
    pub fn kept(&self, code: Code) -> Result<Option<Item>, StoreError> {
        let body: Option<Option<Vec<u8>>> = self
            .conn
            .prepare_cached("select item from package where parent = ?1")
            .and_then(|mut query| query.query_row([code.canonical()], |row| row.get(0)).optional())
            .map_err(failed())?;
        body.flatten().map(|body| Ok(decode(&body, "item")?)).transpose()
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "what an import left behind stays until the next one");
        }
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn association(row: &Row<'_>) -> Result<Association, StoreError> {
    let damaged = || StoreError::Corrupt { what: "association" };
    let code = |text: String| text.parse::<Code>().map_err(|_| damaged());
    let lot: Option<String> = row.get(4).map_err(failed())?;
    Ok(Association {
        number: row.get(0).map_err(failed())?,
        child: code(row.get(1).map_err(failed())?)?,
        parent: code(row.get(2).map_err(failed())?)?,
        product: row.get::<_, Option<u64>>(3).map_err(failed())?.map(ProductId),
        lot: lot.map(|lot| Lot::new(&lot).map_err(|_| damaged())).transpose()?,
        at: row.get::<_, Option<i64>>(5).map_err(failed())?.map(Timestamp),
    })
}

fn failed() -> impl FnOnce(rusqlite::Error) -> StoreError {
    StoreError::sqlite("keep the rows of an import")
}
