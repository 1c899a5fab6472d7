//! Rolls: the codes of an order as printers get them, and their digest as devices get it.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::OrderId;
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::link::{DIGEST_BYTES, digest};

use super::{CodeOrder, Codebook};

/// Codes worked on at once while a roll is sent.
pub const CHUNK_CODES: u32 = 4_096;

/// All codes of one level of a production order.
#[derive(Clone)]
pub struct Roll {
    codebook: Codebook,
    orders: Vec<CodeOrder>,
}

impl Roll {
    /// The roll; empty when nothing was issued.
    #[must_use]
    pub fn of(codebook: &Codebook, order: OrderId, level: Level) -> Self {
        Self { codebook: codebook.clone(), orders: codebook.orders_of(order, level) }
    }

    /// The labels of one code order.
    #[must_use]
    pub fn only(codebook: &Codebook, order: CodeOrder) -> Self {
        Self { codebook: codebook.clone(), orders: vec![order] }
    }

    /// True when nothing was issued.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// The code orders it is made of, in order.
    #[must_use]
    pub fn orders(&self) -> &[CodeOrder] {
        &self.orders
    }

    /// The codes of so many places from `first` on; skipped places have none.
    #[must_use]
    pub fn part(&self, first: u32, count: u32) -> Vec<Code> {
        let at = |count| usize::try_from(count).unwrap_or(usize::MAX);
        let places = self.orders.iter().flat_map(|order| (0..order.count).map(move |n| (order, n)));
        places
            .skip(at(first))
            .take(at(count))
            .filter_map(|(order, n)| self.codebook.code_at(order, n))
            .collect()
    }

    /// Consecutive pieces of at most [`CHUNK_CODES`] places.
    pub fn chunks(&self) -> impl Iterator<Item = Chunk> + Send + use<> {
        let step = usize::try_from(CHUNK_CODES).unwrap_or(usize::MAX);
        let codebook = self.codebook.clone();
        self.orders.clone().into_iter().flat_map(move |order| {
            let codebook = codebook.clone();
            (0..order.count).step_by(step).map(move |first| Chunk {
                codebook: codebook.clone(),
                order,
                first,
                end: first.saturating_add(CHUNK_CODES).min(order.count),
            })
        })
    }
}

/// A piece of a roll.
pub struct Chunk {
    codebook: Codebook,
    order: CodeOrder,
    first: u32,
    end: u32,
}

impl Chunk {
    /// What is printed, one text a line; skipped places have none. `host` serves the pages the codes lead to.
    #[must_use]
    pub fn printed(&self, host: &str) -> String {
        self.codes().flatten().map(|code| code.printed(host) + "\n").collect()
    }

    /// [`DIGEST_BYTES`] for each place; zeros for places that are skipped.
    #[must_use]
    pub fn digest(&self) -> Vec<u8> {
        self.codes().flat_map(|code| code.as_ref().map_or([0; DIGEST_BYTES], digest)).collect()
    }

    fn codes(&self) -> impl Iterator<Item = Option<Code>> + '_ {
        (self.first..self.end).map(|index| self.codebook.code_at(&self.order, index))
    }
}
