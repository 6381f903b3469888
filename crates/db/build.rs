//! Writes the list of migrations, so that a new file is noticed and embedded.

use std::fmt::Write;
use std::{env, fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets this");
    let mut out = String::new();
    for engine in ["sqlite", "postgres"] {
        let folder = Path::new(&root).join("migrations").join(engine);
        println!("cargo:rerun-if-changed={}", folder.display());
        let mut files: Vec<_> = fs::read_dir(&folder).expect("migrations").filter_map(|e| e.ok().map(|e| e.path())).collect();
        files.sort();
        writeln!(out, "pub const {}: &[(i64, &str, &str)] = &[", engine.to_uppercase()).unwrap();
        for file in files {
            let stem = file.file_stem().and_then(|s| s.to_str()).expect("a name");
            let (number, name) = stem.split_once('_').expect("NNNN_name.sql");
            writeln!(out, "    ({}, {name:?}, include_str!({:?})),", number.parse::<i64>().expect("a number"), file.display().to_string())
                .unwrap();
        }
        out.push_str("];\n");
    }
    fs::write(Path::new(&env::var("OUT_DIR").expect("cargo sets this")).join("migrations.rs"), out).expect("write");
}
