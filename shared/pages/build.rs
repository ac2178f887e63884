//! Takes comments and indentation out of the style sheet: people read the committed file, browsers get the other with
//! every page.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    const SOURCE: &str = "style/kith.css";
    println!("cargo::rerun-if-changed={SOURCE}");
    let written = std::fs::read_to_string(SOURCE)?;
    let rules: String = written.split("/*").map(|part| part.split_once("*/").map_or(part, |(_, rest)| rest)).collect();
    let mut short = String::new();
    for line in rules.lines().map(str::trim).filter(|line| !line.is_empty()) {
        short.push_str(line);
        // What goes on in the next line needs a space before it.
        if !line.ends_with(['{', '}', ';', ',']) {
            short.push(' ');
        }
    }
    let tight = [(": ", ":"), ("; ", ";"), (", ", ","), (" {", "{"), ("{ ", "{"), (" }", "}"), (";}", "}")];
    let short = tight.into_iter().fold(short, |short, (from, to)| short.replace(from, to));
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("kith.css"), short)?;
    Ok(())
}
