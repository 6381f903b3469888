//! Argon2id (RFC 9106) with the parameters OWASP names first: 19 MiB, 2 passes, 1 lane.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use model::Random;

use crate::{App, Error, Result};

/// Characters a password must have at least (NIST SP 800-63B-4: length, not composition rules).
pub const MIN_LENGTH: usize = 12;
const MAX_BYTES: usize = 1_000;

fn argon2() -> Argon2<'static> {
    // These parameters are within RFC 9106's ranges.
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Checks length; `Invalid` names the field `password`.
pub fn check(password: &str) -> Result<()> {
    if password.chars().count() < MIN_LENGTH || password.len() > MAX_BYTES {
        return Err(Error::invalid("password", "error-password-length"));
    }
    Ok(())
}

/// Takes about 20 ms of one core and 19 MiB: call it through [`tokio::task::spawn_blocking`].
pub fn hash(password: &str, random: &dyn Random) -> Result<String> {
    check(password)?;
    let mut salt = [0; 16];
    random.fill(&mut salt);
    let hash = argon2().hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hash.map_err(|error| Error::Internal(format!("argon2: {error}")))?.to_string())
}

/// [`hash`] where it does not hold up other requests.
pub(crate) async fn hash_in_background(app: &App, password: &str) -> Result<String> {
    check(password)?;
    let (password, random) = (password.to_string(), app.db.env().random.clone());
    tokio::task::spawn_blocking(move || hash(&password, &*random)).await.map_err(|error| Error::Internal(error.to_string()))?
}

/// Compares in the same time whether or not there is a user: without a hash it works on a decoy and says no.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    /// Of a password nobody knows.
    const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$dHJlc2VuLWRlY295LXNhbHQ$2J1u4hyyq3HfVdnhKNnUxKZmVKqVvzcwh8SlUWlqH+8";
    let usable = hash.is_some();
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(DECOY)) else { return false };
    let matches = argon2().verify_password(password.as_bytes(), &parsed).is_ok();
    matches && usable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_itself_only_and_the_decoy_matches_nothing() {
        let hash = hash("korrekt pferd batterie", &model::SeededRandom::new(3)).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("korrekt pferd batterie", Some(&hash)));
        assert!(!verify("korrekt pferd batteri", Some(&hash)));
        assert!(!verify("x", None));
        assert!(!verify("x", Some("no hash at all")));
    }

    #[test]
    fn the_decoy_is_worked_on_with_the_real_parameters() {
        // A decoy that does not parse would answer at once and tell unknown users from known ones.
        let started = std::time::Instant::now();
        verify("x", None);
        assert!(started.elapsed() > std::time::Duration::from_micros(500));
    }

    #[test]
    fn short_passwords_are_refused_whatever_they_are_made_of() {
        assert!(matches!(check("Äß8!xY_z+#1"), Err(Error::Invalid { field: "password", .. })));
        assert!(check("zwölf zeichen").is_ok());
        assert!(check(&"x".repeat(1_001)).is_err());
    }
}
