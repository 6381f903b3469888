use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use db::{Many, Tx, args, sql};
use model::{Id, kinds};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// Files kept once per workspace under their SHA-256: written and synced first, then the row; erased at once, orphans after a day.
#[derive(Debug, Clone)]
pub struct Blobs {
    root: PathBuf,
}

impl Blobs {
    pub fn in_folder(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn path(&self, workspace: Id<kinds::Workspace>, sha256: &str) -> Result<PathBuf> {
        // The name comes from a row, but a path is only ever made of hexadecimal digits.
        if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::NotFound);
        }
        Ok(self.root.join(workspace.to_string()).join(&sha256[..2]).join(sha256))
    }

    /// Puts bytes on disk, durably, before any row names them. The same bytes are stored once. Blocking: call it from `spawn_blocking` for large files.
    pub fn keep(&self, workspace: Id<kinds::Workspace>, bytes: &[u8]) -> Result<String> {
        let sha256: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
        let path = self.path(workspace, &sha256)?;
        if path.metadata().is_ok_and(|m| m.len() == bytes.len() as u64) {
            return Ok(sha256);
        }
        let folder = path.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(folder)?;
        let part = folder.join(format!(".{sha256}.{}.part", std::process::id()));
        let written = (|| {
            let mut file = std::fs::File::create(&part)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            std::fs::rename(&part, &path)?;
            std::fs::File::open(folder)?.sync_all()
        })();
        if let Err(error) = written {
            let _ = std::fs::remove_file(&part);
            return Err(error.into());
        }
        Ok(sha256)
    }

    /// The rows that make kept files findable: SHA-256 and size of each.
    ///
    /// # Errors
    /// `Internal` when a file went meanwhile, because nobody else used it any more: keep it again.
    pub async fn record(&self, tx: &mut Tx, workspace: Id<kinds::Workspace>, files: &BTreeMap<&str, usize>) -> Result<()> {
        const BLOBS: Many = Many {
            into: "INSERT INTO blobs (workspace_id, sha256, size, created_at)",
            row: sql!("($1, $2, $3, $4)"),
            end: "ON CONFLICT (workspace_id, sha256) DO NOTHING",
        };
        let now = tx.now();
        tx.run_many(&BLOBS, files.iter().map(|(sha256, size)| args![workspace, *sha256, *size, now]).collect()).await?;
        // Housekeeping erases inside the transaction that takes the row away: behind our row it either has, or it no longer can.
        match files.keys().find(|sha256| !self.path(workspace, sha256).is_ok_and(|path| path.exists())) {
            Some(sha256) => Err(Error::Internal(format!("the file {sha256} went while it was being stored"))),
            None => Ok(()),
        }
    }

    pub fn read(&self, workspace: Id<kinds::Workspace>, sha256: &str) -> Result<Vec<u8>> {
        match std::fs::read(self.path(workspace, sha256)?) {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::NotFound),
            Err(error) => Err(error.into()),
        }
    }

    pub fn erase(&self, workspace: Id<kinds::Workspace>, sha256: &str) -> Result<()> {
        match std::fs::remove_file(self.path(workspace, sha256)?) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_are_kept_once_and_a_forged_name_reaches_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::in_folder(folder.path());
        let ws = Id::from_i64(1);
        let a = blobs.keep(ws, b"hallo").unwrap();
        assert_eq!(blobs.keep(ws, b"hallo").unwrap(), a);
        assert_eq!(blobs.read(ws, &a).unwrap(), b"hallo");
        assert!(matches!(blobs.read(Id::from_i64(2), &a), Err(Error::NotFound)), "another workspace has its own files");
        assert!(matches!(blobs.read(ws, "../../etc/passwd"), Err(Error::NotFound)));
        blobs.erase(ws, &a).unwrap();
        assert!(matches!(blobs.read(ws, &a), Err(Error::NotFound)));
        blobs.erase(ws, &a).unwrap();
    }
}
