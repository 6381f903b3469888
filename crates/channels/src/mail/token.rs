//! Reply addresses that know their conversation: `support+t<token>@firma.test`. The token survives clients that drop `References`; it is
//! signed, so nobody can write into a conversation by counting. It opens nothing by itself: a new sender is shown as such.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Bytes kept of the MAC (RFC 2104 §5 allows half of the hash; 80 bits cannot be guessed over mail).
const MAC: usize = 10;
const ID: usize = 8;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Characters of 18 bytes in base 32.
const LENGTH: usize = ((ID + MAC) * 8).div_ceil(5);

/// The token of a conversation, without the `t` in front: 29 lower-case characters (RFC 4648 §6 base 32, no padding).
pub fn make(key: &[u8], id: i64) -> String {
    let mut bytes = [0u8; ID + MAC];
    bytes[..ID].copy_from_slice(&id.to_be_bytes());
    bytes[ID..].copy_from_slice(&mac(key, id));
    encode(&bytes)
}

/// The conversation a local part (`support+t…`) names, if its token was made with this key. Case does not matter: some servers fold it.
pub fn read(key: &[u8], local_part: &str) -> Option<i64> {
    let (_, tag) = local_part.rsplit_once('+')?;
    let token = tag.strip_prefix(['t', 'T'])?;
    let bytes = decode(token)?;
    let id = i64::from_be_bytes(bytes[..ID].try_into().ok()?);
    bool::from(mac(key, id).ct_eq(&bytes[ID..])).then_some(id)
}

/// `address` with the token of `id` in it; an existing tag is replaced. `None` when `address` is none.
pub fn address(key: &[u8], id: i64, address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let local = local.split_once('+').map_or(local, |(local, _)| local);
    (!local.is_empty()).then(|| format!("{local}+t{}@{domain}", make(key, id)))
}

fn mac(key: &[u8], id: i64) -> [u8; MAC] {
    // The label keeps these MACs apart from whatever else the same key may sign.
    let full = match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(b"tresen reply address 1");
            mac.update(&id.to_be_bytes());
            mac.finalize().into_bytes()
        }
        // HMAC takes keys of every length.
        Err(_) => return [0; MAC],
    };
    let mut out = [0; MAC];
    out.copy_from_slice(&full[..MAC]);
    out
}

fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(LENGTH);
    let (mut buffer, mut bits) = (0u32, 0);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(ALPHABET[(buffer >> bits) as usize & 31]));
        }
        buffer &= (1 << bits) - 1;
    }
    if bits > 0 {
        out.push(char::from(ALPHABET[(buffer << (5 - bits)) as usize & 31]));
    }
    out
}

fn decode(text: &str) -> Option<[u8; ID + MAC]> {
    if text.len() != LENGTH {
        return None;
    }
    let mut out = [0; ID + MAC];
    let (mut buffer, mut bits, mut at) = (0u32, 0, 0);
    for byte in text.bytes() {
        let value = match byte.to_ascii_lowercase() {
            letter @ b'a'..=b'z' => letter - b'a',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        buffer = (buffer << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            *out.get_mut(at)? = u8::try_from((buffer >> bits) & 0xff).ok()?;
            at += 1;
            buffer &= (1 << bits) - 1;
        }
    }
    // One token, one spelling: the spare bit at the end is zero.
    (buffer == 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    #[test]
    fn a_token_leads_back_to_its_conversation_in_any_case() {
        for id in [0, 1, 42, 7_300_000_000_123, i64::MAX, -1] {
            let token = make(KEY, id);
            assert_eq!(token.len(), LENGTH);
            assert_eq!(read(KEY, &format!("support+t{token}")), Some(id));
            assert_eq!(read(KEY, &format!("SUPPORT+T{}", token.to_uppercase())), Some(id));
            assert_eq!(read(KEY, &format!("a+b+t{token}")), Some(id));
        }
    }

    #[test]
    fn a_changed_token_or_another_key_reads_nothing() {
        let token = make(KEY, 42);
        assert_eq!(read(b"another key", &format!("support+t{token}")), None);
        for at in 0..token.len() {
            let mut changed: Vec<char> = token.chars().collect();
            changed[at] = if changed[at] == 'a' { 'b' } else { 'a' };
            let changed: String = changed.into_iter().collect();
            assert_eq!(read(KEY, &format!("support+t{changed}")), None, "{at}");
        }
    }

    #[test]
    fn other_tags_are_no_tokens() {
        for local in ["support", "support+", "support+t", "support+ticket7", "support+tä", "+t", "support+taaaaaaaaaaaaaaaaaaaaaaaaaaaa1"]
        {
            assert_eq!(read(KEY, local), None, "{local}");
        }
    }

    #[test]
    fn the_address_keeps_mailbox_and_domain() {
        let made = address(KEY, 42, "support+old@firma.test").unwrap_or_default();
        let (local, domain) = made.rsplit_once('@').unwrap_or_default();
        assert_eq!(domain, "firma.test");
        assert_eq!(read(KEY, local), Some(42));
        assert!(local.len() <= 64, "RFC 5321 §4.5.3.1.1");
        assert_eq!(address(KEY, 42, "nobody"), None);
    }
}
