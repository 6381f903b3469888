//! Reads `texts/{de,en}/*.ftl` and writes `texts.rs`; what is wrong with the texts stops the build with one sentence each.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

mod generate;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=texts");
    let sources = read_sources(Path::new("texts"))?;
    match generate::generate(&sources) {
        Ok(code) => fs::write(PathBuf::from(env::var("OUT_DIR")?).join("texts.rs"), code)?,
        Err(problems) => {
            for problem in problems {
                println!("cargo::error={problem}");
            }
        }
    }
    Ok(())
}

fn read_sources(folder: &Path) -> Result<Vec<generate::Source>, Box<dyn Error>> {
    let mut sources = Vec::new();
    for language in generate::LANGUAGES {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder.join(language))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "ftl") {
                paths.push(path);
            }
        }
        // The order of a folder's entries is the file system's whim; messages about duplicates should not change with it.
        paths.sort();
        for path in paths {
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            sources.push(generate::Source { language, file: path.display().to_string(), text });
        }
    }
    Ok(sources)
}
