//! What codes look like: the host printed into them, the company prefix of SSCCs.

use std::fmt;

use super::file::Settings;

/// Settings of codes.
#[derive(Clone, Debug)]
pub struct Codes {
    /// `codes.host`: printed into every unit code, so it must lead to the consumer page for years.
    pub host: String,
    /// `codes.company_prefix`: from GS1, 7 to 10 digits.
    pub company_prefix: CompanyPrefix,
}

/// The host printed when none is configured: reserved by RFC 2606, so it leads nowhere by accident.
pub const HOST_DEFAULT: &str = "trace.example.com";
/// The prefix used when none is configured: GS1 keeps 952 for demonstrations.
pub const COMPANY_PREFIX_DEMO: &str = "9521234";

/// A GS1 company prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyPrefix(String);

impl CompanyPrefix {
    /// Reads 7 to 10 digits.
    pub fn new(digits: &str) -> Result<Self, String> {
        let fits = (7..=10).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| Self(digits.to_owned())).ok_or("is not 7 to 10 digits".to_owned())
    }

    /// The digits as a number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.0.parse().unwrap_or_default()
    }

    /// How many serials an SSCC has room for behind extension digit and prefix.
    #[must_use]
    pub fn serials(&self) -> u64 {
        10_u64.pow(16_u32.saturating_sub(self.digits()))
    }

    /// One more than the largest prefix of this length.
    #[must_use]
    pub fn modulus(&self) -> u64 {
        10_u64.pow(self.digits())
    }

    /// True when the 17 digits in front of an SSCC's check digit carry this prefix.
    #[must_use]
    pub fn covers(&self, body: u64) -> bool {
        body / self.serials() % self.modulus() == self.number()
    }

    fn digits(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or_default()
    }
}

impl fmt::Display for CompanyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Codes {
    pub(super) fn read(settings: &mut Settings<'_>) -> Self {
        let host = settings.checked(
            "codes.host",
            |text| {
                let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':');
                let fits = !text.is_empty() && text.bytes().all(plain);
                fits.then(|| text.to_owned()).ok_or("is no host name".to_owned())
            },
            "write for example trace.example.com, without https:// and without a path",
        );
        let prefix = settings.checked(
            "codes.company_prefix",
            CompanyPrefix::new,
            "write the company prefix that GS1 gave you",
        );
        Self {
            host: host.unwrap_or_else(|| HOST_DEFAULT.to_owned()),
            company_prefix: prefix.unwrap_or_else(|| CompanyPrefix(COMPANY_PREFIX_DEMO.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_covers_its_own_codes_only() {
        let prefix = CompanyPrefix::new("9521234").unwrap();
        assert_eq!(prefix.serials(), 1_000_000_000);
        assert!(prefix.covers(29_521_234_000_000_001));
        assert!(!prefix.covers(29_521_235_000_000_001));
        assert!(CompanyPrefix::new("123456").is_err());
        assert!(CompanyPrefix::new("12345678901").is_err());
    }
}
