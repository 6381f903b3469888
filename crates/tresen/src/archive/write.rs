use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use db::{Cells, Column, Conn, Db, Engine, Json, Kind, Place, Table};
use domain::{Blobs, operation};
use model::{Id, kinds};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{Entry, FORMAT, MANIFEST, Manifest, columns, hex, order, sorted, table_entry, tables};

/// What was written.
#[derive(Debug)]
pub struct Written {
    pub rows: u64,
    pub blobs: usize,
    /// See [`Manifest::missing_blobs`].
    pub missing: Vec<String>,
}

/// Writes the archive beside `file` first and gives it its name when it is whole and on disk. Only its owner may read it.
///
/// # Errors
/// When `file` exists, the disk is full, or the database cannot be read.
pub async fn write(db: &Db, blobs: &Blobs, file: &Path) -> Result<Written> {
    ensure!(!file.exists(), "{} exists already", file.display());
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Readable by its owner only, and gone again if anything fails.
    let part = tempfile::Builder::new().prefix(".tresen-backup-").tempfile_in(folder).with_context(|| folder.display().to_string())?;
    let written = {
        let mut zip = ZipWriter::new(BufWriter::new(part.as_file()));
        let written = fill(db, blobs, &mut zip).await?;
        zip.finish()?.flush()?;
        written
    };
    part.as_file().sync_all()?;
    part.persist_noclobber(file).with_context(|| file.display().to_string())?;
    File::open(folder)?.sync_all()?;
    Ok(written)
}

async fn fill<W: Write + Seek + Send>(db: &Db, blobs: &Blobs, zip: &mut ZipWriter<W>) -> Result<Written> {
    let mut conn = db.snapshot().await?;
    let schema = db::schema_version(&mut conn).await?;
    let mut manifest = Manifest {
        format: FORMAT,
        schema,
        made_at: db.now().to_string(),
        engine: match db.engine() {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
        }
        .into(),
        program: env!("CARGO_PKG_VERSION").into(),
        sealing_key_id: operation::sealing_key_id(&mut conn).await?,
        tables: BTreeMap::new(),
        entries: BTreeMap::new(),
        missing_blobs: Vec::new(),
    };
    let mut rows = 0;
    for table in tables() {
        let name = table_entry(&table.name);
        zip.start_file(&name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true))?;
        let mut out = Hashing { inner: &mut *zip, hash: Sha256::new(), bytes: 0 };
        let count = write_table(&mut conn, table, &mut out).await.with_context(|| table.name.clone())?;
        let entry = out.entry();
        manifest.entries.insert(name, entry);
        manifest.tables.insert(table.name.clone(), count);
        rows += count;
    }
    let kept: Vec<(Id<kinds::Workspace>, String)> =
        conn.all("SELECT workspace_id, sha256 FROM blobs ORDER BY workspace_id, sha256", vec![]).await?;
    // The snapshot holds back SQLite's log and PostgreSQL's clean-up; files do not need it.
    drop(conn);
    let mut count = 0;
    for (workspace, sha256) in kept {
        let name = format!("blobs/{workspace}/{sha256}");
        let bytes = blobs.read(workspace, &sha256).ok().filter(|bytes| hex(&Sha256::digest(bytes)) == sha256);
        let Some(bytes) = bytes else {
            manifest.missing_blobs.push(name);
            continue;
        };
        zip.start_file(&name, SimpleFileOptions::default().compression_method(CompressionMethod::Stored))?;
        zip.write_all(&bytes)?;
        manifest.entries.insert(name, Entry { sha256, bytes: bytes.len() as u64 });
        count += 1;
    }
    zip.start_file(MANIFEST, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated))?;
    zip.write_all(&serde_json::to_vec_pretty(&manifest)?)?;
    Ok(Written { rows, blobs: count, missing: manifest.missing_blobs })
}

async fn write_table(conn: &mut Conn, table: &Table, out: &mut (dyn Write + Send)) -> Result<u64> {
    let names = columns(table).map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ");
    let select = |postgres| format!("SELECT {names} FROM {} ORDER BY {}", table.name, order(table, postgres));
    let mut count = 0;
    conn.each_built::<anyhow::Error>(select(false), select(true), &mut |cells| {
        serde_json::to_writer(&mut *out, &row(table, cells)?)?;
        out.write_all(b"\n")?;
        count += 1;
        Ok(())
    })
    .await?;
    Ok(count)
}

fn row(table: &Table, cells: &Cells<'_>) -> Result<Value> {
    let mut object = Map::new();
    for (at, column) in columns(table).enumerate() {
        let at = Place::Index(at);
        let value = match column.kind {
            Kind::Integer => Option::<i64>::read(cells, at)?.map(Value::from),
            Kind::Float => Option::<f64>::read(cells, at)?.map(Value::from),
            Kind::Text => Option::<String>::read(cells, at)?.map(Value::from),
            Kind::Boolean => Option::<bool>::read(cells, at)?.map(Value::from),
            Kind::Json => Option::<Json<Value>>::read(cells, at)?.map(|Json(value)| sorted(value)),
            Kind::Bytes => Option::<Vec<u8>>::read(cells, at)?.map(|bytes| Value::from(STANDARD.encode(bytes))),
        };
        if let Some(value) = value {
            object.insert(column.name.clone(), value);
        }
    }
    Ok(sorted(Value::Object(object)))
}

struct Hashing<'w, W> {
    inner: &'w mut W,
    hash: Sha256,
    bytes: u64,
}

impl<W> Hashing<'_, W> {
    fn entry(self) -> Entry {
        Entry { sha256: hex(&self.hash.finalize()), bytes: self.bytes }
    }
}

impl<W: Write> Write for Hashing<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = self.inner.write(bytes)?;
        self.hash.update(&bytes[..taken]);
        self.bytes += taken as u64;
        Ok(taken)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}
