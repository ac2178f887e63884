//! What a day can cost at most by what bounds it: the defaults of the root template, and our prices.

use std::fmt::Write as _;

use serde_json::Value;

use crate::page::Part;
use crate::price::Usage;
use crate::template::{Sources, Template, TemplateError};

/// Where it stands in `docs/COSTS.md`.
pub const DEAREST_DAY: Part = Part { name: "dearest day", command: "cargo kith costs" };

const SECONDS: f64 = 86_400.0;
const KIB: f64 = 1024.0;
/// An answer that is made of no items: a page, a problem, a picture that stands for a missing one.
const PLAIN_ANSWER: f64 = 12.0 * KIB;
/// The largest file of the API's documentation, unpacked.
const DOCS_FILE: f64 = 1500.0 * KIB;
/// The largest file that is made of a photo.
#[expect(clippy::cast_precision_loss, reason = "it is small")]
const PHOTO_FILE: f64 = kith_images::MAX_FILE as f64;
/// Items in an answer for a read unit: half a unit reads 4 KiB.
const ITEMS_OF_UNIT: f64 = 8.0 * KIB;
/// Lines of the gateway and of a function about one request.
const LOG_LINES: f64 = 2.0 * KIB;
/// What a task has cost in write units when it is done, at least: put with others, and deleted.
const UNITS_OF_TASK: f64 = 4.0;
/// What SES lets a new account send in a day, once it is out of the sandbox.
const MAILS: f64 = 50_000.0;

/// The bounds, each a second.
struct Bounds {
    /// Requests of each function, with its memory in MiB.
    requests: Vec<(f64, u32)>,
    photos: f64,
    docs: f64,
    read_units: f64,
    write_units: f64,
}

/// A table in Markdown; an error where the template lacks a bound.
pub fn dearest_day(sources: &Sources, template: &Template) -> Result<String, TemplateError> {
    let bounds = Bounds::read(sources, template)?;
    let rows = bounds.rows();
    let mut table = "| what | at most, by the defaults | $ a day |\n|---|---|---:|\n".to_owned();
    for (what, bound, usage) in &rows {
        let _ = writeln!(table, "| {what} | {bound} | {:.0} |", usage.iter().map(Usage::price_usd).sum::<f64>());
    }
    let sum: f64 = rows.iter().flat_map(|(.., usage)| usage).map(Usage::price_usd).sum();
    let _ = writeln!(table, "| **all at once** | | **{sum:.0}** |");
    Ok(table)
}

impl Bounds {
    fn read(sources: &Sources, template: &Template) -> Result<Self, TemplateError> {
        let root = sources.root()?;
        let default = |name: &str| {
            let value = root.pointer(&format!("/Parameters/{name}/Default")).and_then(Value::as_f64);
            value.ok_or_else(|| TemplateError::new("template.yaml", name, "has no number by default"))
        };
        let (each, photos) = (default("RequestsPerSecond")?, default("PhotosPerSecond")?);
        let own = root.pointer("/Resources/HttpApiStage/Properties/RouteSettings").and_then(Value::as_object);
        let limit = |key: &str| {
            let limit = own.and_then(|own| own.get(key)?.get("ThrottlingRateLimit"));
            limit.map_or(each, |limit| limit.as_f64().unwrap_or(photos))
        };
        let of_route = template.routes.iter().map(|route| {
            let memory = template.functions.get(&route.operation).map_or(0, |function| function.memory_mib);
            (limit(&route.key), memory)
        });
        let docs = ["GET /docs/{file}", "GET /openapi.json"];
        Ok(Self {
            requests: of_route.collect(),
            photos,
            docs: docs.into_iter().map(limit).sum(),
            read_units: default("ReadUnitsPerSecond")?,
            write_units: default("WriteUnitsPerSecond")?,
        })
    }

    fn rows(&self) -> Vec<(&'static str, String, Vec<Usage>)> {
        let requests: f64 = self.requests.iter().map(|(rate, _)| rate * SECONDS).sum();
        let (reads, writes) = (self.read_units * SECONDS, self.write_units * SECONDS);
        let tasks = writes / UNITS_OF_TASK;
        let none = Usage::default();
        let gateway = Usage { gateway_requests: requests, ..none };
        let functions = self.requests.iter().map(|(rate, memory_mib)| {
            // From 1,769 MiB on it has a whole processor, and decodes; from 512 MiB on it hashes.
            let ms = if *memory_mib >= 1769 {
                250.0
            } else if *memory_mib >= 512 {
                100.0
            } else {
                20.0
            };
            let runs = rate * SECONDS;
            Usage { invocations: runs, function_ms: runs * ms, memory_mib: *memory_mib, ..none }
        });
        let job = Usage { invocations: tasks, function_ms: tasks * 50.0, memory_mib: 256, ..none };
        let out = |bytes: f64| vec![Usage { egress_bytes: bytes * SECONDS, ..none }];
        let rest = requests / SECONDS - self.photos - self.docs;
        let seen = self.photos * SECONDS;
        let number = |number: f64| format!("{:.0} million", number / 1e6);
        vec![
            ("requests", format!("{} through {} routes", number(requests), self.requests.len()), vec![gateway]),
            (
                "their functions",
                "20 ms each; 100 ms where passwords are hashed, 250 ms for photos".to_owned(),
                functions.collect(),
            ),
            (
                "reading the table and its index",
                format!("{} units of each", number(reads)),
                vec![Usage { read_units: 2.0 * reads, ..none }],
            ),
            (
                "writing them",
                format!("{} units of each", number(writes)),
                vec![Usage { write_units: 2.0 * writes, ..none }],
            ),
            ("tasks", format!("{}: a task costs {UNITS_OF_TASK} units and runs 50 ms", number(tasks)), vec![job]),
            (
                "photos out",
                format!("{} of 1 MiB", number(seen)),
                vec![Usage { object_gets: seen, egress_bytes: seen * PHOTO_FILE, ..none }],
            ),
            ("documentation out", format!("{} files a second of 1.5 MiB", self.docs), out(self.docs * DOCS_FILE)),
            ("items out", "8 KiB for each unit that is read".to_owned(), out(self.read_units * ITEMS_OF_UNIT)),
            ("all other answers", "12 KiB each".to_owned(), out(rest * PLAIN_ANSWER)),
            ("logs", "2 KiB for each request".to_owned(), vec![Usage { log_bytes: requests * LOG_LINES, ..none }]),
            ("mails", "50,000, what SES lets a new account send".to_owned(), vec![Usage { mails: MAILS, ..none }]),
        ]
    }
}
