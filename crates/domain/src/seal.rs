use base64::Engine;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use db::{Db, args};
use hmac::{Hmac, Mac};
use model::Random;
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// Seals credentials with a key that lies outside the database (XChaCha20-Poly1305). Sub-keys for other purposes are derived by HMAC-SHA256.
pub struct Sealer {
    cipher: XChaCha20Poly1305,
    root: [u8; 32],
    key_id: String,
}

/// Ciphertext with its nonce in front, and the id of the key that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub bytes: Vec<u8>,
    pub key_id: String,
}

/// The database was sealed with another key. Nothing may start: it would look as if every account had lost its password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the credentials in this database were sealed with key {stored}, but the key given is {given}")]
pub struct WrongKey {
    pub stored: String,
    pub given: String,
}

impl Sealer {
    pub fn new(root: [u8; 32]) -> Self {
        let key_id = Sha256::digest([b"tresen key id".as_slice(), &root].concat())[..4].iter().map(|b| format!("{b:02x}")).collect();
        Self { cipher: XChaCha20Poly1305::new(&root.into()), root, key_id }
    }

    /// Reads the form the key file has: 32 bytes in base 64, blanks around it ignored.
    pub fn from_text(text: &str) -> Option<Self> {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).ok()?;
        Some(Self::new(bytes.try_into().ok()?))
    }

    pub fn new_key(random: &dyn Random) -> String {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        base64::engine::general_purpose::STANDARD.encode(bytes)
    }

    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// `what` binds the ciphertext to its place (`source:42`): moved to another row it no longer opens.
    pub fn seal(&self, plain: &[u8], what: &str, random: &dyn Random) -> Result<Sealed> {
        let mut nonce = [0; 24];
        random.fill(&mut nonce);
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: what.as_bytes() });
        let sealed = sealed.map_err(|_| Error::Internal("sealing failed".into()))?;
        Ok(Sealed { bytes: [nonce.as_slice(), &sealed].concat(), key_id: self.key_id.clone() })
    }

    pub fn open(&self, sealed: &[u8], what: &str) -> Result<Vec<u8>> {
        let broken = || Error::Internal(format!("the credential of {what} does not open with this key"));
        let (nonce, rest) = sealed.split_first_chunk::<24>().ok_or_else(broken)?;
        self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: rest, aad: what.as_bytes() }).map_err(|_| broken())
    }

    /// A key for one purpose (reply tokens, form tokens, hashes of addresses): HMAC-SHA256(root, purpose).
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        self.mac(purpose, b"")
    }

    /// HMAC-SHA256 of `data` under the purpose's key.
    pub fn mac(&self, purpose: &str, data: &[u8]) -> [u8; 32] {
        let keyed = |key: &[u8], data: &[u8]| -> [u8; 32] {
            // HMAC takes keys of any length (RFC 2104 §2), so this cannot fail.
            let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes any key"));
            mac.update(data);
            mac.finalize().into_bytes().into()
        };
        let key = keyed(&self.root, purpose.as_bytes());
        if data.is_empty() { key } else { keyed(&key, data) }
    }

    /// Notes the key's id on first use and compares it ever after.
    pub async fn check(&self, db: &Db) -> Result<std::result::Result<(), WrongKey>> {
        let mut tx = db.write().await?;
        tx.run(
            "INSERT INTO settings (key, value) VALUES ('sealing_key_id', $1) ON CONFLICT (key) DO NOTHING",
            args![serde_json::json!(self.key_id)],
        )
        .await?;
        let (db::Json(stored),): (db::Json<String>,) = tx.one("SELECT value FROM settings WHERE key = 'sealing_key_id'", vec![]).await?;
        tx.commit().await?;
        Ok(if stored == self.key_id { Ok(()) } else { Err(WrongKey { stored, given: self.key_id.clone() }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::db_test;

    #[test]
    fn a_credential_opens_only_in_its_place_and_with_its_key() {
        let (random, sealer) = (model::SeededRandom::new(1), Sealer::new([1; 32]));
        let sealed = sealer.seal(b"geheim", "source:1", &random).unwrap();
        assert_eq!(sealer.open(&sealed.bytes, "source:1").unwrap(), b"geheim");
        assert!(sealer.open(&sealed.bytes, "source:2").is_err());
        assert!(Sealer::new([2; 32]).open(&sealed.bytes, "source:1").is_err());
        let mut touched = sealed.bytes.clone();
        *touched.last_mut().unwrap() ^= 1;
        assert!(sealer.open(&touched, "source:1").is_err());
        assert!(sealer.open(b"short", "source:1").is_err());
        assert_ne!(sealed.bytes, sealer.seal(b"geheim", "source:1", &random).unwrap().bytes);
    }

    db_test! {
        async fn a_wrong_key_is_noticed_at_start(db: Db) {
            assert_eq!(Sealer::new([1; 32]).check(&db).await.unwrap(), Ok(()));
            assert_eq!(Sealer::new([1; 32]).check(&db).await.unwrap(), Ok(()));
            assert!(Sealer::new([2; 32]).check(&db).await.unwrap().is_err());
        }
    }
}
