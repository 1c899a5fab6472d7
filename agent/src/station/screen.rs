//! The screens of the PDA: who may use each, and what each works on.

use sealtrace_protocol::ids::SiteId;
use sealtrace_protocol::ledger::{self, Route};
use serde::{Deserialize, Serialize};

/// The screens of the PDA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Screen {
    /// The task list.
    Home,
    /// 零级包装.
    Commission,
    /// 全段包装, 组托.
    Pack,
    /// 增加包装.
    AddTo,
    /// 零散重组.
    Regroup,
    /// 标签替换.
    Relabel,
    /// 解除包装.
    Unpack,
    /// 返工.
    Rework,
    /// 包装核验.
    Verify,
    /// 入库.
    Receive,
    /// 出库.
    Ship,
    /// 退货.
    Return,
    /// 调拨.
    Transfer,
    /// 盘点.
    Count,
    /// 取样.
    Sample,
    /// 报废.
    Destroy,
    /// 标签核销.
    WriteOff,
    /// 异常处理.
    Resolve,
    /// 查询.
    Lookup,
}

impl Screen {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Home,
        Self::Commission,
        Self::Pack,
        Self::AddTo,
        Self::Regroup,
        Self::Relabel,
        Self::Unpack,
        Self::Rework,
        Self::Verify,
        Self::Receive,
        Self::Ship,
        Self::Return,
        Self::Transfer,
        Self::Count,
        Self::Sample,
        Self::Destroy,
        Self::WriteOff,
        Self::Resolve,
        Self::Lookup,
    ];

    /// The word used in APIs and command barcodes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Commission => "commission",
            Self::Pack => "pack",
            Self::AddTo => "add_to",
            Self::Regroup => "regroup",
            Self::Relabel => "relabel",
            Self::Unpack => "unpack",
            Self::Rework => "rework",
            Self::Verify => "verify",
            Self::Receive => "receive",
            Self::Ship => "ship",
            Self::Return => "return",
            Self::Transfer => "transfer",
            Self::Count => "count",
            Self::Sample => "sample",
            Self::Destroy => "destroy",
            Self::WriteOff => "write_off",
            Self::Resolve => "resolve",
            Self::Lookup => "lookup",
        }
    }

    /// Who may use it: auditors look, verify and count.
    #[must_use]
    pub const fn is_for(self, role: ledger::Role) -> bool {
        match self {
            Self::Home | Self::Lookup | Self::Verify | Self::Count => true,
            Self::Commission
            | Self::Pack
            | Self::AddTo
            | Self::Regroup
            | Self::Relabel
            | Self::Unpack
            | Self::Rework
            | Self::Receive
            | Self::Ship
            | Self::Return
            | Self::Transfer
            | Self::Sample
            | Self::Destroy
            | Self::WriteOff
            | Self::Resolve => !matches!(role, ledger::Role::Auditor),
        }
    }

    /// Where documents of this route are worked on with it; none when they are not.
    #[must_use]
    pub const fn works_on(self, route: Route) -> Option<SiteId> {
        match (self, route) {
            (Self::Receive, Route::Inbound { to: site, .. } | Route::Transfer { to: site, .. })
            | (Self::Ship, Route::Outbound { from: site, .. })
            | (Self::Return, Route::Return { to: site, .. })
            | (Self::Transfer, Route::Transfer { from: site, .. })
            | (Self::Count, Route::Count { at: site }) => Some(site),
            (_, _) => None,
        }
    }

    /// It is not opened without a document.
    #[must_use]
    pub const fn needs_document(self) -> bool {
        matches!(self, Self::Ship | Self::Transfer | Self::Count)
    }
}
