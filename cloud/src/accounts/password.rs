//! Passwords and PINs: how they are kept (argon2id, PHC string) and which are too easy to guess.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

/// The fewest characters of a password.
pub const PASSWORD_CHARACTERS_MIN: usize = 8;
/// The most characters of a password: enough for a sentence, too few to keep the hash busy.
pub const PASSWORD_CHARACTERS_MAX: usize = 128;
/// The fewest digits of an operator's PIN.
pub const PIN_DIGITS_MIN: usize = 4;
/// The most digits of an operator's PIN.
pub const PIN_DIGITS_MAX: usize = 12;

/// A verifier that fits no password, for logins that do not exist: their answer takes as long as any other.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2VhbHRyYWNlLW5vYm9keQ$\
    4t0Y3o7h0lU4v1V8u0oQmJ3m1cQ0m2n8r5s6t7u8v9w";

/// The system gave no randomness for a salt.
#[derive(Debug, thiserror::Error)]
#[error("no salt could be drawn for a password; check the system's random device")]
pub struct HashError;

/// Derives the verifier that is stored. Slow on purpose: run it where blocking is allowed.
pub fn verifier(secret: &str) -> Result<String, HashError> {
    let hash = Argon2::default().hash_password(secret.as_bytes()).map_err(|_| HashError)?;
    Ok(hash.to_string())
}

/// [`verifier`], where blocking is allowed.
pub async fn verifier_of(secret: String) -> Result<String, HashError> {
    tokio::task::spawn_blocking(move || verifier(&secret)).await.unwrap_or(Err(HashError))
}

/// True when `secret` is the one behind `verifier`; with no verifier it takes as long and is false.
#[must_use]
pub fn fits(secret: &str, verifier: Option<&str>) -> bool {
    let Ok(hash) = PasswordHash::new(verifier.unwrap_or(NOBODY)) else { return false };
    let is_right = Argon2::default().verify_password(secret.as_bytes(), &hash).is_ok();
    is_right && verifier.is_some()
}

/// Why this is no password for a console account; the word a form shows.
#[must_use]
pub fn weakness(password: &str, login: &str) -> Option<&'static str> {
    let characters = password.chars().count();
    if characters == 0 {
        Some("required")
    } else if characters < PASSWORD_CHARACTERS_MIN {
        Some("too_short")
    } else if characters > PASSWORD_CHARACTERS_MAX {
        Some("too_long")
    } else if password.eq_ignore_ascii_case(login) {
        Some("same_as_login")
    } else {
        None
    }
}

/// Why this is no PIN for a device; the word a form shows.
#[must_use]
pub fn pin_fault(pin: &str) -> Option<&'static str> {
    if pin.is_empty() {
        Some("required")
    } else if !pin.bytes().all(|byte| byte.is_ascii_digit()) {
        Some("not_digits")
    } else if pin.len() < PIN_DIGITS_MIN {
        Some("too_short")
    } else if pin.len() > PIN_DIGITS_MAX {
        Some("too_long")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_verifier_only() {
        let stored = verifier("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(fits("correct horse", Some(&stored)));
        assert!(!fits("correct horsf", Some(&stored)));
        assert!(!fits("correct horse", None));
        assert!(!fits("correct horse", Some("no verifier")));
    }

    #[test]
    fn the_verifier_of_nobody_costs_as_much_as_any_other() {
        let hash = PasswordHash::new(NOBODY).unwrap();
        let usual = verifier("x").unwrap();
        let usual = PasswordHash::new(&usual).unwrap();
        assert_eq!(hash.params, usual.params);
    }

    #[test]
    fn easy_passwords_are_named() {
        assert_eq!(weakness("", "anna"), Some("required"));
        assert_eq!(weakness("1234567", "anna"), Some("too_short"));
        assert_eq!(weakness(&"x".repeat(129), "anna"), Some("too_long"));
        assert_eq!(weakness("ANNAANNA", "annaanna"), Some("same_as_login"));
        assert_eq!(weakness("密码密码密码密码", "anna"), None);
    }

    #[test]
    fn pins_are_digits() {
        assert_eq!(pin_fault(""), Some("required"));
        assert_eq!(pin_fault("12a4"), Some("not_digits"));
        assert_eq!(pin_fault("123"), Some("too_short"));
        assert_eq!(pin_fault("1234567890123"), Some("too_long"));
        assert_eq!(pin_fault("2468"), None);
    }
}
