//! Names of things: one newtype each, so that a site is never passed where a dealer is meant.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl $name {
            /// The bare number, for storage and display.
            #[must_use]
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = core::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

id! {
    /// The brand owner (品牌方) whose codes these are.
    OwnerId(u64);
    /// An enrolled PDA or line gateway.
    DeviceId(u64);
    /// A person who works on devices (操作员).
    OperatorId(u64);
    /// A factory, line or warehouse (部署点).
    SiteId(u64);
    /// A product (商品), one GTIN.
    ProductId(u64);
    /// A production order (生产订单).
    OrderId(u64);
    /// A part of an order released to one line or PDA (任务).
    TaskId(u64);
    /// A warehouse document: inbound, outbound, return, transfer, count (单据).
    DocumentId(u64);
    /// A dealer (经销商).
    DealerId(u64);
    /// Position of an operation in a device's stream, from 1, gapless within an epoch.
    Seq(u64);
    /// Generation of a device's stream; a new one is granted when a device was restored.
    Epoch(u32);
    /// Position of a batch in a device's stream, from 1, gapless within an epoch.
    BatchNo(u64);
    /// How often an item was touched; 0 = never.
    Version(u32);
    /// A revision of a packaging plan, from 1.
    Revision(u32);
    /// A position in a site's feed.
    Cursor(u64);
}

impl Version {
    /// The version after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl TaskId {
    /// Names of tasks that devices open by themselves begin here; below it they are the cloud's. All fit a JSON number.
    const LOCAL: u64 = 1 << 51;
    /// Bits of such a name that count the tasks of one device.
    const LOCAL_BITS: u32 = 27;
    /// The last task that one device has a name for.
    pub const LOCAL_NTH_MAX: u32 = (1 << Self::LOCAL_BITS) - 1;

    /// The `nth` task that a device opens by itself (无单); none when there are no more names.
    #[must_use]
    pub const fn local(device: DeviceId, nth: u32) -> Option<Self> {
        if device.0 >> (51 - Self::LOCAL_BITS) != 0 || nth > Self::LOCAL_NTH_MAX {
            return None;
        }
        Some(Self(Self::LOCAL | (device.0 << Self::LOCAL_BITS) | nth as u64))
    }

    /// The device that opened it; none when the cloud did.
    #[must_use]
    pub const fn opened_by(self) -> Option<DeviceId> {
        if self.0 >> 51 == 1 {
            Some(DeviceId((self.0 ^ Self::LOCAL) >> Self::LOCAL_BITS))
        } else {
            None
        }
    }
}

/// An operation's identity for ever: where it was first written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OperationId {
    /// The device that made it.
    pub device: DeviceId,
    /// The stream's generation it was made in.
    pub epoch: Epoch,
    /// Its place in that stream.
    pub seq: Seq,
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.device, self.epoch, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_names_its_own_tasks_and_no_others() {
        let first = TaskId::local(DeviceId(7), 0).unwrap();
        assert_eq!(first.opened_by(), Some(DeviceId(7)));
        assert_eq!(TaskId::local(DeviceId(7), 1).unwrap().get(), first.get() + 1);
        assert!(TaskId::local(DeviceId((1 << 24) - 1), (1 << 27) - 1).unwrap().get() < 1 << 53);
        assert_eq!(TaskId::local(DeviceId(1 << 24), 0), None);
        assert_eq!(TaskId::local(DeviceId(1), 1 << 27), None);
        assert_eq!(TaskId(300).opened_by(), None);
    }
}
