//! Takes the white space out of `openapi.json`: people read the committed file, machines the one that is linked in.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let committed = Path::new("../../openapi.json");
    println!("cargo::rerun-if-changed={}", committed.display());
    let contract: serde_json::Value = serde_json::from_slice(&std::fs::read(committed)?)?;
    let linked = Path::new(&std::env::var("OUT_DIR")?).join("contract.json");
    std::fs::write(linked, contract.to_string())?;
    Ok(())
}
